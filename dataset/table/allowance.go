package table

import (
	"errors"
	"fmt"
	"io"
)

var (
	errAllowance = errors.New("the allowance is used up")
	errUnpacked  = fmt.Errorf("the file unpacked is larger than %d GiB", maxUnpacked>>30)
)

// allowance is a reader that fails after left bytes. Its user renews it before each item, to limit
// the length of items.
type allowance struct {
	r    io.Reader
	left int
	err  error // returned when nothing is left
}

// Read reads at most the remaining bytes.
func (a *allowance) Read(p []byte) (int, error) {
	if a.left == 0 {
		return 0, a.err
	}
	n, err := a.r.Read(p[:min(len(p), a.left)])
	a.left -= n
	return n, err
}
