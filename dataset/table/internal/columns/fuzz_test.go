package columns_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/table/internal/columns"
)

// FuzzPages puts arbitrary pages into a file with sound metadata, which a fuzzer would hardly
// produce. The seeds are files in testdata/fuzz.
func FuzzPages(f *testing.F) {
	f.Fuzz(func(t *testing.T, codec, encoding, kind uint8, nullable bool, rows uint8, values, size int32, dictionary, payload []byte) {
		pages := join(
			dictionaryPage(int32(strings.Count(string(dictionary), "\x00\x00\x00")), dictionary),
			page(header(kind%3, encoding%10, values, size, len(payload)), payload),
			dataPage(int32(rows), plainEncoding, payload),
		)
		file := crafted{rows: int64(rows), nullable: nullable, codec: int32(codec % 8), pages: pages}.file()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, table, err := read(file, "id")
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20)+100*uint64(len(file)))
		if err != nil {
			var refused *columns.Error
			require.ErrorAs(t, err, &refused)
			return
		}
		require.Equal(t, int(rows), table.Rows)
		require.Len(t, got["id"], int(rows))
	})
}

// header returns the header of any page, with true sizes unless others are given.
func header(kind, encoding uint8, values, size int32, length int) fields {
	if size == 0 {
		size = int32(length)
	}
	switch kind {
	case 0:
		return fields{1: dataPages, 2: size, 5: dataHeader(values, int32(encoding))}
	case 1:
		return fields{1: dataPagesV2, 2: size, 8: dataHeaderV2(values, int32(encoding), values%16)}
	default:
		return fields{1: dictionaryPages, 2: size, 7: fields{1: values, 2: int32(plainEncoding)}}
	}
}
