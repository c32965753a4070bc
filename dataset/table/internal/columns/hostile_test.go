package columns_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/table/internal/columns"
)

// allowance is the maximum number of bytes that a refusal may allocate, whatever a file declares.
const allowance = 16 << 20

// assertRefused asserts that reading the file fails with the reason, and without allocating the
// declared sizes.
func assertRefused(t *testing.T, file []byte, reason string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := read(file, "id")
	runtime.ReadMemStats(&after)

	var refused *columns.Error
	require.ErrorAs(t, err, &refused)
	assert.ErrorContains(t, err, reason)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(allowance))
}

func TestReadRefusesMetadataThatLies(t *testing.T) {
	honest := crafted{rows: 1, pages: dataPage(1, plainEncoding, plain("a"))}
	tests := map[string]struct {
		change func(*metadata)
		reason string
	}{
		"fewer than no rows":                 {func(m *metadata) { m.groups[0][3] = int64(-1) }, "more than 1000 rows"},
		"more rows than are allowed":         {func(m *metadata) { m.groups[0][3] = int64(maxRows + 1) }, "more than 1000 rows"},
		"all the rows that there can be":     {func(m *metadata) { m.groups[0][3] = int64(1<<63 - 1) }, "more than 1000 rows"},
		"more rows than values":              {func(m *metadata) { m.groups[0][3] = int64(2) }, "1 values in 2 rows"},
		"more rows than its pages have":      {func(m *metadata) { m.groups[0][3], m.chunk[5] = int64(2), int64(2) }, "1 of its 2 values"},
		"more columns than the schema lists": {func(m *metadata) { m.schema[1][5] = int32(1 << 30) }, "declares 1073741824 children"},
		"children of the root that are not there": {func(m *metadata) {
			m.schema = append(m.schema, fields{4: "group", 5: int32(1 << 30)})
		}, "declares 1073741824 children"},
		"children of each other, each of them all of them": {func(m *metadata) {
			for range 4000 {
				m.schema = append(m.schema, fields{4: "group", 5: int32(4000)})
			}
		}, "the schema has 4002 elements, and declares 16000001 children"},
		"a negative number of children": {func(m *metadata) {
			m.schema = append(m.schema, fields{4: "group", 5: int32(-1)})
		}, "declares -1 children"},
		"a schema of 5,000 columns": {func(m *metadata) {
			for range 5000 {
				m.schema = append(m.schema, m.schema[1])
			}
			m.schema[0][5] = int32(5001)
		}, "the schema has 5002 elements"},
		"the column twice":                  {func(m *metadata) { m.schema = append(m.schema, m.schema[1]); m.schema[0][5] = int32(2) }, "appears twice"},
		"a row group without the column":    {func(m *metadata) { m.columns = nil }, "does not have the column"},
		"a row group with another column":   {func(m *metadata) { m.chunk[3] = []string{"other"} }, "does not have the column"},
		"a column without its metadata":     {func(m *metadata) { delete(m.columns[0], 3) }, "decoding failed"},
		"pages behind the end of the file":  {func(m *metadata) { m.chunk[9] = int64(1 << 40) }, "outside the file"},
		"pages before its beginning":        {func(m *metadata) { m.chunk[9] = int64(-1) }, "outside the file"},
		"a dictionary before its beginning": {func(m *metadata) { m.chunk[9], m.chunk[11] = int64(1<<62), int64(1<<61) }, "outside the file"},
		"more pages than the file can hold": {func(m *metadata) { m.chunk[7] = int64(1<<63 - 1) }, "outside the file"},
		"pages of no length":                {func(m *metadata) { m.chunk[7] = int64(0) }, "0 of its 1 values"},
		"the codec LZO":                     {func(m *metadata) { m.chunk[4] = int32(3) }, "LZO unimplemented"},
		"a codec that nobody knows":         {func(m *metadata) { m.chunk[4] = int32(99) }, "unimplemented"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assertRefused(t, honest.forged(tt.change), tt.reason)
		})
	}
}

