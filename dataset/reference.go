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

var hostOnly = regexp.MustCompile(`^` + hostPattern + `$`)

// CheckReference returns an error unless reference is a well-formed image
// reference: an optional host, a lower-case path, an optional tag of at most 128
// characters, an optional sha256 digest.
func CheckReference(reference string) error {
	if len(reference) > maxReference {
		return fmt.Errorf("image reference %s is longer than %d bytes", Quote(reference), maxReference)
	}
	parts := referencePattern.FindStringSubmatch(reference)
	if parts == nil && referencePattern.MatchString(lowerName(reference)) {
		return fmt.Errorf("image reference %s has capitals in its path, which must be lower-case", Quote(reference))
	}
	if parts == nil {
		return fmt.Errorf("image reference %s is not of the form host/path:tag", Quote(reference))
	}
	if len(parts[1]) > maxName {
		return fmt.Errorf("image reference %s has a name longer than %d bytes", Quote(reference), maxName)
	}
	return nil
}

// CheckRepository returns an error unless repository is a reference without a tag
// and a digest, such as `ghcr.io/me/eval-base`. The error begins with the value.
func CheckRepository(repository string) error {
	name, _ := cutTag(repository)
	switch {
	case name != repository || CheckReference(lowerName(repository)) != nil:
		return fmt.Errorf("%s is not a repository: it is not of the form host/path, without a tag", Quote(repository))
	case lowerName(repository) != repository:
		return fmt.Errorf("%s is not a repository: its path must be lower-case", Quote(repository))
	}
	return nil
}

// cutTag splits a reference into its name and what follows: `:tag`, `@digest` or
// both.
func cutTag(reference string) (name, rest string) {
	name, _, _ = strings.Cut(reference, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name = name[:colon]
	}
	return name, reference[len(name):]
}

// cutHost splits a reference into its host, empty if there is none, and the rest.
func cutHost(reference string) (host, rest string) {
	if host, rest, found := strings.Cut(reference, "/"); found && hostOnly.MatchString(host) {
		return host, rest
	}
	return "", reference
}

// lowerName lower-cases the path of a reference, in which registries take no
// capitals. The host stays, for credentials are found by it, and so does the tag,
// which can have capitals.
func lowerName(reference string) string {
	name, tag := cutTag(reference)
	host, path := cutHost(name)
	if host == "" {
		return lower(path) + tag
	}
	return host + "/" + lower(path) + tag
}

// splitReference returns the last path segment and the tag of a well-formed
// reference; the tag is empty when there is none.
func splitReference(reference string) (segment, tag string) {
	name, rest := cutTag(reference)
	tag, _, _ = strings.Cut(strings.TrimPrefix(rest, ":"), "@")
	return name[strings.LastIndexByte(name, '/')+1:], tag
}
