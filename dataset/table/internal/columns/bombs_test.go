package columns_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/table/internal/columns"
)

// counted counts the bytes read from a file.
type counted struct {
	io.ReaderAt
	bytes int64
}

func (c *counted) ReadAt(p []byte, offset int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, offset)
	c.bytes += int64(n)
	return n, err
}

// readCounted reads the column id within limits of bytes and pages, and returns how many bytes of
// the file that took.
func readCounted(bytesAllowed, pagesAllowed int64, file []byte) (int64, error) {
	r := &counted{ReaderAt: bytes.NewReader(file)}
	_, err := columns.ReadWithin(bytesAllowed, pagesAllowed, r, int64(len(file)), []columns.Column{{Name: "id"}}, maxRows,
		func(int, string, []byte) error { return nil })
	return r.bytes, err
}

// shared returns the file with that many row groups instead of one, all with the same pages.
func (c crafted) shared(groups int) []byte {
	return c.forged(func(m *metadata) {
		for len(m.groups) < groups {
			m.groups = append(m.groups, m.groups[0])
		}
	})
}

// TestASmallFileCannotKeepReadBusy: some kilobytes can demand hours of work.
func TestASmallFileCannotKeepReadBusy(t *testing.T) {
	blank := dataPage(0, plainEncoding, nil)
	one := dataPage(1, plainEncoding, plain("a"))

	t.Run("by empty pages", func(t *testing.T) {
		_, _, err := read(crafted{rows: 1, pages: bytes.Repeat(blank, 1<<17+1)}.file(), "id")
		require.ErrorContains(t, err, "more than 131072 pages")
	})
	t.Run("by empty pages that many row groups share", func(t *testing.T) {
		_, err := readCounted(1<<30, 5000, crafted{rows: 1, pages: append(bytes.Repeat(blank, 1000), one...)}.shared(1000))
		require.ErrorContains(t, err, "more than 5000 pages")
	})
	t.Run("by large pages of nothing that many row groups share", func(t *testing.T) {
		// A skippable frame decompresses to nothing: 1,000 row groups of 1 MiB make a gigabyte to
		// read, in a file of 1 MiB.
		frame := append(binary.LittleEndian.AppendUint32([]byte{0x50, 0x2a, 0x4d, 0x18}, 1<<20), make([]byte, 1<<20)...)
		nothing := page(fields{1: dataPages, 2: int32(0), 5: dataHeader(0, plainEncoding)}, frame)
		value := page(fields{1: dataPages, 2: int32(5), 5: dataHeader(1, plainEncoding)}, compressed(t, zstdCodec, plain("a")))

		file := crafted{rows: 1, codec: zstdCodec, pages: append(nothing, value...)}
		_, err := readCounted(16<<20, 100, file.file())
		require.NoError(t, err, "one of them is fine")
		read, err := readCounted(16<<20, 5000, file.shared(1000))
		require.ErrorContains(t, err, "all pages together are larger than 16777216 bytes")
		assert.Less(t, read, int64(40<<20), "what is compressed counts as well")
	})
	t.Run("by headers that many row groups share", func(t *testing.T) {
		header := dataHeader(0, plainEncoding)
		header[5] = fields{1: strings.Repeat("m", 100<<10)}
		long := page(fields{1: dataPages, 2: int32(0), 5: header}, nil)
		_, err := readCounted(16<<20, 5000, crafted{rows: 1, pages: append(long, one...)}.shared(1000))
		require.ErrorContains(t, err, "all pages together are larger than 16777216 bytes")
	})
	t.Run("by row groups without a row", func(t *testing.T) {
		file := crafted{rows: 1, pages: one}.forged(func(m *metadata) {
			m.groups[0][3] = int64(0)
			for range 40_000 {
				m.groups = append(m.groups, m.groups[0])
			}
		})
		read, err := readCounted(0, 0, file)
		require.NoError(t, err)
		assert.LessOrEqual(t, read, int64(len(file)), "nothing but the metadata is read")
	})
	t.Run("by a million row groups", func(t *testing.T) {
		// A list of 2^20 structures without a field, as field 4 of the metadata.
		groups := append([]byte{0x49, 0xfc, 0x80, 0x80, 0x40}, make([]byte, 1<<20)...)
		assertRefused(t, withFooter([]byte(magic), append(groups, 0)), "declares 1048576 elements")
	})
	t.Run("by a million columns", func(t *testing.T) {
		columns := append([]byte{0x29, 0xfc, 0x80, 0x80, 0x40}, make([]byte, 1<<20)...)
		assertRefused(t, withFooter([]byte(magic), append(columns, 0)), "declares 1048576 elements")
	})
	t.Run("by a schema of 4,000 structures in each other", func(t *testing.T) {
		file := crafted{rows: 1, pages: one}.forged(func(m *metadata) {
			leaf := m.schema[1]
			m.schema = m.schema[:1]
			for range 4000 {
				m.schema = append(m.schema, fields{3: required, 4: strings.Repeat("g", 100), 5: int32(1)})
			}
			m.schema = append(m.schema, leaf)
		})
		_, table, err := read(file, "id")
		require.NoError(t, err)
		assert.Empty(t, table.Others, "there is no such column at the top")
	})
	t.Run("by a run of 2^31 values", func(t *testing.T) {
		run := append([]byte{1}, binary.AppendUvarint(nil, 1<<31<<1)...)
		assertRefused(t, crafted{rows: 1, pages: join(
			dictionaryPage(1, plain("a")), dataPage(1<<31-1, dictionaryIndexes, append(run, 0)),
		)}.file(), "declares 2147483647 values, and its row group has 1 left")
	})
	t.Run("by a run of 2^31 levels", func(t *testing.T) {
		run := append(binary.AppendUvarint(nil, 1<<31<<1), 0)
		assertRefused(t, crafted{rows: 1, nullable: true, pages: dataPage(1, plainEncoding, levels(run...))}.file(), "a run has 2147483648 values")
	})
	t.Run("by a run of 2^31 - 1 levels", func(t *testing.T) {
		run := append(binary.AppendUvarint(nil, (1<<31-1)<<1), 0)
		_, table, err := read(crafted{rows: 1, nullable: true, pages: dataPage(1, plainEncoding, levels(run...))}.file(), "id")
		require.NoError(t, err, "only as many are taken as there are rows")
		assert.Equal(t, 1, table.Rows)
	})
	t.Run("by values that each take over all of the one before", func(t *testing.T) {
		// The first value has 1 MiB, and each of 999 more is its predecessor and one byte: a
		// gigabyte.
		same, added := make([]int32, maxRows), make([]int32, maxRows)
		for i := range same {
			same[i], added[i] = int32(1<<20+i-1), 1
		}
		same[0], added[0] = 0, 1<<20
		pages := dataPage(maxRows, deltaBytes, join(differences(same...), differences(added...), make([]byte, 1<<20+maxRows)))
		_, err := readCounted(64<<20, 100, crafted{rows: maxRows, pages: pages}.file())
		require.ErrorContains(t, err, "all pages together are larger than 67108864 bytes")
	})
	t.Run("by a gzip of gzips, which is decompressed once", func(t *testing.T) {
		bomb := make([]byte, 1<<20)
		for range 3 {
			bomb = compressed(t, gzipCodec, bomb)
		}
		assertRefused(t, crafted{rows: 1, codec: gzipCodec, pages: dataPage(1, plainEncoding, bomb)}.file(), "does not have its declared size")
	})
}

