package dataset

import (
	"encoding/json"
	"strings"
)

// jsonRow is a row as JSON has it. Keys that are not here are skipped.
type jsonRow struct {
	Row
	Problem jsonProblem `json:"problem_statement"`
}

// decodeRow returns the row that decode yields.
func decodeRow(at Position, total *kept, decode func(any) error) (Row, error) {
	var object jsonRow
	if err := decode(&object); err != nil {
		return Row{}, jsonError(at, err)
	}
	object.Row.Position = at
	object.Row.BlankProblem = bool(object.Problem)
	return object.Row, object.Row.checkCells(total)
}

// jsonProblem says whether a problem statement is there and blank.
type jsonProblem bool

// UnmarshalJSON takes null for blank, which a string would leave unnoticed. What is
// not text is not blank.
func (p *jsonProblem) UnmarshalJSON(data []byte) error {
	var text *string
	if json.Unmarshal(data, &text) == nil {
		*p = jsonProblem(text == nil || isBlank(*text))
	}
	return nil
}

func isBlank(text string) bool { return strings.TrimSpace(text) == "" }
