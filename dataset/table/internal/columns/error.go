package columns

import (
	"errors"
	"fmt"
)

// Error is a fault of a file, with its column.
type Error struct {
	// Column is empty when the file as a whole is at fault.
	Column string
	// Err is the reason.
	Err error
}

// Error returns column and reason on one line.
func (e *Error) Error() string {
	if e.Column == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("column %q: %v", e.Column, e.Err)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

var errShort = errors.New("the data ends too early")

// refusal is the panic by which an allocator or a codec stops arrow-go, which takes no error from
// them.
type refusal struct{ err error }

// recovered turns a recovered panic into an error. arrow-go panics if a codec fails, or if a file
// is malformed.
func recovered(cause any) error {
	switch cause := cause.(type) {
	case refusal:
		return cause.err
	case error:
		return fmt.Errorf("decoding failed: %w", cause)
	default:
		return fmt.Errorf("decoding failed: %v", cause)
	}
}
