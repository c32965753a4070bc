package columns

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// checkedPages are the decompressed pages of a column in a row group. Each is checked before
// arrow-go decodes it.
type checkedPages struct {
	file.PageReader
	column     column
	dictionary int // how many values it has
	encoding   parquet.Encoding
	left       int // values left of the page
	err        error
	ended      bool
}

// Next goes to the next page, and reports whether there is one.
func (p *checkedPages) Next() bool {
	if !p.PageReader.Next() {
		p.ended = true
		return false
	}
	p.err = p.check(p.Page())
	return p.err == nil
}

// batch returns how many values to read at a time: at most the rest of the page, and one by one if
// each value may contain its predecessor.
func (p *checkedPages) batch() int {
	if p.encoding == parquet.Encodings.DeltaByteArray {
		return 1
	}
	return max(1, min(p.left, maxBatch))
}

// Err returns why there is no next page; nil at the end.
func (p *checkedPages) Err() error {
	if p.err != nil {
		return p.err
	}
	return p.PageReader.Err()
}

// GetDictionaryPage returns an empty page. A dictionary is one of the pages, or missing, as it may
// be if all values are null.
func (p *checkedPages) GetDictionaryPage() (*file.DictionaryPage, error) {
	return file.NewDictionaryPage(memory.NewBufferBytes(nil), 0, parquet.Encodings.Plain), nil
}

// check returns an error unless arrow-go can decode the page.
func (p *checkedPages) check(page file.Page) error {
	count := int(page.NumValues())
	switch page := page.(type) {
	case *file.DictionaryPage:
		p.dictionary = count
		return p.checkDictionary(page.Data(), count)
	case *file.DataPageV1:
		levels, values, err := p.splitV1(page)
		if err != nil {
			return err
		}
		return p.checkData(levels, values, count, parquet.Encoding(page.Encoding()))
	case *file.DataPageV2:
		from := int(page.RepetitionLevelByteLen())
		to := from + int(page.DefinitionLevelByteLen())
		return p.checkData(page.Data()[from:to], page.Data()[to:], count, parquet.Encoding(page.Encoding()))
	}
	return errors.New("a page of another type")
}

// splitV1 splits a version 1 page into the levels, which are preceded by their length, and the
// values.
func (p *checkedPages) splitV1(page *file.DataPageV1) (levels, values []byte, err error) {
	data := page.Data()
	if !p.column.nullable {
		return nil, data, nil
	}
	if encoding := page.DefinitionLevelEncoding(); encoding != parquet.Encodings.RLE {
		return nil, nil, fmt.Errorf("levels in encoding %s are not supported", encoding)
	}
	if len(data) < 4 {
		return nil, nil, errShort
	}
	length, data := binary.LittleEndian.Uint32(data), data[4:]
	if uint64(length) > uint64(len(data)) {
		return nil, nil, errShort
	}
	return data[:length], data[length:], nil
}

// checkData checks the levels and values of a data page with count values, including nulls. Level 1
// means that there is a value.
func (p *checkedPages) checkData(levels, values []byte, count int, encoding parquet.Encoding) (err error) {
	p.encoding, p.left = encoding, count
	present := count
	if p.column.nullable {
		sum, err := checkRuns(levels, 1, count, 2)
		if err != nil {
			return err
		}
		present = int(sum)
	}
	if present == 0 && len(values) == 0 {
		return nil // nothing but nulls
	}
	switch encoding {
	case parquet.Encodings.Plain: // arrow-go checks it
	case parquet.Encodings.PlainDict, parquet.Encodings.RLEDict:
		if len(values) == 0 {
			return errShort
		}
		_, err = checkRuns(values[1:], int(values[0]), present, uint64(p.dictionary))
	case parquet.Encodings.DeltaLengthByteArray, parquet.Encodings.DeltaBinaryPacked:
		_, err = checkDeltas(values, present)
	case parquet.Encodings.DeltaByteArray: // the lengths of what is taken over, and of what is added
		values, err = checkDeltas(values, present)
		if err == nil && (present > 0 || len(values) > 0) {
			_, err = checkDeltas(values, present)
		}
	default:
		err = fmt.Errorf("encoding %s is not supported", encoding)
	}
	return err
}

// checkDictionary returns an error unless data has count values, each preceded by its length or,
// for numbers, of one size.
func (p *checkedPages) checkDictionary(data []byte, count int) error {
	size := p.column.size
	for range count {
		if p.column.size == 0 {
			if len(data) < 4 {
				return errShort
			}
			size = 4 + int(binary.LittleEndian.Uint32(data))
		}
		if len(data) < size {
			return errShort
		}
		data = data[size:]
	}
	return nil
}
