package columns

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Types of Thrift's compact protocol that have their own encoding:
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftStruct = 12
)

// found gets each 32-bit integer, boolean and list length in a structure. The path is the ids of
// the fields that lead to it, with 0 for any element of a list. It is valid only during the call.
type found func(path []int16, value int64) error

// measure returns the length of the Thrift structure at the start of data. It fails if the
// structure declares more than it holds, has too many elements or is nested too deep: the real
// decoder allocates lists as long as they claim to be.
func measure(data []byte, tell found) (int, error) {
	m := &measurer{data: data, tell: tell}
	if err := m.structure(make([]int16, 0, maxDepth+2)); err != nil {
		return 0, err
	}
	return len(data) - len(m.data), nil
}

// measurer walks a structure and keeps nothing of it.
type measurer struct {
	data     []byte // what is left
	elements uint64 // the list elements so far
	tell     found
}

// structure walks the fields up to the stop field.
func (m *measurer) structure(path []int16) error {
	for id := int16(0); ; {
		header, err := m.next()
		if err != nil || header == 0 {
			return err
		}
		if id, err = m.fieldID(id, header); err != nil {
			return err
		}
		field := append(path, id)
		switch kind := header & 0xf; kind {
		case thriftTrue, thriftFalse:
			err = m.tell(field, int64(thriftFalse-kind))
		default:
			err = m.value(kind, field)
		}
		if err != nil {
			return err
		}
	}
}

// fieldID returns the id of a field: its header has the increment in the high bits,
// where zero means that the id follows.
func (m *measurer) fieldID(last int16, header byte) (int16, error) {
	id := int64(last) + int64(header>>4)
	if header>>4 == 0 {
		var err error
		if id, err = m.integer(); err != nil {
			return 0, err
		}
	}
	if id < 0 || id > math.MaxInt16 {
		return 0, fmt.Errorf("field %d is not part of Parquet", id)
	}
	return int16(id), nil
}

// value walks one value; a boolean takes a byte in lists only.
func (m *measurer) value(kind byte, path []int16) error {
	if len(path) > maxDepth {
		return fmt.Errorf("values are nested deeper than %d", maxDepth)
	}
	switch kind {
	case thriftTrue, thriftFalse, thriftByte:
		return m.skip(1)
	case thriftI32:
		value, err := m.integer()
		if err != nil {
			return err
		}
		return m.tell(path, value)
	case thriftI16, thriftI64:
		_, err := m.varint()
		return err
	case thriftDouble:
		return m.skip(8)
	case thriftBinary:
		length, err := m.varint()
		if err != nil {
			return err
		}
		return m.skip(length)
	case thriftList, thriftSet:
		return m.list(path)
	case thriftStruct:
		return m.structure(path)
	default:
		return fmt.Errorf("values of type %d are not part of Parquet", kind)
	}
}

// list walks a list, whose header is like a field's with the length instead of the id.
func (m *measurer) list(path []int16) error {
	header, err := m.next()
	if err != nil {
		return err
	}
	length := uint64(header >> 4)
	if length == 0xf {
		if length, err = m.varint(); err != nil {
			return err
		}
	}
	if m.elements += length; length > uint64(len(m.data)) || m.elements > maxElements {
		return fmt.Errorf("a list declares %d elements", length)
	}
	if err := m.tell(path, int64(length)); err != nil {
		return err
	}
	for range length {
		if err := m.value(header&0xf, append(path, 0)); err != nil {
			return err
		}
	}
	return nil
}

func (m *measurer) next() (byte, error) {
	if len(m.data) == 0 {
		return 0, errShort
	}
	b := m.data[0]
	m.data = m.data[1:]
	return b, nil
}

func (m *measurer) skip(length uint64) error {
	if length > uint64(len(m.data)) {
		return errShort
	}
	m.data = m.data[length:]
	return nil
}

func (m *measurer) varint() (uint64, error) {
	value, n := binary.Uvarint(m.data)
	if n <= 0 {
		return 0, errShort
	}
	return value, m.skip(uint64(n))
}

// integer returns a number of at most 32 bits; its lowest bit is the sign.
func (m *measurer) integer() (int64, error) {
	value, err := m.varint()
	if err != nil {
		return 0, err
	}
	if value > math.MaxUint32 {
		return 0, fmt.Errorf("an integer of %d is longer than 32 bits", value)
	}
	return int64(value>>1) ^ -int64(value&1), nil
}
