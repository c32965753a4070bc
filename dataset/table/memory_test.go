package table_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/table"
)

// generated is a file of any size that takes no memory: a start, a repeated part, and a count of
// the bytes read.
type generated struct {
	start, repeated string
	size            int64
	read            int64
}

// ReadAt gives the file's bytes from the offset on.
func (g *generated) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= g.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), g.size-offset))
	for done := 0; done < n; {
		from, at := g.start, offset+int64(done)
		if at >= int64(len(g.start)) {
			from, at = g.repeated, (at-int64(len(g.start)))%int64(len(g.repeated))
		}
		done += copy(p[done:n], from[at:])
	}
	g.read += int64(n)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// allocated returns the number of bytes that a function allocates in total, which exceeds what it
// ever holds.
func allocated(do func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// The files of TestReadOfAGigabyteStaysSmall, and how much may be read of them and allocated.
const (
	gigabyte     = 1 << 30
	mostRead     = 17 << 20 // a line of 16 MiB
	mostAllotted = 72 << 20 // a buffer that doubles up to 32 MiB
)

// TestReadOfAGigabyteStaysSmall: a line or an object of a gigabyte is refused after its first
// megabytes.
func TestReadOfAGigabyteStaysSmall(t *testing.T) {
	tests := map[string]struct{ file, start, repeated, says string }{
		"a line of JSON that does not end":           {"d.jsonl", "", "x", "line 1: the line is longer than 16 MiB"},
		"the second line":                            {"d.jsonl", `{"instance_id": "a"}` + "\n", "x", "line 2: the line is longer than 16 MiB"},
		"an id":                                      {"d.jsonl", `{"instance_id": "`, "x", "line 1: the line is longer than 16 MiB"},
		"a text in a column that is not needed":      {"d.jsonl", `{"instance_id": "a", "patch": "`, "x", "line 1: the line is longer than 16 MiB"},
		"lists in lists":                             {"d.jsonl", `{"patch": `, "[", "line 1: the line is longer than 16 MiB"},
		"a number of a billion digits":               {"d.jsonl", `{"instance_id": `, "1", "line 1: the line is longer than 16 MiB"},
		"a line of NaN":                              {"d.jsonl", `{"patch": `, "NaN,", "line 1: the line is longer than 16 MiB"},
		"columns without end":                        {"d.jsonl", `{"instance_id": "a"`, `,"c":1`, "line 1: the line is longer than 16 MiB"},
		"a line of white space":                      {"d.jsonl", "", " ", "line 1: the line is longer than 16 MiB"},
		"a line of zeros, as a sparse file has":      {"d.jsonl", "", "\x00", "line 1: the line is longer than 16 MiB"},
		"an id on a line":                            {"d.txt", "", "x", "line 1: the line is longer than 16 MiB"},
		"a comment":                                  {"d.txt", "# ", "x", "line 1: the line is longer than 16 MiB"},
		"an array's text that is not needed":         {"d.json", `[{"patch": "`, "x", "row 1: the row is longer than 16 MiB"},
		"an array's problem":                         {"d.json", `[{"problem_statement": "`, "x", "row 1: the row is longer than 16 MiB"},
		"an array's columns":                         {"d.json", `[{"instance_id": "a"`, `,"c":1`, "row 1: the row has more than 10000 columns"},
		"a row's text, and none before":              {"d.json", `{"patch": "`, "x", "d.json: the row is longer than 16 MiB"},
		"a split's rows":                             {"d.json", `{"test": [`, "{},", "d.json: the dataset has more than 250000 rows"},
		"a split's columns":                          {"d.json", `{"test": [{"a":1`, `,"c":1`, "d.json: the row is longer than 16 MiB"},
		"a split's lists in lists":                   {"d.json", `{"test": [`, `[`, "d.json: the JSON is not valid: invalid character '[' exceeded max depth"},
		"a column's values":                          {"d.json", `{"instance_id": [`, "1,", "d.json: the dataset has more than 250000 rows"},
		"a column's values by key":                   {"d.json", `{"instance_id": {"0": ""`, `,"1":""`, "d.json: the dataset has more than 250000 rows"},
		"columns":                                    {"d.json", `{"a": []`, `,"a":[]`, "d.json: the dataset has more than 250000 rows"},
		"white space behind an object":               {"d.json", `{"a": 1}`, " ", "d.json row 1: the row is longer than 16 MiB"},
		"an array's lists in lists":                  {"d.json", `[{"patch": `, "[", "row 1: the JSON is not valid: invalid character '[' exceeded max depth"},
		"white space before an array":                {"d.json", "", " ", "d.json: the row is longer than 16 MiB"},
		"white space between the array's rows":       {"d.json", `[{"instance_id": "a"},`, " ", "row 2: the row is longer than 16 MiB"},
		"white space behind an array":                {"d.json", `[{"instance_id": "a"}]`, " ", "row 1: the JSON is not valid: there is more data after the array"},
		"a Parquet file that is nothing but zeros":   {"d.parquet", "PAR1", "\x00", "begin and end with PAR1"},
		"a Parquet file whose metadata is all of it": {"d.parquet", "PAR1", "\xff\xff\xff\x3fPAR1", "1073741823 bytes of metadata"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := &generated{start: tt.start, repeated: strings.Repeat(tt.repeated, 1<<12), size: gigabyte + 4}
			var err error
			took := allocated(func() { _, err = table.Read(tt.file, file, file.size) })
			var malformed *table.MalformedError
			require.ErrorAs(t, err, &malformed)
			assert.ErrorContains(t, err, tt.says)
			assert.Less(t, len(err.Error()), 300)
			assert.LessOrEqual(t, file.read, int64(mostRead), "it stops early")
			assert.Less(t, took, int64(mostAllotted))
			t.Logf("read %d KiB, allocated %d KiB", file.read>>10, took>>10)
		})
	}
}

