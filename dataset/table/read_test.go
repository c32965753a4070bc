package table_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/table"
)

// readText reads a dataset with that name and content.
func readText(name, content string) ([]table.Row, error) {
	return table.Read(name, strings.NewReader(content), int64(len(content)))
}

func at(file, unit string, number int) table.Position {
	return table.Position{File: file, Unit: unit, Number: number}
}

func TestReadTakesTheFormFromTheExtension(t *testing.T) {
	object := `{"instance_id": "a__a-1", "repo": "a/a", "org": "a", "image_name": "x/a", "dockerhub_tag": "t", "patch": "…", "n": [1, {}]}`
	row := table.Row{InstanceID: "a__a-1", Repo: "a/a", Org: "a", ImageName: "x/a", DockerhubTag: "t"}
	tests := map[string]struct {
		file, content string
		row           table.Row
		position      table.Position
	}{
		"one object a line":                {"d.jsonl", object, row, at("d.jsonl", "line", 1)},
		"an extension in capitals":         {"D.JSONL", object, row, at("D.JSONL", "line", 1)},
		"blank lines and carriage returns": {"d.jsonl", "\n \r\n" + object + "\r\n\n", row, at("d.jsonl", "line", 3)},
		"an array":                         {"d.json", " [ " + object + " ]\n", row, at("d.json", "row", 1)},
		"ids":                              {"dir/ids.txt", "# comment\n\n  a__a-1  ", table.Row{InstanceID: "a__a-1"}, at("dir/ids.txt", "line", 3)},
		"null, which is as if missing": {
			"d.jsonl", `{"instance_id": "a", "image_name": null}`, table.Row{InstanceID: "a"}, at("d.jsonl", "line", 1),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rows, err := readText(tt.file, tt.content)
			require.NoError(t, err)
			tt.row.Position = tt.position
			assert.Equal(t, []table.Row{tt.row}, rows)
		})
	}
}

func TestReadRefusesAnotherExtension(t *testing.T) {
	for _, name := range []string{"d.csv", "d", "d.parquet.gz", "d.csv.gz", "d.gz", ".", ""} {
		_, err := readText(name, "")
		assert.ErrorContains(t, err, "not one of .jsonl, .ndjson, .json, .txt (or these with .gz), .parquet", name)
	}
}

func TestReadSaysWhetherTheProblemIsBlank(t *testing.T) {
	for problem, want := range map[string]bool{
		`"a problem"`: false,
		`""`:          true,
		`" \n\t"`:     true,
		`null`:        true,
		`["a list"]`:  false,
	} {
		rows, err := readText("d.jsonl", `{"instance_id": "a", "problem_statement": `+problem+`}`)
		require.NoError(t, err)
		assert.Equal(t, want, rows[0].BlankProblem, problem)
	}
	rows, err := readText("d.jsonl", `{"instance_id": "a"}`)
	require.NoError(t, err)
	assert.False(t, rows[0].BlankProblem, "a missing problem is unknown, not blank")
}