func TestReadRefusesBytesThatAreNotMetadata(t *testing.T) {
	file := func(metadata ...byte) []byte { return withFooter([]byte(magic), metadata) }
	tests := map[string]struct {
		file   []byte
		reason string
	}{
		"nothing":                          {nil, "too short"},
		"another format":                   {[]byte("PK\x03\x04 and more of it"), "begin and end with PAR1"},
		"an encrypted file":                {[]byte("PARE........PARE"), "begin and end with PAR1"},
		"metadata longer than the file":    {[]byte("PAR1\xff\xff\x00\x00PAR1"), "65535 bytes of metadata"},
		"4 GiB of metadata":                {[]byte("PAR1\xff\xff\xff\xffPAR1"), "4294967295 bytes of metadata"},
		"metadata without an end":          {file(0x15, 0x02), "ends too early"},
		"no metadata":                      {file(), "ends too early"},
		"a list of 2 billion structures":   {file(0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07), "declares 2147483647 elements"},
		"a text of 2 billion bytes":        {file(0x18, 0xff, 0xff, 0xff, 0xff, 0x07), "ends too early"},
		"structures in structures":         {file(bytes.Repeat([]byte{0x1c}, 1<<20)...), "nested deeper"},
		"lists in lists":                   {file(append([]byte{0x19}, bytes.Repeat([]byte{0x19}, 1<<20)...)...), "nested deeper"},
		"lists that are too many in all":   {file(append([]byte{0x19, 0xf3, 0x80, 0x80, 0x20}, make([]byte, 1<<20)...)...), "declares 524288 elements"},
		"a map, which Parquet has not":     {file(0x1b, 0x00), "not part of Parquet"},
		"a number longer than ten bytes":   {file(append([]byte{0x16}, bytes.Repeat([]byte{0xff}, 20)...)...), "ends too early"},
		"a number of more than 32 bits":    {file(append([]byte{0x15}, uvarint(1<<40)...)...), "longer than 32 bits"},
		"a field of a negative number":     {file(0x05, 0x01, 0x02), "field -1 is not part of Parquet"},
		"the schema twice":                 {file(append([]byte{0x29, 0x0c, 0x09, 0x04, 0x0c}, 0x00)...), "the schema appears twice"},
		"required fields that are missing": {file(0x00), "Required field Version is not set"},
		"a schema without a root":          {withFooter([]byte(magic), fields{1: int32(1), 2: []fields{}, 3: int64(0), 4: []fields{}}.encode()), "the schema is empty"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assertRefused(t, tt.file, tt.reason)
		})
	}
}

