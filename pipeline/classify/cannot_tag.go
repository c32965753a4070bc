package classify

import "fmt"

// CannotTagError says that there is no way to put a further reference on an image that the registry
// has.
type CannotTagError struct {
	// Reference is the name that the image lacks.
	Reference string
	// Err is why.
	Err error
}

// Error names the reference.
func (e *CannotTagError) Error() string { return fmt.Sprintf("tagging %s: %v", e.Reference, e.Err) }

// Unwrap gives the reason.
func (e *CannotTagError) Unwrap() error { return e.Err }

// Cause is permanent: whatever the reason, the engine can go on with all images that are to be
// made.
func (e *CannotTagError) Cause() Result { return Result{Class: Permanent, Advice: AdviceEngineTag} }

// AdviceEngineTag is for an image that only the engine could tag.
const AdviceEngineTag = "The Dagger engine cannot tag an image that is there without making it anew. " +
	"Let this call reach the registry itself: pass --registry-username and --registry-password."
