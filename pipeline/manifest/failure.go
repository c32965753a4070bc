package manifest

import (
	"fmt"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/plan"
)

// Failure is the error of one image.
type Failure struct {
	// Phase in which the image failed.
	Phase plan.Phase
	// Instance of the image; empty for the builder.
	Instance string
	// Err is the reason.
	Err error
}

// Error names the phase, the instance and the reason. Advice, if any, follows on a separate line.
func (f *Failure) Error() string {
	text := fmt.Sprintf("%s: %v", plan.Unit(f.Phase, f.Instance), f.Err)
	if advice := classify.Of(f.Err).Advice; advice != "" {
		text += "\n  → " + advice
	}
	return text
}

// Unwrap returns the reason.
func (f *Failure) Unwrap() error { return f.Err }
