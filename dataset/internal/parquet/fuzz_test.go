package parquet_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/internal/parquet"
)

// FuzzPages puts pages of any content in a file that is otherwise sound, which a fuzzer that has to get the metadata right hardly reaches.
// The seeds are files in testdata/fuzz.
func FuzzPages(f *testing.F) {
	f.Fuzz(func(t *testing.T, codec, encoding, kind uint8, nullable bool, rows uint8, values, size int32, dictionary, payload []byte) {
		pages := join(
			dictionaryPage(t, int32(strings.Count(string(dictionary), "\x00\x00\x00")), dictionary),
			pageOf(t, header(kind%3, encoding%10, values, size, len(payload)), payload),
			dataPage(t, int32(rows), format.Plain, payload),
		)
		file := crafted{rows: int64(rows), nullable: nullable, codec: format.CompressionCodec(codec % 8), pages: pages}.file(t)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, count, err := read(file, "id")
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20)+100*uint64(len(file)))
		if err != nil {
			require.NotContains(t, err.Error(), "panicked")
			var refused *parquet.Error
			require.ErrorAs(t, err, &refused)
			return
		}
		require.Equal(t, int(rows), count)
		require.Len(t, got["id"], count)
	})
}

// header is that of a page of any kind, with sizes that are true unless another one is given.
func header(kind, encoding uint8, values, size int32, length int) format.PageHeader {
	if size == 0 {
		size = int32(length)
	}
	header := format.PageHeader{UncompressedPageSize: size}
	switch kind {
	case 0:
		header.Type = format.DataPage
		header.DataPageHeader = &format.DataPageHeader{NumValues: values, Encoding: format.Encoding(encoding)}
	case 1:
		header.Type = format.DataPageV2
		header.DataPageHeaderV2 = &format.DataPageHeaderV2{NumValues: values, Encoding: format.Encoding(encoding), DefinitionLevelsByteLength: values % 16}
	default:
		header.Type = format.DictionaryPage
		header.DictionaryPageHeader = &format.DictionaryPageHeader{NumValues: values}
	}
	return header
}
