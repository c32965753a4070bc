package throttle

import (
	"errors"
	"fmt"

	"dagger/eval-images/pipeline/classify"
)

// limitError is a limit that waiting does not help against: nobody succeeded between so many
// pauses.
type limitError struct {
	host   string
	pauses int
	err    error
}

// Error says how long was waited, and for what.
func (e *limitError) Error() string {
	return fmt.Sprintf("the registry refused everything before and after %d pauses: %v", e.pauses, e.err)
}

// Unwrap gives what the registry answered last.
func (e *limitError) Unwrap() error { return e.err }

// Cause is fatal: every other image that needs the host would wait as long for the same answer.
// What to do stays the same.
func (e *limitError) Cause() classify.Result {
	return classify.Result{Class: classify.Fatal, Advice: classify.Of(e.err).Advice}
}

// HostLost is the host that a run cannot go on with, if that is what an error says.
func HostLost(err error) (host string, ok bool) {
	var limit *limitError
	if errors.As(err, &limit) {
		return limit.host, true
	}
	var lost *lostError
	if errors.As(err, &lost) {
		return lost.host, true
	}
	return "", false
}