func TestReadRefusesPagesThatLie(t *testing.T) {
	data := func(header fields, compressed, uncompressed int32, payload []byte) []byte {
		return page(fields{1: dataPages, 2: uncompressed, 3: compressed, 5: header}, payload)
	}
	one := dataHeader(1, plainEncoding)
	tests := map[string]struct {
		file   crafted
		reason string
	}{
		"2 GiB of values":                    {crafted{rows: 1, pages: data(one, 5, 1<<31-1, plain("a"))}, "the maximum is 134217728"},
		"2 GiB of compressed values":         {crafted{rows: 1, pages: data(one, 1<<31-1, 5, plain("a"))}, "declares 2147483647 bytes, and the column has 5 left"},
		"a negative size":                    {crafted{rows: 1, pages: data(one, -1, 5, plain("a"))}, "a page declares 5 bytes, compressed -1"},
		"more bytes than its column has":     {crafted{rows: 1, pages: data(one, 100, 100, plain("a"))}, "the column has 5 left"},
		"another size than it has":           {crafted{rows: 1, pages: data(one, 5, 6, plain("a"))}, "does not have its declared size"},
		"more values than its row group":     {crafted{rows: 1, pages: dataPage(2, plainEncoding, plain("a", "b"))}, "its row group has 1 left"},
		"fewer than no values":               {crafted{rows: 1, pages: dataPage(-1, plainEncoding, plain("a"))}, "declares -1 values"},
		"a value longer than the page":       {crafted{rows: 1, pages: dataPage(1, plainEncoding, []byte("\xff\xff\xff\x7f"))}, "eof reading bytearray"},
		"a value of a negative length":       {crafted{rows: 1, pages: dataPage(1, plainEncoding, []byte("\xff\xff\xff\xff"))}, "invalid BYTE_ARRAY value"},
		"no header of its type":              {crafted{rows: 1, pages: page(fields{1: dataPages, 2: int32(0)}, nil)}, "header of its type"},
		"the header of another type":         {crafted{rows: 1, pages: page(fields{1: dataPagesV2, 2: int32(0), 5: one}, nil)}, "header of its type"},
		"a dictionary without its header":    {crafted{rows: 1, pages: page(fields{1: dictionaryPages, 2: int32(0)}, nil)}, "header of its type"},
		"an index, which no column has":      {crafted{rows: 1, pages: page(fields{1: indexPages, 2: int32(0), 6: fields{}}, nil)}, "header of its type"},
		"its sizes twice":                    {crafted{rows: 1, pages: append([]byte{0x15, 0x00, 0x15, 0x02, 0x05, 0x04, 0x04}, 0x00)}, "a field appears twice"},
		"another encoding":                   {crafted{rows: 1, pages: dataPage(1, splitStreams, nil)}, "BYTE_STREAM_SPLIT is not supported"},
		"an encoding that nobody knows":      {crafted{rows: 1, pages: dataPage(1, 99, nil)}, "is not supported"},
		"numbers, and not text":              {crafted{rows: 1, pages: dataPage(1, deltaBinaryPacked, uvarint(128, 4, 1, 0))}, "decoding failed"},
		"levels in another encoding":         {crafted{rows: 1, nullable: true, pages: data(fields{1: int32(1), 2: int32(plainEncoding), 3: int32(packedLevels), 4: int32(runLengths)}, 6, 6, append([]byte{1}, plain("a")...))}, "levels in encoding BIT_PACKED"},
		"2 billion values of a dictionary":   {crafted{rows: 1, pages: dictionaryPage(1<<31-1, nil)}, "a dictionary declares 2147483647 values"},
		"fewer than no values of it":         {crafted{rows: 1, pages: dictionaryPage(-1, nil)}, "a dictionary declares -1 values"},
		"a dictionary that is too short":     {crafted{rows: 1, pages: join(dictionaryPage(2, plain("abcd")), dataPage(1, dictionaryIndexes, []byte{1, 2, 0}))}, "ends too early"},
		"two dictionaries":                   {crafted{rows: 1, pages: join(dictionaryPage(1, plain("a")), dictionaryPage(1, plain("a")), dataPage(1, dictionaryIndexes, []byte{1, 2, 0}))}, "more than one dictionary"},
		"no dictionary":                      {crafted{rows: 1, pages: dataPage(1, dictionaryIndexes, []byte{1, 2, 0})}, "no value 0 among 0"},
		"indexes that are not there":         {crafted{rows: 1, pages: join(dictionaryPage(1, plain("a")), dataPage(1, dictionaryIndexes, []byte{1}))}, "ends too early"},
		"not even their width":               {crafted{rows: 1, pages: join(dictionaryPage(1, plain("a")), dataPage(1, dictionaryIndexes, nil))}, "ends too early"},
		"indexes that end too early":         {crafted{rows: 3, pages: join(dictionaryPage(1, plain("a")), dataPage(3, dictionaryIndexes, []byte{1, 2 << 1, 0}))}, "ends too early"},
		"an index behind the dictionary":     {crafted{rows: 1, pages: join(dictionaryPage(1, plain("a")), dataPage(1, dictionaryIndexes, []byte{32, 2, 0xff, 0xff, 0xff, 0xff}))}, "no value 4294967295 among 1"},
		"packed indexes behind it":           {crafted{rows: 2, pages: join(dictionaryPage(1, plain("a")), dataPage(2, dictionaryIndexes, []byte{1, 3, 0b10}))}, "no value 1 among 1"},
		"indexes of 255 bits":                {crafted{rows: 1, pages: dataPage(1, dictionaryIndexes, []byte{255, 2, 0})}, "integers of 255 bits"},
		"packed indexes without end":         {crafted{rows: 1, pages: dataPage(1, dictionaryIndexes, append([]byte{8}, uvarint(1<<63|1)...))}, "a run has 4611686018427387904 values"},
		"packed indexes that are not there":  {crafted{rows: 1, pages: dataPage(1, dictionaryIndexes, []byte{8, 3})}, "ends too early"},
		"levels longer than the page":        {crafted{rows: 1, nullable: true, pages: dataPage(1, plainEncoding, []byte("\xff\xff\xff\xff"))}, "ends too early"},
		"no levels":                          {crafted{rows: 1, nullable: true, pages: dataPage(1, plainEncoding, nil)}, "ends too early"},
		"levels that end too early":          {crafted{rows: 3, nullable: true, pages: dataPage(3, plainEncoding, join(levels(2<<1, 1), plain("a", "b", "c")))}, "ends too early"},
		"a level that there cannot be":       {crafted{rows: 1, nullable: true, pages: dataPage(1, plainEncoding, join(levels(1<<1, 2), plain("a")))}, "no value 2 among 2"},
		"levels of values that are missing":  {crafted{rows: 2, nullable: true, pages: dataPage(2, plainEncoding, join(levels(2<<1, 1), plain("a")))}, "eof reading bytearray"},
		"a run of no levels":                 {crafted{rows: 1, nullable: true, pages: dataPage(1, plainEncoding, levels(make([]byte, 1<<16)...))}, "a run has 0 values"},
		"more lengths than values":           {crafted{rows: 1, pages: dataPage(1, deltaLengths, uvarint(128, 4, 1<<40))}, "ends too early"},
		"more lengths than values, in full":  {crafted{rows: 1, pages: dataPage(1, deltaLengths, uvarint(128, 4, 1<<40, 0))}, "1099511627776 differences, and 1 values"},
		"fewer lengths than values":          {crafted{rows: 2, pages: dataPage(2, deltaLengths, append(uvarint(128, 4, 1, 2), 'a'))}, "1 differences, and 2 values"},
		"lengths in blocks of nothing":       {crafted{rows: 1, pages: dataPage(1, deltaLengths, uvarint(0, 0, 1, 0))}, "blocks of 0 values in 0 parts"},
		"lengths in endless blocks":          {crafted{rows: 1, pages: dataPage(1, deltaLengths, uvarint(1<<63, 1, 1, 0))}, "blocks of 9223372036854775808 values"},
		"lengths in parts of nothing":        {crafted{rows: 2, pages: dataPage(2, deltaLengths, uvarint(128, 256, 2, 0))}, "blocks of 128 values in 256 parts"},
		"a block that is not there":          {crafted{rows: 2, pages: dataPage(2, deltaLengths, uvarint(128, 4, 2, 0))}, "ends too early"},
		"a part that is not there":           {crafted{rows: 2, pages: dataPage(2, deltaLengths, uvarint(128, 4, 2, 0, 0, 8, 0, 0, 0))}, "ends too early"},
		"a negative length":                  {crafted{rows: 1, pages: dataPage(1, deltaLengths, uvarint(128, 4, 1, 1))}, "decoding failed"},
		"a length behind the page":           {crafted{rows: 1, pages: dataPage(1, deltaLengths, uvarint(128, 4, 1, 2000))}, "decoding failed"},
		"lengths of 255 bits":                {crafted{rows: 2, pages: dataPage(2, deltaLengths, uvarint(128, 4, 2, 0, 0, 0x1ff, 0x1ff))}, "integers of 255 bits"},
		"lengths of nothing but nulls":       {crafted{rows: 1, nullable: true, pages: dataPage(1, deltaLengths, join(levels(1<<1, 0), uvarint(128, 4, 1<<27, 0)))}, "134217728 differences, and 0 values"},
		"beginnings of nothing but nulls":    {crafted{rows: 1, nullable: true, pages: dataPage(1, deltaBytes, join(levels(1<<1, 0), uvarint(128, 4, 0, 0), uvarint(128, 4, 1<<27, 0)))}, "134217728 differences, and 0 values"},
		"a beginning that nothing has":       {crafted{rows: 1, pages: dataPage(1, deltaBytes, join(uvarint(128, 4, 1, 0), uvarint(128, 4, 1<<40, 0)))}, "1099511627776 differences"},
		"more of the last value than it has": {crafted{rows: 2, pages: dataPage(2, deltaBytes, join(uvarint(128, 4, 2, 0, 200, 0, 0, 0, 0), uvarint(128, 4, 2, 2, 0, 0, 0, 0, 0), []byte("ab")))}, "decoding failed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assertRefused(t, tt.file.file(), tt.reason)
		})
	}
}

