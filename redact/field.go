package redact

import (
	"encoding/json"
)

// text is a string that is null in JSON where there is none.
type Field string

// MarshalJSON writes null for the empty string, and all else safe to show.
func (t Field) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return json.Marshal(Text(string(t)))
}
