package table

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"dagger/eval-images/redact"
)

// pointerMark is the start of a Git LFS pointer, which a clone has instead of a file that it did
// not fetch.
// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
var pointerMark = []byte("version https://git-lfs.github.com/spec/v1")

// Byte order marks, which tools on Windows write at the start of a file.
var (
	markUTF8   = []byte("\xef\xbb\xbf")
	marksUTF16 = [][]byte{[]byte("\xff\xfe"), []byte("\xfe\xff")}
)

// checkPointer returns an error if a file with this start is a pointer.
func checkPointer(name string, start []byte) error {
	if bytes.HasPrefix(start, pointerMark) {
		return Malformed(Position{File: name}, "",
			"the file is a Git LFS pointer, not the file itself: fetch the file with `git lfs pull`")
	}
	return nil
}

// startOf returns the first bytes of a file.
func startOf(name string, r io.ReaderAt) ([]byte, error) {
	start := make([]byte, len(pointerMark))
	n, err := r.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading %s: %w", redact.Name(name), err)
	}
	return start[:n], nil
}

// plain returns the text of a file without its byte order mark.
func plain(name string, r io.Reader) (io.Reader, error) {
	text := bufio.NewReader(r)
	start, err := text.Peek(len(pointerMark))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, lineError(Position{File: name}, err)
	}
	for _, mark := range marksUTF16 {
		if bytes.HasPrefix(start, mark) {
			return nil, Malformed(Position{File: name}, "", "the file is UTF-16: save it as UTF-8")
		}
	}
	if bytes.HasPrefix(start, markUTF8) {
		_, err = text.Discard(len(markUTF8))
		return text, err
	}
	return text, checkPointer(name, start)
}

// unpack returns the content of a .gz.
func unpack(name string, r io.Reader) (io.Reader, error) {
	unpacked, err := gzip.NewReader(bufio.NewReader(r))
	if errors.Is(err, io.EOF) || isDamage(err) {
		return nil, Malformed(Position{File: name}, "", "the file is not gzip")
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", redact.Name(name), err)
	}
	return &allowance{r: undamaged{unpacked}, left: maxUnpacked, err: errUnpacked}, nil
}

var errDamaged = errors.New("the gzip file is damaged, or was cut short")

// undamaged returns errDamaged in place of gzip's errors.
type undamaged struct{ unpacked io.Reader }

// Read reads and translates the error.
func (u undamaged) Read(p []byte) (int, error) {
	n, err := u.unpacked.Read(p)
	if isDamage(err) {
		err = errDamaged
	}
	return n, err
}

// isDamage reports whether gzip's error is a fault of the file, not of reading it.
func isDamage(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &corrupt)
}
