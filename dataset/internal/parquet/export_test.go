package parquet

import "io"

// ReadWithin is Read with other limits for all pages of a file together, for tests that would take long to reach those that hold.
func ReadWithin(bytes, pages int64, r io.ReaderAt, size int64, columns []string, maxRows int, visit Visit) (int, error) {
	return read(newBudget(bytes, pages), r, size, columns, maxRows, visit)
}
