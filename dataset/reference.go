package dataset

import (
	"fmt"
	"regexp"
	"strings"
)

// maxReference is the longest image reference accepted, in bytes: 255 for a name
// (https://github.com/distribution/reference), 128 for a tag, 72 for a digest and
// their separators.
const maxReference = 255 + 1 + 128 + 1 + 71

// maxName is the longest name of a reference, host included, in bytes.
const maxName = 255

// referencePattern is the grammar of
// https://github.com/distribution/reference/blob/main/reference.go with a host,
// a path, a tag and a sha256 digest, of which only the path must be there.
var referencePattern = regexp.MustCompile(`^` +
	`((?:` + hostPattern + `/)?` + componentPattern + `(?:/` + componentPattern + `)*)` +
	`(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?` +
	`(?:@(sha256:[0-9a-f]{64}))?$`)

const (
	// hostPattern asks for a dot, a port or localhost, which is how Docker tells
	// a host from a path: `Project-MONAI/monai` is a path, and not a valid one. It
	// leaves out bracketed IPv6 addresses, which no official image has.
	hostPattern      = `(?:(?:localhost|` + labelPattern + `(?:\.` + labelPattern + `)+)(?::[0-9]{1,5})?|` + labelPattern + `:[0-9]{1,5})`
	labelPattern     = `(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])`
	componentPattern = `[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`
)

// CheckReference returns an error unless reference is a well-formed image
// reference: an optional host, a lower-case path, an optional tag of at most 128
// characters, an optional sha256 digest.
func CheckReference(reference string) error {
	if len(reference) > maxReference {
		return fmt.Errorf("image reference %s is longer than %d bytes", Quote(reference), maxReference)
	}
	parts := referencePattern.FindStringSubmatch(reference)
	if parts == nil {
		return fmt.Errorf("image reference %s is not of the form host/path:tag", Quote(reference))
	}
	if len(parts[1]) > maxName {
		return fmt.Errorf("image reference %s has a name longer than %d bytes", Quote(reference), maxName)
	}
	return nil
}

// splitReference returns the last path segment and the tag of a well-formed
// reference; the tag is empty when there is none.
func splitReference(reference string) (segment, tag string) {
	reference, _, _ = strings.Cut(reference, "@")
	segment, tag, _ = strings.Cut(reference[strings.LastIndex(reference, "/")+1:], ":")
	return segment, tag
}
