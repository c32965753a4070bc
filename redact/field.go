package redact

import (
	"encoding/json"
)

// Field is a text that is null in JSON where it is empty.
type Field string

// MarshalJSON writes null for the empty string, and all else safe to show.
func (t Field) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return json.Marshal(Text(string(t)))
}
