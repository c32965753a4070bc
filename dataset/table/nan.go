package table

import (
	"bufio"
	"io"
)

// nulled reads JSON and replaces NaN and Infinity, which Python writes although JSON lacks them,
// with null.
type nulled struct {
	r       *bufio.Reader
	inText  bool // between quotes
	escaped bool // after a backslash
	pending string
}

// notNumbers are the words that null replaces.
var notNumbers = []string{"NaN", "Infinity", "-Infinity"}

func newNulled(r io.Reader) *nulled { return &nulled{r: bufio.NewReaderSize(r, 64<<10)} }

// Read fills p as far as possible, because a scanner searches the whole line again after
// each Read.
func (n *nulled) Read(p []byte) (done int, err error) {
	for done < len(p) && err == nil {
		var more int
		more, err = n.step(p[done:])
		done += more
	}
	if done > 0 {
		return done, nil // and the error next time
	}
	return done, err
}

// step reads up to the next such word, or a part of the null that replaces it.
func (n *nulled) step(p []byte) (int, error) {
	if n.pending != "" {
		done := copy(p, n.pending)
		n.pending = n.pending[done:]
		return done, nil
	}
	if _, err := n.r.Peek(1); err != nil {
		return 0, err
	}
	ahead, _ := n.r.Peek(min(len(p), n.r.Buffered()))
	if done := n.beforeWord(ahead); done > 0 {
		copy(p, ahead[:done])
		return n.r.Discard(done)
	}
	for _, word := range notNumbers {
		if ahead, _ := n.r.Peek(len(word)); string(ahead) == word {
			n.pending = "null"
			_, err := n.r.Discard(len(word))
			return 0, err
		}
	}
	return n.r.Read(p[:1])
}

// beforeWord returns the number of bytes before the first possible start of such a word outside of
// strings.
func (n *nulled) beforeWord(ahead []byte) int {
	for i, b := range ahead {
		switch {
		case n.escaped:
			n.escaped = false
		case n.inText && b == '\\':
			n.escaped = true
		case b == '"':
			n.inText = !n.inText
		case !n.inText && (b == 'N' || b == 'I' || b == '-'):
			return i
		}
	}
	return len(ahead)
}
