package table

import "dagger/eval-images/redact"

const (
	// maxLine is the longest line, or JSON object, that is read, in bytes. Whole
	// patches and issues stand on one line; those of the known datasets have some
	// hundred KiB. The limit bounds the memory that a hostile file can take.
	maxLine = 16 << 20
	// maxUnpacked is the most that is unpacked of a .gz, in bytes. A small one can hold
	// a thousand times its size; nothing of it is kept but rows.
	maxUnpacked = 8 << 30
	// maxRows is the most rows that a dataset may have. The largest known dataset,
	// SWE-smith, has some 60,000.
	maxRows = 250_000
	// maxColumns is the most columns that a row may have. Those of the known datasets
	// have some twenty.
	maxColumns = 10_000
	// maxCell is the longest value kept of a row, in bytes: more than any valid id
	// or reference has.
	maxCell = 1024
	// maxKept is how much all the values kept of a file may be, in bytes. Those of
	// 60,000 rows of SWE-smith are some 10 MB. A Parquet file may say a value once
	// and mean it in every row.
	maxKept = 32 << 20
)

// checkRows returns an error if a file with so many rows before has one at the
// position too.
func checkRows(before int, at Position) error {
	if before >= maxRows {
		return Malformed(at, "", "the dataset has more than %d rows", maxRows)
	}
	return nil
}

// kept is what the values kept of a file take so far, in bytes.
type kept int

// keep returns an error if the value is too long to be kept, or one too many.
func keep[T string | []byte](total *kept, at Position, column string, value T) error {
	if len(value) > maxCell {
		return Malformed(at, column, "%s is longer than %d bytes", redact.Quote(value), maxCell)
	}
	if *total += kept(len(value)); *total > maxKept {
		return Malformed(at, column, "the dataset has more than %d MiB of ids, repositories and images", maxKept>>20)
	}
	return nil
}
