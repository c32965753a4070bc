package columns

import "io"

// ReadWithin is Read with other limits for all pages of a file together, for tests that would take
// long to reach the real ones.
func ReadWithin(bytes, pages int64, r io.ReaderAt, size int64, wanted []Column, maxRows int, visit Visit) (Table, error) {
	return read(newBudget(bytes, pages), r, size, wanted, maxRows, visit)
}

// Measure reports the integers of a structure to a test.
var Measure = measure
