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

// ascii returns a library's text with what is not ASCII escaped: the JSON decoder
// shows a byte that it does not expect as the letter of that number.
func ascii(text string) string {
	var escaped strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf {
			escaped.WriteRune(r)
		} else {
			fmt.Fprintf(&escaped, `\u%04x`, r)
		}
	}
	return escaped.String()
}
