package classify

import "fmt"

// UnsignedError reports that an existing image has no valid signature.
type UnsignedError struct {
	// Reference of the image, with its digest.
	Reference string
	// Reason tells why no signature is valid, or that there is none.
	Reason string
}

// Error names the image and the reason.
func (e *UnsignedError) Error() string {
	return fmt.Sprintf("%s is not signed by --verify-key: %s", e.Reference, e.Reason)
}

// Cause is permanent: retrying adds no signature.
func (e *UnsignedError) Cause() Result {
	return Result{Class: Permanent, Advice: AdviceUnsigned}
}