func TestReadRefusesPagesOfTheSecondVersionThatLie(t *testing.T) {
	with := func(values, levels int32, more fields) fields {
		header := dataHeaderV2(values, plainEncoding, levels)
		for id, value := range more {
			header[id] = value
		}
		return header
	}
	tests := map[string]struct {
		header fields
		reason string
	}{
		"levels longer than the page": {with(1, 100, nil), "levels that it does not have"},
		"levels of a negative length": {with(1, -1, nil), "levels that it does not have"},
		"levels of lists":             {with(1, 0, fields{6: int32(6)}), "levels that it does not have"},
		"levels of a negative list":   {with(1, 0, fields{6: int32(-6)}), "levels that it does not have"},
		"values that are not there":   {with(1, 5, nil), "eof reading bytearray"},
		"more rows than values":       {with(1, 0, fields{3: int32(2)}), "1 values in 2 rows"},
		"more values than rows":       {with(2, 0, nil), "its row group has 1 left"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			pages := page(fields{1: dataPagesV2, 2: int32(5), 8: tt.header}, plain("a"))
			assertRefused(t, crafted{rows: 1, pages: pages}.file(), tt.reason)
		})
	}
	t.Run("another size than it has, and not compressed", func(t *testing.T) {
		pages := page(fields{1: dataPagesV2, 2: int32(500), 8: with(1, 0, fields{7: false})}, plain("a"))
		assertRefused(t, crafted{rows: 1, pages: pages}.file(), "does not have its declared size")
	})
	t.Run("no levels, where values may be null", func(t *testing.T) {
		pages := page(fields{1: dataPagesV2, 2: int32(5), 8: with(1, 0, nil)}, plain("a"))
		assertRefused(t, crafted{rows: 1, nullable: true, pages: pages}.file(), "ends too early")
	})
}

