package columns_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// fields of a Thrift structure by id: bool, int32, int64, string, fields, or a list of one of the
// last four.
type fields map[int16]any

// encode returns the structure in the compact protocol:
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
func (f fields) encode() []byte {
	var data []byte
	last := int16(0)
	for _, id := range slices.Sorted(maps.Keys(f)) {
		kind, value := encodeValue(f[id])
		data = append(data, byte(id-last)<<4|kind)
		data, last = append(data, value...), id
	}
	return append(data, 0)
}

func encodeValue(value any) (kind byte, data []byte) {
	switch value := value.(type) {
	case bool:
		if value {
			return 1, nil
		}
		return 2, nil
	case int32:
		return 5, binary.AppendVarint(nil, int64(value))
	case int64:
		return 6, binary.AppendVarint(nil, value)
	case string:
		return 8, append(binary.AppendUvarint(nil, uint64(len(value))), value...)
	case fields:
		return 12, value.encode()
	case []int32:
		return encodeList(value, 5)
	case []string:
		return encodeList(value, 8)
	case []fields:
		return encodeList(value, 12)
	}
	panic(fmt.Sprintf("a field of %T", value))
}

func encodeList[T any](values []T, kind byte) (byte, []byte) {
	data := append([]byte{0xf0 | kind}, binary.AppendUvarint(nil, uint64(len(values)))...)
	for _, value := range values {
		_, element := encodeValue(value)
		data = append(data, element...)
	}
	return 9, data
}
