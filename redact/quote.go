package redact

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// maxQuoted is how many bytes of a value are shown: enough to recognise an id, too few for a
// hostile one to flood a log.
const maxQuoted = 80

// Quote returns a value safe to show: in quotes, ASCII only, control characters and look-alikes
// escaped, without passwords, long values cut. %q leaves look-alikes and long values as they are.
func Quote[T string | []byte](value T) string {
	shown := withoutPasswords(string(value))
	if len(shown) <= maxQuoted {
		return quote(shown)
	}
	return fmt.Sprintf("%s… (%d bytes)", quote(shown[:maxQuoted]), len(value))
}

// quote escapes what begins a command of a workflow, too: see withoutCommands.
func quote(value string) string {
	return strings.ReplaceAll(strconv.QuoteToASCII(value), "##[", `#\x23[`)
}

// plainName is what the names of files and addresses mostly are.
var plainName = regexp.MustCompile(`^[A-Za-z0-9._/:@+ -]{1,255}$`)

// Name returns the name of a file, or an address, safe to show: as it is if it is short and plain,
// and otherwise as [Quote] has it.
func Name(name string) string {
	if plainName.MatchString(name) && unseen(name, nil) == name {
		return name
	}
	return Quote(name)
}

// ASCII returns a text as [Line] does, with all escaped that is not printable ASCII. It is for the
// words of decoders and hubs, which repeat what they were given.
func ASCII(text string, secrets ...string) string {
	text = strings.Join(strings.Fields(text), " ")
	quoted := strconv.QuoteToASCII(unseen(text, secrets))
	return cutEnd(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), MaxLine)
}
