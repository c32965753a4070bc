package classify

import "fmt"

// CannotTagError reports that the run cannot put a further reference on an existing image.
type CannotTagError struct {
	// Reference is the missing name.
	Reference string
	// Err is the reason.
	Err error
}

// Error names the reference.
func (e *CannotTagError) Error() string { return fmt.Sprintf("tagging %s: %v", e.Reference, e.Err) }

// Unwrap returns the reason.
func (e *CannotTagError) Unwrap() error { return e.Err }

// Cause is permanent: whatever the reason, the engine can still make the other images.
func (e *CannotTagError) Cause() Result { return Result{Class: Permanent, Advice: AdviceEngineTag} }

// AdviceEngineTag is for an image that only the engine could tag.
const AdviceEngineTag = "The Dagger engine cannot put a tag on an existing image. " +
	"Let this call reach the registry itself: pass --registry-username and --registry-password."
