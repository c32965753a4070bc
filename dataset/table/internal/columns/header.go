package columns

import (
	"errors"
	"fmt"
	"io"
)

// Page types:
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
const (
	dataPage       = 0
	dictionaryPage = 2
	dataPageV2     = 3
)

// place of a field in a page's header: its id, or the id of a structure and its own.
type place [2]int16

var (
	kindField         = place{1}
	sizeField         = place{2}
	compressedField   = place{3}
	valuesField       = place{5, 1}
	dictionaryField   = place{7, 1}
	valuesFieldV2     = place{8, 1}
	rowsFieldV2       = place{8, 3}
	levelsFieldV2     = place{8, 5}
	listLevelsFieldV2 = place{8, 6}
	isCompressedV2    = place{8, 7}
)

// header has the numbers of a page's header.
type header map[place]int64

// parseHeader returns the header at the start of data, and its length.
func parseHeader(data []byte) (header, int, error) {
	h := make(header)
	length, err := measure(data, func(path []int16, value int64) error {
		var at place
		if copy(at[:], path) < len(path) {
			return nil // in statistics
		}
		if _, twice := h[at]; twice {
			return errors.New("a field appears twice")
		}
		h[at] = value
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("decoding a page's header: %w", err)
	}
	return h, length, nil
}

// check returns an error unless the page can be as declared, given the remaining bytes of its
// column and the remaining rows of its row group.
func (h header) check(bytesLeft, rowsLeft int64) error {
	compressed, size := h[compressedField], h[sizeField]
	switch {
	case !h.has(kindField, compressedField, sizeField), !h.hasItsOwn():
		return errors.New("a page does not have the header of its type")
	case compressed < 0 || size < 0:
		return fmt.Errorf("a page declares %d bytes, compressed %d", size, compressed)
	case compressed > bytesLeft:
		return fmt.Errorf("a page declares %d bytes, and the column has %d left", compressed, bytesLeft)
	case h[kindField] == dictionaryPage:
		// A value takes four bytes or more.
		if count := h[dictionaryField]; count < 0 || count > size/4 {
			return fmt.Errorf("a dictionary declares %d values in %d bytes", count, size)
		}
		return nil
	case h.values() < 0 || h.values() > rowsLeft:
		return fmt.Errorf("a page declares %d values, and its row group has %d left", h.values(), rowsLeft)
	case h[kindField] == dataPageV2:
		return h.checkV2(compressed, size)
	}
	return nil
}

// checkV2 checks the additional fields of version 2 pages.
func (h header) checkV2(compressed, size int64) error {
	levels, listLevels := h[levelsFieldV2], h[listLevelsFieldV2]
	isCompressed, said := h[isCompressedV2]
	switch {
	case levels < 0 || listLevels < 0 || levels+listLevels > min(compressed, size):
		return errors.New("a page declares levels that it does not have")
	case h[rowsFieldV2] != h[valuesFieldV2]:
		return fmt.Errorf("a page declares %d values in %d rows", h[valuesFieldV2], h[rowsFieldV2])
	case said && isCompressed == 0 && compressed != size:
		return errSize
	}
	return nil
}

// hasItsOwn reports whether the header has the part that the page's type requires. Other types are
// not part of a column.
func (h header) hasItsOwn() bool {
	switch h[kindField] {
	case dataPage:
		return h.has(valuesField)
	case dataPageV2:
		return h.has(valuesFieldV2, rowsFieldV2, levelsFieldV2, listLevelsFieldV2)
	case dictionaryPage:
		return h.has(dictionaryField)
	}
	return false
}

func (h header) has(places ...place) bool {
	for _, at := range places {
		if _, ok := h[at]; !ok {
			return false
		}
	}
	return true
}

// values returns the number of values of a page, including nulls.
func (h header) values() int64 {
	switch h[kindField] {
	case dataPage:
		return h[valuesField]
	case dataPageV2:
		return h[valuesFieldV2]
	}
	return 0
}

// checkPages returns an error unless the headers of a chunk's pages are sound, up to the page with
// the last of its rows. arrow-go reads no further.
func checkPages(chunk *io.SectionReader, rows int64, limits *budget) error {
	buffer := make([]byte, min(maxHeader, chunk.Size()))
	for at, done := int64(0), int64(0); done < rows; {
		if at == chunk.Size() {
			return fmt.Errorf("a row group has %d of its %d values", done, rows)
		}
		if err := limits.spendPage(); err != nil {
			return err
		}
		h, length, err := headerAt(chunk, at, buffer)
		if err != nil {
			return err
		}
		at += int64(length)
		if err := h.check(chunk.Size()-at, rows-done); err != nil {
			return err
		}
		at += h[compressedField]
		done += h.values()
	}
	return nil
}

// headerAt returns the header of the page there. It first reads as much as most headers need, and
// more only if that is too short: reading far ahead at each of many small pages takes longer than
// reading the pages.
func headerAt(chunk *io.SectionReader, at int64, buffer []byte) (h header, length int, err error) {
	for _, longest := range []int{usualHeader, maxHeader} {
		n, failed := chunk.ReadAt(buffer[:min(longest, len(buffer))], at)
		if failed != nil && !errors.Is(failed, io.EOF) {
			return nil, 0, failed
		}
		if h, length, err = parseHeader(buffer[:n]); err == nil {
			break
		}
	}
	return h, length, err
}
