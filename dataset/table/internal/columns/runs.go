package columns

import (
	"encoding/binary"
	"fmt"
	"math"
)

// checkRuns returns an error unless data begins with count integers of that width in bits, all
// below the bound. It returns their sum. The format has runs of one repeated integer, and of packed
// integers:
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
//
// arrow-go loops forever if the integers end too early, or point outside of a dictionary.
func checkRuns(data []byte, width, count int, bound uint64) (sum uint64, err error) {
	if width > 32 {
		return 0, fmt.Errorf("integers of %d bits", width)
	}
	for count > 0 {
		header, n := binary.Uvarint(data)
		if n <= 0 {
			return 0, errShort
		}
		run, packed := header>>1, header&1 == 1
		if run == 0 || run > math.MaxInt32/8 && packed || run > math.MaxInt32 {
			return 0, fmt.Errorf("a run has %d values", run)
		}
		checked := checkRepeated
		if packed {
			checked = checkPacked
			run *= 8
		}
		taken := min(int(run), count)
		total, rest, err := checked(data[n:], width, taken, bound)
		if err != nil {
			return 0, err
		}
		data, count, sum = rest, count-taken, sum+total
	}
	return sum, nil
}

// checkRepeated checks an integer that is repeated count times.
func checkRepeated(data []byte, width, count int, bound uint64) (sum uint64, rest []byte, err error) {
	size := (width + 7) / 8
	if len(data) < size {
		return 0, nil, errShort
	}
	var whole [8]byte
	copy(whole[:], data[:size])
	value := binary.LittleEndian.Uint64(whole[:])
	return value * uint64(count), data[size:], checkBound(value, bound)
}

// checkPacked checks count integers side by side, in groups of eight.
func checkPacked(data []byte, width, count int, bound uint64) (sum uint64, rest []byte, err error) {
	if len(data) < (count*width+7)/8 {
		return 0, nil, errShort
	}
	for i := range count {
		value := bits(data, i*width, width)
		if err := checkBound(value, bound); err != nil {
			return 0, nil, err
		}
		sum += value
	}
	return sum, data[min(len(data), (count+7)/8*width):], nil
}

// bits returns the integer of that width, at most 32 bits, that starts at a bit.
func bits(data []byte, at, width int) uint64 {
	var whole [8]byte
	copy(whole[:], data[min(len(data), at/8):])
	return binary.LittleEndian.Uint64(whole[:]) >> (at % 8) & (1<<width - 1)
}

func checkBound(value, bound uint64) error {
	if value >= bound {
		return fmt.Errorf("there is no value %d among %d", value, bound)
	}
	return nil
}
