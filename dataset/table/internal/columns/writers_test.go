package columns_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/table/internal/columns"
)

// TestReadOfAnotherWritersFiles: testdata/arrow-rs/write.mjs writes the same values.
func TestReadOfAnotherWritersFiles(t *testing.T) {
	want := make(cells)
	for i := range 30 {
		want["instance_id"] = append(want["instance_id"], text(fmt.Sprintf("owner__name-%d", 1000+i)))
		want["repo"] = append(want["repo"], text(fmt.Sprintf("owner/name-%d", i%7)))
		want["large"] = append(want["large"], text(strings.Repeat("x", i%20)))
		want["binary"] = append(want["binary"], text(fmt.Sprintf("tag-%d", i)))
		want["nulls"] = append(want["nulls"], nil)
		if i%3 > 0 {
			want["nulls"][i] = text(fmt.Sprintf("note %d", i))
		}
		want["none"] = append(want["none"], nil)
		want["number"] = append(want["number"], text(fmt.Sprint(i-5)))
		want["small"] = append(want["small"], text(fmt.Sprint(i%9)))
	}
	var wanted []columns.Column
	for _, name := range []string{"instance_id", "repo", "large", "binary", "nulls", "none", "number", "small", "image", "tests", "missing"} {
		wanted = append(wanted, columns.Column{Name: name, Integer: true})
	}
	for _, codec := range []string{"none", "snappy", "gzip", "brotli", "zstd", "lz4"} {
		for version := 1; version <= 2; version++ {
			name := fmt.Sprintf("%s-%d.parquet", codec, version)
			t.Run(name, func(t *testing.T) {
				file, err := os.ReadFile(filepath.Join("testdata", "arrow-rs", name))
				require.NoError(t, err)
				got, table, err := readWanted(file, wanted)
				require.NoError(t, err)
				assert.Equal(t, columns.Table{Rows: 30, Others: map[string]string{"image": "a struct", "tests": "a list"}}, table)
				assert.Equal(t, want, got)
				assert.Subset(t, flagsOfStatistics(t, file), []int16{7, 8})
			})
		}
	}
}

// flagsOfStatistics are the boolean fields of the columns' statistics.
func flagsOfStatistics(t *testing.T, file []byte) []int16 {
	t.Helper()
	end := len(file) - 8
	footer := file[end-int(binary.LittleEndian.Uint32(file[end:])) : end]
	require.True(t, bytes.HasSuffix(file, []byte(magic)))
	var flags []int16
	_, err := columns.Measure(footer, func(path []int16, _ int64) error {
		statistics := []int16{4, 0, 1, 0, 3, 12} // row groups, columns, metadata
		if len(path) == 7 && slices.Equal(path[:6], statistics) {
			flags = append(flags, path[6])
		}
		return nil
	})
	require.NoError(t, err)
	return flags
}

// TestReadOfStatisticsWithOneExactBound: pyarrow writes them since version 25. The reader before
// this one skipped one byte too many for each such unknown field; two of them hide that.
func TestReadOfStatisticsWithOneExactBound(t *testing.T) {
	for name, statistics := range map[string]fields{
		"the greatest":         {3: int64(0), 5: "a", 6: "a", 7: true},
		"the least":            {3: int64(0), 5: "a", 6: "a", 8: true},
		"the greatest, as not": {3: int64(0), 5: "a", 6: "a", 7: false},
		"both":                 {3: int64(0), 5: "a", 6: "a", 7: true, 8: false},
	} {
		t.Run(name, func(t *testing.T) {
			header := dataHeader(1, plainEncoding)
			header[5] = statistics
			pages := page(fields{1: dataPages, 2: int32(5), 5: header}, plain("a"))
			file := crafted{rows: 1, pages: pages}.forged(func(m *metadata) { m.chunk[12] = statistics })
			require.NotEmpty(t, flagsOfStatistics(t, file))
			got, _, err := read(file, "id")
			require.NoError(t, err)
			assert.Equal(t, cells{"id": {text("a")}}, got)
		})
	}
}
