package throttle

import (
	"errors"
	"fmt"

	"dagger/eval-images/pipeline/classify"
)

// limitError ends the work that needs a host whose registry limits everybody: no request succeeded
// between so many pauses.
type limitError struct {
	host   string
	pauses int
	err    error
}

// Error says how many pauses there were, and the last answer.
func (e *limitError) Error() string {
	return fmt.Sprintf("the registry refused everything before and after %d pauses: %v", e.pauses, e.err)
}

// Unwrap returns the registry's last answer.
func (e *limitError) Unwrap() error { return e.err }

// Cause is fatal: every other image that needs the host would wait as long for the same answer. The
// advice is that of the answer.
func (e *limitError) Cause() classify.Result {
	return classify.Result{Class: classify.Fatal, Advice: classify.Of(e.err).Advice}
}

// lostError ends the work that needs a host whose registry stays unavailable.
type lostError struct {
	host string
	err  error
}

// Error says how long the registry has been unavailable, and the last failure.
func (e *lostError) Error() string {
	return fmt.Sprintf("the registry has been unavailable for more than %.0f minutes: %v", lostTime.Minutes(), e.err)
}

// Unwrap returns the last failure.
func (e *lostError) Unwrap() error { return e.err }

// Cause is fatal: every other image that needs the host would fail as well. The advice is that of
// the last failure.
func (e *lostError) Cause() classify.Result {
	return classify.Result{Class: classify.Fatal, Advice: classify.Of(e.err).Advice}
}

// HostLost returns the host whose registry is given up, if an error says that one is.
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
