package parquet_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/internal/parquet"
)

// counted counts what is read of a file.
type counted struct {
	io.ReaderAt
	bytes int64
}

func (c *counted) ReadAt(p []byte, offset int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, offset)
	c.bytes += int64(n)
	return n, err
}

// readCounted reads the column id within so many bytes and pages, and says how many bytes of the file that took.
func readCounted(bytesAllowed, pagesAllowed int64, file []byte) (int64, error) {
	r := &counted{ReaderAt: bytes.NewReader(file)}
	_, err := parquet.ReadWithin(bytesAllowed, pagesAllowed, r, int64(len(file)), []string{"id"}, maxRows, func(int, string, []byte) error { return nil })
	return r.bytes, err
}

// shared is the file with so many row groups in place of its one, all of which have the same pages.
func shared(t *testing.T, groups int, file []byte) []byte {
	t.Helper()
	return forge(t, file, func(m *format.FileMetaData) {
		for len(m.RowGroups) < groups {
			m.RowGroups = append(m.RowGroups, m.RowGroups[0])
		}
	})
}

// TestReadIsNotKeptBusyByASmallFile: some kilobytes can ask for hours of work.
func TestReadIsNotKeptBusyByASmallFile(t *testing.T) {
	blank := dataPage(t, 0, format.Plain, nil)
	one := dataPage(t, 1, format.Plain, plain("a"))

	t.Run("by empty pages", func(t *testing.T) {
		_, _, err := read(crafted{rows: 1, pages: bytes.Repeat(blank, 1<<17+1)}.file(t), "id")
		require.ErrorContains(t, err, "more than 131072 pages")
	})
	t.Run("by empty pages that many row groups share", func(t *testing.T) {
		_, err := readCounted(1<<30, 5000, shared(t, 1000, crafted{rows: 1, pages: append(bytes.Repeat(blank, 1000), one...)}.file(t)))
		require.ErrorContains(t, err, "more than 5000 pages")
	})
	t.Run("by large pages of nothing that many row groups share", func(t *testing.T) {
		// A frame to be skipped decompresses to nothing: 1,000 row groups of 1 MiB are a gigabyte to read, in a file of 1 MiB.
		frame := append(binary.LittleEndian.AppendUint32([]byte{0x50, 0x2a, 0x4d, 0x18}, 1<<20), make([]byte, 1<<20)...)
		skipped := pageOf(t, format.PageHeader{Type: format.IndexPage, IndexPageHeader: &format.IndexPageHeader{}}, frame)
		encoder, err := zstd.NewWriter(nil)
		require.NoError(t, err)
		value := pageOf(t, format.PageHeader{
			Type: format.DataPage, UncompressedPageSize: 5, DataPageHeader: &format.DataPageHeader{NumValues: 1},
		}, encoder.EncodeAll(plain("a"), nil))

		file := crafted{rows: 1, codec: format.Zstd, pages: append(skipped, value...)}.file(t)
		_, err = readCounted(16<<20, 100, file)
		require.NoError(t, err, "one of them is fine")
		read, err := readCounted(16<<20, 5000, shared(t, 1000, file))
		require.ErrorContains(t, err, "larger than 16777216 bytes together")
		assert.Less(t, read, int64(40<<20), "what is compressed counts as well")
	})
	t.Run("by headers that many row groups share", func(t *testing.T) {
		header := pageOf(t, format.PageHeader{Type: format.DataPage, DataPageHeader: &format.DataPageHeader{
			Statistics: format.Statistics{Max: make([]byte, 100<<10)},
		}}, nil)
		_, err := readCounted(16<<20, 5000, shared(t, 1000, crafted{rows: 1, pages: append(header, one...)}.file(t)))
		require.ErrorContains(t, err, "larger than 16777216 bytes together")
	})
	t.Run("by row groups without a row", func(t *testing.T) {
		file := forge(t, crafted{rows: 1, pages: one}.file(t), func(m *format.FileMetaData) {
			m.RowGroups[0].NumRows = 0
			for range 80_000 {
				m.RowGroups = append(m.RowGroups, m.RowGroups[0])
			}
		})
		read, err := readCounted(0, 0, file)
		require.NoError(t, err)
		assert.LessOrEqual(t, read, int64(len(file)), "nothing but the metadata is read")
	})
	t.Run("by a million row groups", func(t *testing.T) {
		// A list of 2^20 structures without a field, as field 4 of the metadata.
		groups := append([]byte{0x49, 0xfc, 0x80, 0x80, 0x40}, make([]byte, 1<<20)...)
		assertRefused(t, withFooter(t, []byte("PAR1"), append(groups, 0)), "declares 1048576 elements")
	})
	t.Run("by a million columns", func(t *testing.T) {
		columns := append([]byte{0x29, 0xfc, 0x80, 0x80, 0x40}, make([]byte, 1<<20)...)
		assertRefused(t, withFooter(t, []byte("PAR1"), append(columns, 0)), "declares 1048576 elements")
	})
	t.Run("by a run of 2^31 values", func(t *testing.T) {
		run := append([]byte{1}, binary.AppendUvarint(nil, 1<<31<<1)...)
		assertRefused(t, crafted{rows: 1, pages: join(
			dictionaryPage(t, 1, plain("a")), dataPage(t, 1<<31-1, format.RLEDictionary, append(run, 0)),
		)}.file(t), "declares 2147483647 values, and its row group has 1 left")
	})
	t.Run("by a run of 2^31 levels", func(t *testing.T) {
		run := append(binary.AppendUvarint(nil, 1<<31<<1), 0)
		_, count, err := read(crafted{rows: 1, nullable: true, pages: dataPage(t, 1, format.Plain, levels(run...))}.file(t), "id")
		require.NoError(t, err, "only as many are taken as there are rows")
		assert.Equal(t, 1, count)
	})
	t.Run("by a gzip of gzips, which is decompressed once", func(t *testing.T) {
		bomb := make([]byte, 1<<20)
		for range 3 {
			var packed bytes.Buffer
			w := gzip.NewWriter(&packed)
			_, err := w.Write(bomb)
			require.NoError(t, err)
			require.NoError(t, w.Close())
			bomb = packed.Bytes()
		}
		assertRefused(t, crafted{rows: 1, codec: format.Gzip, pages: dataPage(t, 1, format.Plain, bomb)}.file(t), "not as large as it declares")
	})
}

func TestReadOfAPageWithALongHeader(t *testing.T) {
	page := pageOf(t, format.PageHeader{Type: format.DataPage, UncompressedPageSize: 5, DataPageHeader: &format.DataPageHeader{
		NumValues: 1, Statistics: format.Statistics{Max: bytes.Repeat([]byte("m"), 100<<10)},
	}}, plain("a"))
	got, _, err := read(crafted{rows: 2, pages: append(page, page...)}.file(t), "id")
	require.NoError(t, err)
	assert.Equal(t, []*string{text("a"), text("a")}, got["id"])

	assertRefused(t, crafted{rows: 1, pages: pageOf(t, format.PageHeader{Type: format.DataPage, DataPageHeader: &format.DataPageHeader{
		NumValues: 1, Statistics: format.Statistics{Max: make([]byte, 2<<20)},
	}}, nil)}.file(t), "ends too early")
}