// differences returns numbers in blocks of 128, in one part of 32 bits each.
func differences(numbers ...int32) []byte {
	data := uvarint(128, 1, uint64(len(numbers)))
	data = binary.AppendVarint(data, int64(numbers[0]))
	for at := 1; at < len(numbers); at += 128 {
		data = append(data, 0, 32) // no least difference, and the width
		for i := at; i < at+128; i++ {
			var difference int32
			if i < len(numbers) {
				difference = numbers[i] - numbers[i-1]
			}
			data = binary.LittleEndian.AppendUint32(data, uint32(difference))
		}
	}
	return data
}

func TestReadOfAPageWithALongHeader(t *testing.T) {
	of := func(values int32, statistics int, payload []byte) []byte {
		header := dataHeader(values, plainEncoding)
		header[5] = fields{1: strings.Repeat("m", statistics)}
		return page(fields{1: dataPages, 2: int32(len(payload)), 5: header}, payload)
	}
	long := of(1, 100<<10, plain("a"))
	got, _, err := read(crafted{rows: 2, pages: append(long, long...)}.file(), "id")
	require.NoError(t, err)
	assert.Equal(t, []*string{text("a"), text("a")}, got["id"])

	assertRefused(t, crafted{rows: 1, pages: of(1, 2<<20, nil)}.file(), "ends too early")
}
