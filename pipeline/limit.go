package pipeline

import "fmt"

// limitError is a limit that waiting does not help against: nobody succeeded between so many pauses.
type limitError struct {
	pauses int
	err    error
}

// Error says how long was waited, and for what.
func (e *limitError) Error() string {
	return fmt.Sprintf("the registry refused everything before and after %d pauses: %v", e.pauses, e.err)
}

// Unwrap gives what the registry answered last.
func (e *limitError) Unwrap() error { return e.err }

// Cause is fatal, because every other image would wait as long for the same answer. What to do stays the same.
func (e *limitError) Cause() Cause { return Cause{Kind: KindFatal, Advice: CauseOf(e.err).Advice} }
