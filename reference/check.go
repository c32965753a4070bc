package reference

import (
	"errors"
	"fmt"

	"dagger/eval-images/redact"
)

// Check returns an error, which quotes the text, unless [Parse] accepts it.
func Check(text string) error {
	switch _, err := Parse(text); {
	case err == nil:
		return nil
	case errors.Is(err, ErrLong):
		return fmt.Errorf("image reference %s is longer than %d bytes", redact.Quote(text), MaxLength)
	case errors.Is(err, ErrCapitals):
		return fmt.Errorf("image reference %s has capitals in its path, which must be lower-case", redact.Quote(text))
	case errors.Is(err, ErrLongName):
		return fmt.Errorf("image reference %s has a name longer than %d bytes", redact.Quote(text), MaxName)
	default:
		return fmt.Errorf("image reference %s is not of the form host/path:tag", redact.Quote(text))
	}
}

// CheckRepository returns an error unless repository is a reference without a tag and
// a digest, such as `ghcr.io/me/eval-base`. The error begins with the repository, quoted.
func CheckRepository(repository string) error {
	name, _ := CutTag(repository)
	_, err := Parse(repository)
	switch {
	case name == repository && errors.Is(err, ErrCapitals):
		return fmt.Errorf("%s is not a repository: its path must be lower-case", redact.Quote(repository))
	case name != repository || err != nil:
		return fmt.Errorf("%s is not a repository: it is not of the form host/path, without a tag", redact.Quote(repository))
	}
	return nil
}
