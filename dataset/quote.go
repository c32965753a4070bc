package dataset

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxQuoted is how many bytes of a value an error shows: enough to recognise an
// id, too few for a hostile one to flood a log.
const maxQuoted = 80

// Quote returns a value fit for an error or a log: in quotes, ASCII only, control
// characters and look-alikes escaped, long values cut. %q leaves look-alikes and
// long values as they are.
func Quote[T string | []byte](value T) string {
	if len(value) <= maxQuoted {
		return strconv.QuoteToASCII(string(value))
	}
	return fmt.Sprintf("%s… (%d bytes)", strconv.QuoteToASCII(string(value[:maxQuoted])), len(value))
}

// plainName is what the names of files and addresses mostly are.
var plainName = regexp.MustCompile(`^[A-Za-z0-9._/:@+ -]{1,255}$`)

// QuoteName returns the name of a file, or an address, fit for an error or a log:
// as it is if it is short and plain, and otherwise as [Quote] has it.
func QuoteName(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return Quote(name)
}

// maxSaid is how many bytes of a library's error an error shows.
const maxSaid = 200

// said returns what a library's error says, with what is not ASCII escaped, and cut:
// the JSON decoder shows a byte that it does not expect as the letter of that number,
// and a number with all its digits.
func said(err error) string {
	text := err.Error()
	var escaped strings.Builder
	for _, r := range text[:min(len(text), maxSaid)] {
		if r < utf8.RuneSelf {
			escaped.WriteRune(r)
		} else {
			fmt.Fprintf(&escaped, `\u%04x`, r)
		}
	}
	if len(text) > maxSaid {
		escaped.WriteString("…")
	}
	return escaped.String()
}
