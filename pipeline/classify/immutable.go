package classify

import (
	"fmt"
	"regexp"
)

// ImmutableError reports that a tag names another image, and that the registry refuses to replace
// it.
type ImmutableError struct {
	// Reference is the tag, and Has the digest of the image that it names.
	Reference, Has string
	// Want is the digest of the image to be published. Empty: its publisher does not know it.
	Want string
	// Err is the registry's refusal.
	Err error
}

// Error names the tag and both images.
func (e *ImmutableError) Error() string {
	want := e.Want
	if want == "" {
		want = "another image"
	}
	return fmt.Sprintf("the tag %s is immutable: it names %s, and the registry refuses %s: %v", e.Reference, e.Has, want, e.Err)
}

// Unwrap returns the registry's refusal.
func (e *ImmutableError) Unwrap() error { return e.Err }

// Cause is permanent even for a 403: the registry accepted the image itself, so the credentials are
// good.
func (e *ImmutableError) Cause() Result {
	return Result{Class: Permanent, Advice: adviceImmutable}
}

const adviceImmutable = "The registry does not replace tags. Omit --force-build, delete the tag, or make the tags " +
	"of that repository mutable."

// RefusedTag matches the engine's error when a registry refuses a tag: the path of the manifest,
// and the status.
var RefusedTag = regexp.MustCompile(`(?i)PUT request to \S*/manifests/\S+: (400|403|409|412) |immutable`)