// TestReadOfLongKeysStaysSmall: keys are dropped until the form of the file is clear.
func TestReadOfLongKeysStaysSmall(t *testing.T) {
	file := &generated{start: `{"test": []`, repeated: `,"` + strings.Repeat("k", 1<<20) + `":[]`, size: 200 << 20}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	probe := &probed{generated: file, at: file.size - 1, do: func() {
		runtime.GC()
		runtime.ReadMemStats(&after)
	}}
	_, err := table.Read("d.json", probe, file.size)
	require.ErrorContains(t, err, "d.json: the JSON is not valid")
	held := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	assert.Less(t, held, int64(mostAllotted), "keys of 200 MB were read")
	t.Logf("held %d KiB", held>>10)
}

// probed is a file that calls a function when the byte at an offset is first read.
type probed struct {
	*generated
	at int64
	do func()
}

// ReadAt gives the file's bytes from the offset on.
func (p *probed) ReadAt(b []byte, offset int64) (int, error) {
	if p.do != nil && offset <= p.at && p.at < offset+int64(len(b)) {
		p.do()
		p.do = nil
	}
	return p.generated.ReadAt(b, offset)
}

// TestReadTextOfAGigabyteStaysSmall: anybody may have written the file of --select.
func TestReadTextOfAGigabyteStaysSmall(t *testing.T) {
	file := &generated{repeated: strings.Repeat("x", 1<<12), size: gigabyte}
	var err error
	took := allocated(func() { _, err = table.ReadText("select.txt", io.NewSectionReader(file, 0, file.size)) })
	require.ErrorContains(t, err, "select.txt line 1: the line is longer than 16 MiB")
	assert.LessOrEqual(t, file.read, int64(mostRead))
	assert.Less(t, took, int64(mostAllotted))
}

// TestReadGivesUpOnTooMuchToKeep: each value is short enough, but all together are too long. A
// Parquet file stores them once.
func TestReadGivesUpOnTooMuchToKeep(t *testing.T) {
	const reason = "the dataset has more than 32 MiB of ids, repositories and images"
	long := strings.Repeat("x", 1024)
	object := fmt.Sprintf(`{"instance_id": %q, "repo": %q, "org": %q, "image_name": %q, "dockerhub_tag": %q}`, long, long, long, long, long)
	for file, form := range map[string][2]string{
		"d.jsonl": {"", object + "\n"},
		"d.json":  {"[" + object, "," + object},
		"d.txt":   {"", long + "\n"},
	} {
		t.Run(file, func(t *testing.T) {
			endless := &generated{start: form[0], repeated: form[1], size: gigabyte}
			_, err := table.Read(file, endless, endless.size)
			require.ErrorContains(t, err, reason)
			assert.Less(t, endless.read, int64(40<<20))
		})
	}
	t.Run("d.parquet", func(t *testing.T) {
		values := slices.Repeat([]string{long}, 200_000)
		var columns []datasettest.Column
		for _, name := range []string{"instance_id", "repo", "org", "image_name", "dockerhub_tag"} {
			columns = append(columns, datasettest.Column{Name: name, Values: values})
		}
		file, err := datasettest.Parquet(len(values), columns)
		require.NoError(t, err)
		require.Less(t, len(file), 1<<20, "it asks for a gigabyte")

		took := allocated(func() { _, err = table.Read("d.parquet", bytes.NewReader(file), int64(len(file))) })
		require.ErrorContains(t, err, reason)
		assert.Less(t, took, int64(128<<20))
		t.Logf("%d KiB of Parquet, allocated %d KiB", len(file)>>10, took>>10)
	})
}
