package manifest

import (
	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/plan"
	"fmt"
)

// Failure is one image that could not be made.
type Failure struct {
	// Phase in which it failed.
	Phase plan.Phase
	// Instance it was for; empty for the builder.
	Instance string
	// Err is why.
	Err error
}

// Error names the phase and the instance, says why, and what to do where that is known.
func (f *Failure) Error() string {
	text := fmt.Sprintf("%s: %v", plan.Unit(f.Phase, f.Instance), f.Err)
	if advice := classify.Of(f.Err).Advice; advice != "" {
		text += "\n  → " + advice
	}
	return text
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }
