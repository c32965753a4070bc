package classify

import (
	"fmt"
	"path"
	"runtime"
	"strings"

	"github.com/sourcegraph/conc/panics"
)

// Recovered does work, and turns a panic into an error: a bug of ours fails one image, not the run.
func Recovered(work func() error) (err error) {
	if caught := panics.Try(func() { err = work() }); caught != nil {
		return &panicError{caught}
	}
	return err
}

// panicError reports that work panicked.
type panicError struct{ caught *panics.Recovered }

// panicLines is the number of code locations in the error, innermost first.
const panicLines = 4

// Error has the value of the panic, and the code locations that led to it: "panic: boom, at
// registry/put.go:30".
func (e *panicError) Error() string {
	var at []string
	frames := runtime.CallersFrames(e.caught.Callers)
	panicking := false
	for frame, more := frames.Next(); more && len(at) < panicLines; frame, more = frames.Next() {
		switch {
		case strings.HasPrefix(frame.Function, "runtime."):
			panicking = true
		case panicking: // The frames above the panic are those of the recovery.
			at = append(at, fmt.Sprintf("%s:%d", path.Join(path.Base(path.Dir(frame.File)), path.Base(frame.File)), frame.Line))
		}
	}
	return fmt.Sprintf("panic: %v, at %s", e.caught.Value, strings.Join(at, ", "))
}

// Cause is permanent: the same input panics again.
func (*panicError) Cause() Result { return Result{Class: Permanent, Advice: AdvicePanic} }
