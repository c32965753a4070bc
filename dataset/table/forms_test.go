package table_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/table"
)

// packed returns the gzipped content.
func packed(t testing.TB, content string) string {
	t.Helper()
	var file bytes.Buffer
	w := gzip.NewWriter(&file)
	_, err := w.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return file.String()
}

// TestReadOfEveryForm: each form has the same two rows.
func TestReadOfEveryForm(t *testing.T) {
	const first, second = `{"patch": "…", "instance_id": "a__a-1", "repo": "a/a"}`, `{"tests": [{}], "repo": null, "instance_id": "b__b-2"}`
	const lines = first + "\n" + second + "\n"
	const array = "[" + first + ",\n" + second + "]"
	const mark = "\ufeff"
	for name, file := range map[string][2]string{
		"objects on lines":                         {"d.jsonl", lines},
		"objects on lines, by their other name":    {"d.ndjson", lines},
		"objects on lines, gzipped":                {"d.jsonl.gz", packed(t, lines)},
		"objects on lines, gzipped in two parts":   {"d.ndjson.GZ", packed(t, first+"\n") + packed(t, second)},
		"objects on lines after a byte order mark": {"d.jsonl", mark + lines},
		"an array":                                  {"d.json", array},
		"an array after a byte order mark":          {"d.json", mark + array},
		"an array, gzipped":                         {"d.json.gz", packed(t, array)},
		"an array after a byte order mark, gzipped": {"d.json.gz", packed(t, mark+array)},
		"objects on lines that are called .json":    {"d.json", lines},
		"objects of several lines":                  {"d.json", strings.ReplaceAll(lines, ", ", ",\n  ")},
		"objects whose first begins with a list":    {"d.json", `{"tests": [{}], "instance_id": "a__a-1", "repo": "a/a"}` + second},
		"a split":                                   {"d.json", `{"test": ` + array + `}`},
		"a split after a byte order mark":           {"d.json", mark + `{"train": ` + array + `}`},
		"rows by number, as pandas writes them":     {"d.json", `{"0": ` + first + `, "1": ` + second + `}`},
		"rows by their ids":                         {"d.json", `{"a__a-1": {"repo": "a/a"}, "b__b-2": {"repo": null}}`},
		"columns by number, as pandas writes them":  {"d.json", `{"tests": {"0": [], "1": [{}]}, "instance_id": {"0": "a__a-1", "1": "b__b-2"}, "repo": {"0": "a/a", "1": null}}`},
		"columns in another order of rows":          {"d.json", `{"instance_id": {"x": "a__a-1", "y": "b__b-2"}, "repo": {"y": null, "x": "a/a"}}`},
		"columns that are lists":                    {"d.json", `{"patch": ["…", ""], "repo": ["a/a", null], "instance_id": ["a__a-1", "b__b-2"]}`},
		"columns, gzipped":                          {"d.json.gz", packed(t, `{"repo": ["a/a", null], "instance_id": ["a__a-1", "b__b-2"]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := readText(file[0], file[1])
			require.NoError(t, err)
			require.Len(t, rows, 2)
			assert.Equal(t, []string{"a__a-1", "b__b-2"}, []string{rows[0].InstanceID, rows[1].InstanceID})
			assert.Equal(t, []string{"a/a", ""}, []string{rows[0].Repo, rows[1].Repo})
			assert.Equal(t, file[0], rows[1].Position.File)
			assert.GreaterOrEqual(t, rows[1].Position.Number, 2)
		})
	}
	for name, file := range map[string][2]string{
		"ids after a byte order mark": {"d.txt", mark + "a__a-1\r\nb__b-2"},
		"ids, gzipped":                {"d.txt.gz", packed(t, "# ids\na__a-1\nb__b-2\n")},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := readText(file[0], file[1])
			require.NoError(t, err)
			require.Len(t, rows, 2)
			assert.Equal(t, []string{"a__a-1", "b__b-2"}, []string{rows[0].InstanceID, rows[1].InstanceID})
		})
	}
	t.Run("a selection after a byte order mark", func(t *testing.T) {
		rows, err := table.ReadText("select.txt", strings.NewReader(mark+"a__a-1\n"))
		require.NoError(t, err)
		require.Len(t, rows, 1)
		assert.Equal(t, "a__a-1", rows[0].InstanceID)
	})
}

func TestReadNamesUnsupportedForms(t *testing.T) {
	const array = `[{"instance_id": "a"}]`
	whole := packed(t, strings.Repeat(`{"instance_id": "a"}`+"\n", 1000))
	for name, tt := range map[string]struct{ file, content, says string }{
		"several splits":               {"d.json", `{"dev": ` + array + `, "test": ` + array + `}`, `d.json: the file has several splits ("dev", "test"): write the one`},
		"pandas' split":                {"d.json", `{"columns": ["instance_id"], "index": [0], "data": [["a"]]}`, `orient="split" or "table": write it with orient="records"`},
		"pandas' table":                {"d.json", `{"schema": {"fields": []}, "data": ` + array + `}`, `orient="split" or "table": write it with orient="records"`},
		"pandas' values":               {"d.json", `[["a"]]`, "d.json row 1: the row is a list, not an object"},
		"lists of no rows":             {"d.json", `{"a": [1], "b": {}}`, "neither rows nor columns nor a split"},
		"text":                         {"d.json", `"a"`, "d.json: the file is text, not an array of objects"},
		"null":                         {"d.json", `null`, "d.json: the file is null, not an array of objects"},
		"a row that is null":           {"d.json", `[null]`, "d.json row 1: the row is null, not an object"},
		"a list after objects":         {"d.json", `{"instance_id": "a"} []`, "d.json row 1: the next row is a list, not an object"},
		"more data after a split":      {"d.json", `{"test": ` + array + `} 1`, "more data after the object"},
		"columns of different lengths": {"d.json", `{"instance_id": ["a"], "repo": ["a", "b"]}`, `d.json, column "repo": the column has 2 values, but another column has 1, or values for other rows`},
		"a column that is too short":   {"d.json", `{"instance_id": ["a", "b"], "repo": ["a"]}`, `d.json, column "repo": the column has 1 values, but another column has 2`},
		"columns of different rows":    {"d.json", `{"instance_id": {"0": "a"}, "repo": {"1": "a"}}`, `column "repo": the column has 1 values, but another column has 1, or values for other rows`},
		"a column twice":               {"d.json", `{"instance_id": ["a"], "instance_id": ["b"]}`, `d.json, column "instance_id": the key appears twice`},
		"two values for a row":         {"d.json", `{"instance_id": {"0": "a", "0": "b"}}`, `d.json, column "instance_id": the key "0" appears twice`},
		"two for one and none for another": {
			"d.json", `{"instance_id": {"0": "a", "1": "b"}, "repo": {"0": "x", "0": "y"}}`, `d.json, column "repo": the key "0" appears twice`,
		},
		"lists beside values by key": {
			"d.json", `{"instance_id": ["a", "b"], "repo": {"1": "b", "0": "a"}}`, `d.json, column "repo": one column is a list, and another an object`,
		},
		"values by key beside lists": {
			"d.json", `{"repo": {"1": "b", "0": "a"}, "instance_id": ["a", "b"]}`, `d.json, column "instance_id": one column is a list, and another`,
		},
		"UTF-16":                               {"d.jsonl", "\xff\xfe{\x00}\x00", "d.jsonl: the file is UTF-16: save it as UTF-8"},
		"UTF-16, big-endian":                   {"d.txt", "\xfe\xff\x00a", "d.txt: the file is UTF-16: save it as UTF-8"},
		"a .gz that is not gzip":               {"d.jsonl.gz", array, "d.jsonl.gz: the file is not gzip"},
		"a .gz that is empty":                  {"d.jsonl.gz", "", "d.jsonl.gz: the file is not gzip"},
		"a truncated .gz":                      {"d.jsonl.gz", packed(t, strings.Repeat(array, 100))[:30], "d.jsonl.gz: the gzip file is damaged, or was cut short"},
		"lines of a truncated .gz":             {"d.jsonl.gz", whole[:len(whole)-20], "the gzip file is damaged, or was cut short"},
		"an array of a truncated .gz":          {"d.json.gz", whole[:len(whole)-20], "the gzip file is damaged, or was cut short"},
		"a .gz with another checksum":          {"d.jsonl.gz", whole[:len(whole)-8] + "\x00" + whole[len(whole)-7:], "the gzip file is damaged, or was cut short"},
		"a .gz with trailing data":             {"d.jsonl.gz", whole + "more than that", "the gzip file is damaged, or was cut short"},
		"an object around rows":                {"d.json", `{"version": 1, "data": ` + array + `}`, "d.json: the file is one object without a column of a row: write it as an array of objects"},
		"an object of the hub's":               {"d.json", `{"features": [], "rows": [{"row_idx": 0, "row": {}}], "num_rows_total": 1}`, "d.json: the file is one object"},
		"an object of nothing":                 {"d.json", `{}`, "d.json: the file is one object"},
		"an empty file":                        {"d.json", " \n", "d.json: the JSON is not valid: the file is empty"},
		"a truncated array":                    {"d.json", `[{"instance_id": "a"}`, "d.json row 1: the JSON is not valid: it ends too early"},
		"a truncated row":                      {"d.jsonl", `{"instance_id": "a`, "d.jsonl line 1: the JSON is not valid: it ends too early"},
		"two values for a key":                 {"d.jsonl", `{"instance_id": "a", "instance_id": "b"}`, `d.jsonl line 1, column "instance_id": the key appears twice`},
		"an unknown word":                      {"d.jsonl", `{"instance_id": "a", "n": Nan}`, "line 1: the JSON is not valid"},
		"an unknown word that begins with NaN": {"d.jsonl", `{"instance_id": "a", "n": NaNa}`, "line 1: the JSON is not valid"},
		"a sign alone":                         {"d.jsonl", `{"instance_id": "a", "n": -}`, "line 1: the JSON is not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := readText(tt.file, tt.content)
			assert.Nil(t, rows)
			assert.ErrorContains(t, err, tt.says)
			assert.NoError(t, datasettest.Shown(err))
		})
	}
}

// TestReadOfAGitLFSPointer: a clone without Git LFS has a pointer instead of the file.
func TestReadOfAGitLFSPointer(t *testing.T) {
	const pointer = "version https://git-lfs.github.com/spec/v1\n" +
		"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
	const says = ": the file is a Git LFS pointer, not the file itself: fetch the file with `git lfs pull`"
	for _, name := range []string{"d.parquet", "d.jsonl", "d.ndjson", "d.json", "d.txt", "d.jsonl.gz", "d.json.gz"} {
		_, err := readText(name, pointer)
		var malformed *table.MalformedError
		require.ErrorAs(t, err, &malformed, name)
		assert.EqualError(t, err, name+says)
	}
	_, err := table.ReadText("select.txt", strings.NewReader(pointer))
	assert.EqualError(t, err, "select.txt"+says)
}

// TestReadTreatsNaNAsNull: Python writes NaN and Infinity.
func TestReadTreatsNaNAsNull(t *testing.T) {
	const object = `{"a": NaN, "instance_id": "NaN \"-Infinity\" \\", "b": [Infinity, -Infinity,-1, -1.5e-3], "repo": NaN, "problem_statement": NaN}`
	for name, content := range map[string]string{
		"d.jsonl": object, "d.json": "[" + object + "]", "e.json": object,
		"f.json": `{"instance_id": ["NaN \"-Infinity\" \\"], "a": [NaN], "repo": [NaN], "problem_statement": [-Infinity]}`,
	} {
		rows, err := readText(name, content)
		require.NoError(t, err, name)
		require.Len(t, rows, 1, name)
		assert.Equal(t, `NaN "-Infinity" \`, rows[0].InstanceID, name)
		assert.Empty(t, rows[0].Repo, name)
		assert.True(t, rows[0].BlankProblem, name)
	}
	long := strings.Repeat(`"`+strings.Repeat("-", 70_000)+`", NaN, -Infinity, -12, `, 30)
	rows, err := readText("d.jsonl", `{"a": [`+long+`0], "instance_id": "a"}`)
	require.NoError(t, err, "wherever in a buffer the words are")
	assert.Equal(t, "a", rows[0].InstanceID)
}

// TestReadMatchesKeysExactly: encoding/json ignores case.
func TestReadMatchesKeysExactly(t *testing.T) {
	for _, content := range []string{
		`{"instance_id": "a", "INSTANCE_ID": "b", "Repo": "c"}`,
		`{"INSTANCE_ID": "b", "Repo": "c", "instance_id": "a"}`,
		`{"in\u0073tance_id": "a", "instance_\u0131d": "b", "\u0280epo": "c"}`,
	} {
		for name, file := range map[string]string{"d.jsonl": content, "d.json": "[" + content + "]", "e.json": content, "f.json": `{"test": [` + content + `]}`} {
			rows, err := readText(name, file)
			require.NoError(t, err)
			require.Len(t, rows, 1)
			assert.Equal(t, "a", rows[0].InstanceID, name)
			assert.Empty(t, rows[0].Repo, name)
		}
	}
}

// TestReadKeepsWholeNumbersOfSomeColumns: the number of a pull request, and columns of a template.
func TestReadKeepsWholeNumbersOfSomeColumns(t *testing.T) {
	file, err := datasettest.Parquet(2, []datasettest.Column{
		{Name: "instance_id", Values: []string{"a", "b"}}, {Name: "number", Values: []int64{7, 12}}, {Name: "version", Values: []int64{3, 4}},
		{Name: "level", Values: []string{"low", "high"}},
	})
	require.NoError(t, err)
	for name, content := range map[string]string{
		"d.jsonl":   `{"instance_id": "a", "number": 7, "version": 3.0, "level": "low"}` + "\n" + `{"instance_id": "b", "number": "12", "version": "4", "level": "high"}`,
		"d.json":    `{"instance_id": ["a", "b"], "number": [7.0, 12], "version": ["3", 4], "level": ["low", "high"]}`,
		"d.parquet": string(file),
	} {
		rows, err := table.Read(name, strings.NewReader(content), int64(len(content)), "version", "number", "missing", "level")
		require.NoError(t, err)
		require.Len(t, rows, 2)
		assert.Equal(t, []string{"7", "12"}, []string{rows[0].Number, rows[1].Number}, name)
		assert.Equal(t, []map[string]string{{"version": "3", "level": "low"}, {"version": "4", "level": "high"}}, []map[string]string{rows[0].Columns, rows[1].Columns}, name)
	}
	rows, err := readText("d.jsonl", `{"instance_id": "a", "number": 7.5}`)
	require.NoError(t, err)
	assert.Empty(t, rows[0].Number)
}

// TestReadSkipsPictures: a column `image` of megabytes is neither a reference nor a fault.
func TestReadSkipsPictures(t *testing.T) {
	rows, err := readText("d.jsonl", `{"instance_id": "a__a-1", "image": "`+strings.Repeat("iVBORw0KGgo", 1000)+`"}`)
	require.NoError(t, err)
	assert.Empty(t, rows[0].Image)
}

// TestAPackedFileIsUnpackedAsFarAsItIsRead: a megabyte may unpack to a gigabyte.
func TestAPackedFileIsUnpackedAsFarAsItIsRead(t *testing.T) {
	gigabyte := strings.Repeat(packed(t, strings.Repeat("x", 1<<20)), 1<<10)
	for name, start := range map[string]string{"d.jsonl.gz": `{"patch": "`, "d.json.gz": `[{"patch": "`, "d.txt.gz": ""} {
		content := packed(t, start) + gigabyte
		var err error
		took := allocated(func() { _, err = readText(name, content) })
		assert.ErrorContains(t, err, "is longer than 16 MiB", name)
		assert.Less(t, took, int64(mostAllotted), name)
	}
}
