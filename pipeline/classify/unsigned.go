package classify

import "fmt"

// UnsignedError says that a registry has an image under a name of the plan, but without a signature
// that counts.
type UnsignedError struct {
	// Reference of the image, with its digest.
	Reference string
	// Reason says why none of its signatures counts, or that it has none.
	Reason string
}

// Error names the image, and what is wrong with its signatures.
func (e *UnsignedError) Error() string {
	return fmt.Sprintf("%s is not signed by --verify-key: %s", e.Reference, e.Reason)
}

// Cause is permanent: a signature does not come by itself.
func (e *UnsignedError) Cause() Result {
	return Result{Class: Permanent, Advice: AdviceUnsigned}
}
