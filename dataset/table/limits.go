package table

import "dagger/eval-images/redact"

const (
	// maxLine is the maximum length of a line, or JSON object, in bytes. Whole patches and issues
	// are on one line; those of the known datasets have some hundred KiB. The limit bounds the
	// memory that a hostile file can take.
	maxLine = 16 << 20
	// maxUnpacked is the maximum unpacked size of a .gz, in bytes. A .gz can hold a thousand times
	// its size; only its rows are kept.
	maxUnpacked = 8 << 30
	// maxRows is the maximum number of rows of a dataset. The largest known dataset, SWE-smith, has
	// some 60,000.
	maxRows = 250_000
	// maxColumns is the maximum number of columns of a row. Those of the known datasets have some
	// twenty.
	maxColumns = 10_000
	// maxCell is the maximum length of a kept value in bytes: longer than any valid id or
	// reference.
	maxCell = 1024
	// maxKept is the maximum size of all kept values of a dataset, in bytes. Those of the 60,000
	// rows of SWE-smith take some 10 MB. A Parquet file may store a value once for all its rows.
	maxKept = 32 << 20
)

// checkRows returns an error if the dataset already has the maximum number of rows.
func checkRows(before int, at Position) error {
	if before >= maxRows {
		return Malformed(at, "", "the dataset has more than %d rows", maxRows)
	}
	return nil
}

// kept is the size of the values kept so far, in bytes.
type kept int

// keep adds the value to the total. It returns an error if either is too large.
func keep[T string | []byte](total *kept, at Position, column string, value T) error {
	if len(value) > maxCell {
		return Malformed(at, column, "%s is longer than %d bytes", redact.Quote(value), maxCell)
	}
	if *total += kept(len(value)); *total > maxKept {
		return Malformed(at, column, "the dataset has more than %d MiB of ids, repositories and images", maxKept>>20)
	}
	return nil
}