// codecs has every supported codec by name.
var codecs = map[string]compress.Compression{
	"nothing": compress.Codecs.Uncompressed, "Snappy": compress.Codecs.Snappy, "gzip": compress.Codecs.Gzip,
	"Brotli": compress.Codecs.Brotli, "Zstandard": compress.Codecs.Zstd, "LZ4": compress.Codecs.Lz4Raw,
}

// compressed returns data compressed by a codec.
func compressed(t *testing.T, name compress.Compression, data []byte) []byte {
	t.Helper()
	codec, err := compress.GetCodec(name)
	require.NoError(t, err)
	return codec.Encode(make([]byte, codec.CompressBound(int64(len(data)))), data)
}

func TestReadRefusesPagesLargerThanDeclared(t *testing.T) {
	zeros := make([]byte, 20<<20)
	for name, codec := range codecs {
		t.Run(name, func(t *testing.T) {
			bomb := compressed(t, codec, zeros)
			for _, size := range []int32{100, 21 << 20} {
				pages := page(fields{1: dataPages, 2: size, 5: dataHeader(1, plainEncoding)}, bomb)
				var refused *columns.Error
				_, _, err := read(crafted{rows: 1, codec: int32(codec), pages: pages}.file(), "id")
				require.ErrorAs(t, err, &refused)
				if codec == compress.Codecs.Lz4Raw && size == 100 {
					assert.ErrorContains(t, err, "lz4: invalid source or destination buffer too short")
				} else {
					assert.ErrorContains(t, err, "does not have its declared size")
				}
			}
			pages := page(fields{1: dataPages, 2: int32(100), 5: dataHeader(1, plainEncoding)}, bomb)
			if codec != compress.Codecs.Uncompressed { // its file is as large as the page
				assertRefused(t, crafted{rows: 1, codec: int32(codec), pages: pages}.file(), "id")
			}
		})
		t.Run("bytes that "+name+" does not know", func(t *testing.T) {
			pages := page(fields{1: dataPages, 2: int32(1 << 20), 5: dataHeader(1, plainEncoding)}, bytes.Repeat([]byte{0xff}, 11))
			assertRefused(t, crafted{rows: 1, codec: int32(codec), pages: pages}.file(), "id")
		})
		t.Run("a page of nothing that "+name+" makes large", func(t *testing.T) {
			pages := page(fields{1: dataPages, 2: int32(0), 5: dataHeader(1, plainEncoding)}, compressed(t, codec, zeros[:1<<20]))
			assertRefused(t, crafted{rows: 1, codec: int32(codec), pages: pages}.file(), "id")
		})
	}
}
