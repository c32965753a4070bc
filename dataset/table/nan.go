package table

import (
	"bufio"
	"io"
)

// nulled reads JSON, and puts null in the place of NaN and Infinity: Python writes them,
// and they are not valid JSON.
type nulled struct {
	r       *bufio.Reader
	inText  bool // between quotes
	escaped bool // behind a backslash
	pending string
}

// notNumbers are the words that null replaces.
var notNumbers = []string{"NaN", "Infinity", "-Infinity"}

func newNulled(r io.Reader) *nulled { return &nulled{r: bufio.NewReaderSize(r, 64<<10)} }

// Read fills p as far as possible: a scanner searches the whole line again after each
// Read.
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

// step reads up to the next such word, or of the word's null.
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

// beforeWord returns how many bytes precede one outside of strings that may begin such a
// word.
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
