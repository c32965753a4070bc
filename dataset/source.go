package dataset

import (
	"fmt"
	"regexp"

	"dagger/eval-images/redact"
)

// Source names the part of a dataset on the Hugging Face hub that rows came from, so that they can
// be read again. The zero value means another origin: a file, or the bundled sample.
type Source struct {
	// Name of the dataset: `owner/name`.
	Name string
	// Config and Split of the dataset, such as "default" and "test".
	Config, Split string
	// Revision is the commit of the files, in hexadecimal digits.
	Revision string
}

var (
	commit = regexp.MustCompile(`^[0-9a-f]{40,64}$`)
	// partName is the allow-list for the name of a config or a split: printable ASCII
	// without quotes and the characters that the hub forbids. Pages show the name.
	partName = regexp.MustCompile(`^[ !#-)+-.0-9;=@-\[\]^_a-{}~]{1,128}$`)
)

// IsCommit reports whether a revision is the full id of a commit.
func IsCommit(revision string) bool { return commit.MatchString(revision) }

// Check returns an error unless the source can be shown and read again. The zero value
// passes.
func (s Source) Check() error {
	if s == (Source{}) {
		return nil
	}
	if err := CheckHubName(s.Name); err != nil {
		return err
	}
	for what, value := range map[string]string{"config": s.Config, "split": s.Split} {
		if !partName.MatchString(value) {
			return fmt.Errorf("%s %s does not have 1 to 128 of the characters that the hub allows", what, redact.Quote(value))
		}
	}
	if !IsCommit(s.Revision) {
		return fmt.Errorf("revision %s is not a commit", redact.Quote(s.Revision))
	}
	return nil
}

// String names the source for people.
func (s Source) String() string {
	return fmt.Sprintf("%s, config %s, split %s, revision %s", s.Name, s.Config, s.Split, s.Revision)
}
