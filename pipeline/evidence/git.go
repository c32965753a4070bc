package evidence

import (
	"io"
	"regexp"
)

// whoCommits matches a configuration of git that has a name and an address, as `git config --global`
// writes it, and nothing else: no quotes, comments or further lines.
// https://git-scm.com/docs/git-config#_syntax
var whoCommits = regexp.MustCompile(`\A(?:\[user\]\n(?:[\t ]*(?:email|name) = [\w.@+-]+(?: [\w.@+-]+)*\n)*)*\z`)

// maxGitConfig bounds how much of a configuration is read, in bytes.
const maxGitConfig = 4 << 10

// tellsWhoCommits reports whether that is all that a configuration of git does.
func tellsWhoCommits(config io.Reader) bool {
	text, err := io.ReadAll(io.LimitReader(config, maxGitConfig+1))
	return err == nil && len(text) <= maxGitConfig && whoCommits.Match(text)
}