func TestReadSaysWhereADatasetIsMalformed(t *testing.T) {
	good := `{"instance_id": "a"}`
	long := strings.Repeat("x", 1025)
	tests := map[string]struct {
		file, content string
		position      table.Position
		column        string
		reason        string
	}{
		"a line that is not JSON":        {"d.jsonl", good + "\nnonsense\n", at("d.jsonl", "line", 2), "", "not valid"},
		"a line cut short":               {"d.jsonl", good + "\n" + `{"instance_id": "b`, at("d.jsonl", "line", 2), "", "not valid: it ends too early"},
		"two objects on a line":          {"d.jsonl", good + good, at("d.jsonl", "line", 1), "", "not valid"},
		"a line that is a list":          {"d.jsonl", "[]", at("d.jsonl", "line", 1), "", "the row is a list, not an object"},
		"an id of 1025 bytes":            {"d.txt", "a\n" + long, at("d.txt", "line", 2), "instance_id", "longer than 1024 bytes"},
		"a tag of 1025 bytes":            {"d.jsonl", `{"dockerhub_tag": "` + long + `"}`, at("d.jsonl", "line", 1), "dockerhub_tag", "longer than 1024 bytes"},
		"an array of numbers":            {"d.json", "[" + good + ", 7]", at("d.json", "row", 2), "", "the row is a number, not an object"},
		"an array without an end":        {"d.json", "[" + good, at("d.json", "row", 1), "", "not valid: it ends too early"},
		"an array with a comma too many": {"d.json", "[" + good + ",]", at("d.json", "row", 2), "", "not valid"},
		"an array with trailing data":    {"d.json", "[" + good + "]" + good, at("d.json", "row", 1), "", "more data after the array"},
		"no array at all":                {"d.json", "", at("d.json", "row", 0), "", "not valid: the file is empty"},
		"another format than Parquet":    {"d.parquet", strings.Repeat(good, 3), at("d.parquet", "", 0), "", "begin and end with PAR1"},
		"objects in objects, endlessly":  {"d.jsonl", `{"n":` + strings.Repeat("[", 1<<20), at("d.jsonl", "line", 1), "", "not valid"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rows, err := readText(tt.file, tt.content)
			assert.Nil(t, rows)
			var malformed *table.MalformedError
			require.ErrorAs(t, err, &malformed)
			assert.Equal(t, tt.position, malformed.Position)
			assert.Equal(t, tt.column, malformed.Column)
			assert.ErrorContains(t, err, tt.reason)
			assert.True(t, strings.HasPrefix(err.Error(), tt.position.String()), err.Error())
		})
	}
}

// endless is a file that repeats one byte.
type endless byte

func (e endless) ReadAt(p []byte, _ int64) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestReadGivesUpOnAnEndlessLine(t *testing.T) {
	for file, start := range map[string]string{"d.jsonl": "", "d.txt": "", "d.json": `[{"n":"`} {
		t.Run(file, func(t *testing.T) {
			r := &prefixed{start: start, rest: endless('x')}
			_, err := table.Read(file, r, 1<<40)
			assert.ErrorContains(t, err, "longer than 16 MiB")
		})
	}
}

// prefixed is a file with another start.
type prefixed struct {
	start string
	rest  io.ReaderAt
}

func (p *prefixed) ReadAt(b []byte, offset int64) (int, error) {
	n, err := p.rest.ReadAt(b, offset)
	if offset < int64(len(p.start)) {
		copy(b, p.start[offset:])
	}
	return n, err
}

func TestReadGivesUpOnTooManyRows(t *testing.T) {
	for file, content := range map[string]string{
		"d.txt":   strings.Repeat("a\n", 250_001),
		"d.jsonl": strings.Repeat("{}\n", 250_001),
		"d.json":  "[" + strings.Repeat("{},", 250_000) + "{}]",
		"e.json":  strings.Repeat(`{"a": 1}`, 250_001),
	} {
		t.Run(file, func(t *testing.T) {
			_, err := readText(file, content)
			assert.ErrorContains(t, err, "250001: the dataset has more than 250000 rows")
		})
	}
}

func TestReadReturnsTheReadersError(t *testing.T) {
	failure := errors.New("the disk is gone")
	for _, file := range []string{"d.jsonl", "d.json", "d.txt"} {
		_, err := table.Read(file, failing{failure}, 100)
		require.ErrorIs(t, err, failure)
		assert.ErrorContains(t, err, "reading "+file)
	}
}

// TestReadOfAFileThatFailsHalfway: half a line does not count as malformed.
func TestReadOfAFileThatFailsHalfway(t *testing.T) {
	failure := errors.New("the disk is gone")
	long := strings.Repeat("a", 100)
	for file, start := range map[string]string{"d.jsonl": `{"instance_id": "`, "d.json": `[{"instance_id": "`, "d.txt": ""} {
		_, err := table.Read(file, halfway{start + long, failure}, 1<<20)
		require.ErrorIs(t, err, failure, file)
		assert.ErrorContains(t, err, "reading "+file)
	}
}

// halfway is a file that fails after its contents.
type halfway struct {
	content string
	err     error
}

func (h halfway) ReadAt(p []byte, offset int64) (int, error) {
	n := copy(p, h.content[min(offset, int64(len(h.content))):])
	if n < len(p) {
		return n, h.err
	}
	return n, nil
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }
