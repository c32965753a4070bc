package dataset

import (
	"fmt"
	"regexp"

	"dagger/eval-images/redact"
)

// hubName is the allow-list for a dataset's name, which becomes part of a URL.
var hubName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)

// CheckHubName returns an error unless name is a valid name of a dataset on the Hugging
// Face hub: `owner/name`, of ASCII letters and digits, `.`, `_` and `-`.
func CheckHubName(name string) error {
	if !hubName.MatchString(name) {
		return fmt.Errorf("dataset %s is not of the form owner/name", redact.Quote(name))
	}
	return nil
}
