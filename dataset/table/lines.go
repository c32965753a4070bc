package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"dagger/eval-images/redact"
)

// eachLine calls visit with every line that is not blank, trimmed of white space. The
// line is valid only during the call.
func eachLine(name string, r io.Reader, visit func(at Position, line []byte) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	at := Position{File: name, Unit: "line"}
	for scanner.Scan() && scanner.Err() == nil { // What comes with an error may be a part of a line.
		at.Number++
		line := bytes.TrimSpace(scanner.Bytes())
		if len(line) == 0 {
			continue
		}
		if err := visit(at, line); err != nil {
			return err
		}
	}
	at.Number++
	return lineError(at, scanner.Err())
}

// lineError adds the position to a scanner's error.
func lineError(at Position, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, bufio.ErrTooLong):
		return Malformed(at, "", "the line is longer than %d MiB", maxLine>>20)
	case errors.Is(err, errUnpacked), errors.Is(err, errDamaged):
		return Malformed(at, "", "%v", err)
	default:
		return fmt.Errorf("reading %s: %w", redact.Name(at.File), err)
	}
}
