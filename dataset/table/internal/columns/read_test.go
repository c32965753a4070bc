package columns_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/table/internal/columns"
)

// honest returns columns with every kind of value, and the cells that they make.
func honest(rows int) ([]datasettest.Column, cells) {
	var id, repo, words []string
	var note, kind []*string
	var tests [][]string
	var number []int64
	var pictures []datasettest.Picture
	want := make(cells)
	for i := range rows {
		id, repo = append(id, fmt.Sprintf("id-%d", i)), append(repo, fmt.Sprintf("repo-%d", i%7))
		words, number = append(words, fmt.Sprintf("%*d", i%50, i)), append(number, int64(i-5))
		tests, pictures = append(tests, []string{"a", "b"}[:i%3]), append(pictures, datasettest.Picture{Bytes: "x", Path: "y"})
		note, kind = append(note, nil), append(kind, nil)
		if i%3 != 0 {
			note[i] = text(fmt.Sprintf("note %d", i))
		}
		if i%5 == 0 {
			kind[i] = text("")
		}
		want["id"], want["repo"], want["words"] = append(want["id"], &id[i]), append(want["repo"], &repo[i]), append(want["words"], &words[i])
		want["number"] = append(want["number"], text(fmt.Sprint(i-5)))
	}
	want["id"], want["repo"], want["words"] = pointers(id), pointers(repo), pointers(words)
	want["note"], want["kind"] = note, kind
	return []datasettest.Column{
		{Name: "tests", Values: tests}, {Name: "id", Values: id}, {Name: "picture", Values: pictures}, {Name: "repo", Values: repo},
		{Name: "note", Values: note}, {Name: "kind", Values: kind}, {Name: "words", Values: words}, {Name: "number", Values: number},
	}, want
}

func pointers(values []string) []*string {
	var all []*string
	for i := range values {
		all = append(all, &values[i])
	}
	return all
}

var encodings = map[string]parquet.WriterProperty{
	"dictionaries":              parquet.WithDictionaryDefault(true),
	"plain values":              parquet.WithEncoding(parquet.Encodings.Plain),
	"differences of lengths":    parquet.WithEncoding(parquet.Encodings.DeltaLengthByteArray),
	"differences of the values": parquet.WithEncoding(parquet.Encodings.DeltaByteArray),
}

func TestReadReturnsTheWrittenValues(t *testing.T) {
	written, want := honest(500)
	for codec, compression := range codecs {
		for encoding, encoded := range encodings {
			for version, pages := range []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2} {
				t.Run(fmt.Sprintf("%s compressed with %s in pages of version %d", encoding, codec, version+1), func(t *testing.T) {
					file := write(t, 150, written, parquet.WithCompression(compression), parquet.WithDataPageVersion(pages),
						parquet.WithDataPageSize(512), parquet.WithBatchSize(16), parquet.WithDictionaryDefault(false), encoded,
						parquet.WithEncodingFor("number", parquet.Encodings.DeltaBinaryPacked))
					got, table, err := readWanted(file, []columns.Column{
						{Name: "id"}, {Name: "repo"}, {Name: "words"}, {Name: "note"}, {Name: "kind"}, {Name: "number", Integer: true},
					})
					require.NoError(t, err)
					assert.Equal(t, 500, table.Rows)
					assert.Equal(t, want, got)
				})
			}
		}
	}
}

func TestReadSkipsMissingColumns(t *testing.T) {
	written, want := honest(3)
	got, table, err := read(write(t, 2, written), "missing", "id")
	require.NoError(t, err)
	assert.Equal(t, columns.Table{Rows: 3, Others: map[string]string{}}, table)
	assert.Equal(t, cells{"id": want["id"]}, got)
}

func TestReadOfAnEmptyFileVisitsNothing(t *testing.T) {
	got, table, err := read(write(t, 1, []datasettest.Column{{Name: "id", Values: []string{}}}), "id")
	require.NoError(t, err)
	assert.Zero(t, table.Rows)
	assert.Empty(t, got)
}

func TestReadSaysWhichColumnsAreNotText(t *testing.T) {
	written, want := honest(3)
	got, table, err := read(write(t, 2, written), "number", "tests", "id", "picture")
	require.NoError(t, err)
	assert.Equal(t, columns.Table{Rows: 3, Others: map[string]string{"number": "a number", "tests": "a list", "picture": "a struct"}}, table)
	assert.Equal(t, cells{"id": want["id"]}, got)
}

func TestReadStopsAtTheVisitorsError(t *testing.T) {
	written, _ := honest(3)
	file := write(t, 2, written)
	stop := errors.New("stop")
	visits := 0
	_, err := columns.Read(bytes.NewReader(file), int64(len(file)), []columns.Column{{Name: "id"}}, 10, func(int, string, []byte) error {
		visits++
		return stop
	})
	require.ErrorIs(t, err, stop)
	assert.Equal(t, 1, visits)
}
