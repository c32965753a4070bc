package columns_test

import (
	"bytes"
	"encoding/binary"
)

// Names of numbers that the format has.
const (
	noCodec, snappyCodec, gzipCodec, brotliCodec, zstdCodec, lz4RawCodec        = 0, 1, 2, 4, 6, 7
	plainEncoding, plainDictionary, deltaBinaryPacked, deltaLengths             = 0, 2, 5, 6
	deltaBytes, dictionaryIndexes, splitStreams, runLengths, packedLevels       = 7, 8, 9, 3, 4
	dataPages, indexPages, dictionaryPages, dataPagesV2                   int32 = 0, 1, 2, 3
	integers64, texts                                                     int32 = 2, 6
	required, optional, repeated                                          int32 = 0, 1, 2
)

// crafted is a file of one column, `id`, with handmade pages that no honest writer produces.
type crafted struct {
	rows     int64
	nullable bool
	integers bool
	codec    int32
	pages    []byte
}

// metadata is the file's metadata, which tests change.
func (c crafted) metadata() *metadata {
	kind, repetition := texts, required
	if c.integers {
		kind = integers64
	}
	if c.nullable {
		repetition = optional
	}
	m := &metadata{rows: c.rows}
	m.schema = []fields{{4: "root", 5: int32(1)}, {1: kind, 3: repetition, 4: "id"}}
	m.chunk = fields{
		1: kind, 2: []int32{plainEncoding}, 3: []string{"id"}, 4: c.codec, 5: c.rows,
		6: int64(len(c.pages)), 7: int64(len(c.pages)), 9: int64(len(magic)),
	}
	m.columns = []fields{{2: int64(len(magic)), 3: m.chunk}}
	m.groups = []fields{{2: int64(len(c.pages)), 3: c.rows}}
	return m
}

// metadata returns the metadata of a file of one column. All row groups have the same columns.
type metadata struct {
	rows            int64
	schema, columns []fields
	chunk           fields
	groups          []fields
}

func (m *metadata) encode() []byte {
	for _, group := range m.groups {
		group[1] = m.columns
	}
	return fields{1: int32(1), 2: m.schema, 3: m.rows, 4: m.groups}.encode()
}

const magic = "PAR1"

// file returns the file.
func (c crafted) file() []byte { return c.forged(func(*metadata) {}) }

// forged returns the file with its metadata changed.
func (c crafted) forged(change func(*metadata)) []byte {
	m := c.metadata()
	change(m)
	return withFooter(append([]byte(magic), c.pages...), m.encode())
}

// withFooter returns a file of pages and metadata.
func withFooter(pages, metadata []byte) []byte {
	file := append(bytes.Clone(pages), metadata...)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(metadata)))
	return append(file, magic...)
}

// dataPage returns a version 1 page that declares its true sizes.
func dataPage(values, encoding int32, payload []byte) []byte {
	return page(fields{1: dataPages, 2: int32(len(payload)), 5: dataHeader(values, encoding)}, payload)
}

// dataHeader returns the part of a header for version 1 pages.
func dataHeader(values, encoding int32) fields {
	return fields{1: values, 2: encoding, 3: int32(runLengths), 4: int32(runLengths)}
}

// dataHeaderV2 returns the part of a header for version 2 pages.
func dataHeaderV2(values, encoding, levels int32) fields {
	return fields{1: values, 2: int32(0), 3: values, 4: encoding, 5: levels, 6: int32(0)}
}

// dictionaryPage returns a page of values to which later pages refer.
func dictionaryPage(values int32, payload []byte) []byte {
	return page(fields{1: dictionaryPages, 2: int32(len(payload)), 7: fields{1: values, 2: int32(plainEncoding)}}, payload)
}

// page returns a page with any header.
func page(header fields, payload []byte) []byte {
	if _, said := header[3]; !said {
		header[3] = int32(len(payload))
	}
	return append(header.encode(), payload...)
}

// plain returns values in the encoding of that name.
func plain(values ...string) []byte {
	var data []byte
	for _, value := range values {
		data = binary.LittleEndian.AppendUint32(data, uint32(len(value)))
		data = append(data, value...)
	}
	return data
}

// levels returns levels preceded by their length.
func levels(data ...byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(data))), data...)
}

// uvarint returns numbers in the format's encoding, one after another.
func uvarint(numbers ...uint64) []byte {
	var data []byte
	for _, number := range numbers {
		data = binary.AppendUvarint(data, number)
	}
	return data
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
