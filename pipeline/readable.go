package pipeline

import (
	"strings"
	"unicode"
)

const (
	// maxReadable is how many bytes of a text from elsewhere stand in a record: more than the last lines of what a command printed.
	maxReadable = 16 << 10
	// maxReason is how many of them stand in an error of one line.
	maxReason = 300
)

// readable is a text from elsewhere, such as what a command printed, for a terminal and a page: without what moves the cursor, changes
// colours or turns the direction of text, and cut where it is long. Lines stay.
func readable(text string) string {
	text, more := cut(text, maxReadable)
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return -1
	}, text)
	return text + more
}

// reason is such a text as a part of an error of one line.
func reason(text string) string {
	text, more := cut(text, maxReason)
	return strings.Join(strings.Fields(readable(text)), " ") + more
}

func cut(text string, longest int) (start, more string) {
	if len(text) <= longest {
		return text, ""
	}
	return strings.ToValidUTF8(text[:longest], ""), "…"
}
