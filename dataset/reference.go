package dataset

import (
	"errors"
	"fmt"

	"dagger/eval-images/redact"
	"dagger/eval-images/reference"
)

// CheckReference returns an error unless text is a well-formed image reference:
// an optional host, a lower-case path, an optional tag of at most 128 characters,
// an optional sha256 digest. See [reference.Parse].
func CheckReference(text string) error {
	switch _, err := reference.Parse(text); {
	case err == nil:
		return nil
	case errors.Is(err, reference.ErrLong):
		return fmt.Errorf("image reference %s is longer than %d bytes", redact.Quote(text), reference.MaxLength)
	case errors.Is(err, reference.ErrCapitals):
		return fmt.Errorf("image reference %s has capitals in its path, which must be lower-case", redact.Quote(text))
	case errors.Is(err, reference.ErrLongName):
		return fmt.Errorf("image reference %s has a name longer than %d bytes", redact.Quote(text), reference.MaxName)
	default:
		return fmt.Errorf("image reference %s is not of the form host/path:tag", redact.Quote(text))
	}
}

// CheckRepository returns an error unless repository is a reference without a tag
// and a digest, such as `ghcr.io/me/eval-base`. The error begins with the value.
func CheckRepository(repository string) error {
	name, _ := reference.CutTag(repository)
	_, err := reference.Parse(repository)
	switch {
	case name == repository && errors.Is(err, reference.ErrCapitals):
		return fmt.Errorf("%s is not a repository: its path must be lower-case", redact.Quote(repository))
	case name != repository || err != nil:
		return fmt.Errorf("%s is not a repository: it is not of the form host/path, without a tag", redact.Quote(repository))
	}
	return nil
}

// splitReference returns the last path segment and the tag of a well-formed
// reference; the tag is empty when there is none.
func splitReference(image string) (segment, tag string) {
	return reference.Segment(image), reference.Tag(image)
}
