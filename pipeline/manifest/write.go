package manifest

import (
	"encoding/json"
	"fmt"
	"io"
)

// WriteJSONLines writes records one JSON object a line (https://jsonlines.org).
func WriteJSONLines(to io.Writer, records []Record) error {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	for _, record := range records {
		if err := encoder.Encode(record); err != nil {
			return fmt.Errorf("writing the record of %s: %w", record.Name(), err)
		}
	}
	return nil
}
