package families

import (
	"fmt"
	"regexp"

	"dagger/eval-images/redact"
)

// maxID is the maximum length of an id in bytes. The longest known ids, those of SWE-bench Pro,
// have about 140. Longer ids do not fit into a file name.
const maxID = 200

// idPattern is the allow-list for ids. It matches the ids of every family
// (`oauthlib__oauthlib.1fd52536.combine_file__09vlzwgc`,
// `instance_NodeBB__NodeBB-04998908ba67-vnan`) and excludes everything with a meaning to a shell, a
// path, a registry or a terminal.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// CheckID returns an error unless id is a valid id of an instance: ASCII letters and
// digits, `.`, `_` and `-`, a letter or digit first, at most 200 bytes.
//
// The form `owner/name:pr-1` of Multi-SWE-bench's own harness is not accepted; its
// datasets have `owner__name-1`.
func CheckID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("the instance id is missing or empty")
	case len(id) > maxID:
		return fmt.Errorf("instance id %s is longer than %d bytes", redact.Quote(id), maxID)
	case !idPattern.MatchString(id):
		return fmt.Errorf("instance id %s has a character outside A-Z a-z 0-9 . _ - or starts with one of . _ -", redact.Quote(id))
	}
	return nil
}
