package columns

import (
	"encoding/binary"
	"fmt"
)

// checkDeltas returns an error unless data begins with count integers, written as differences to
// their predecessors. It returns the rest of data.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC
//
// arrow-go allocates the declared number, and ignores an early end.
func checkDeltas(data []byte, count int) (rest []byte, err error) {
	var numbers [4]uint64 // values in a block, parts of a block, values, and the first
	for i := range numbers {
		if numbers[i], data, err = cutUvarint(data); err != nil {
			return nil, err
		}
	}
	block, parts := numbers[0], numbers[1]
	if numbers[2] != uint64(count) {
		return nil, fmt.Errorf("a page declares %d differences, and %d values", numbers[2], count)
	}
	if parts == 0 || block == 0 || block > maxBlock || block%parts != 0 || block/parts%8 != 0 {
		return nil, fmt.Errorf("differences in blocks of %d values in %d parts", block, parts)
	}
	for left := count - 1; left > 0; left -= int(block) {
		if data, err = cutBlock(data, int(block/parts), int(parts), left); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// cutBlock returns the data after a block. A block has its smallest difference, the width of each
// part in bits, and the needed parts.
func cutBlock(data []byte, size, parts, left int) ([]byte, error) {
	_, data, err := cutUvarint(data)
	if err != nil {
		return nil, err
	}
	if len(data) < parts {
		return nil, errShort
	}
	widths, data := data[:parts], data[parts:]
	for i, width := range widths {
		if i*size >= left {
			break
		}
		length := size / 8 * int(width)
		if width > 64 {
			return nil, fmt.Errorf("integers of %d bits", width)
		}
		if len(data) < length {
			return nil, errShort
		}
		data = data[length:]
	}
	return data, nil
}

func cutUvarint(data []byte) (uint64, []byte, error) {
	value, n := binary.Uvarint(data)
	if n <= 0 {
		return 0, nil, errShort
	}
	return value, data[n:], nil
}
