package dataset_test

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/families"
	"dagger/eval-images/dataset/table"
	"dagger/eval-images/reference"
)

// The seeds of all targets are files in testdata/fuzz, named by their content: `go test` runs them
// all, and `make fuzz` continues from there.

// customPattern matches what a tag may contain after a prefix.
var customPattern = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// assertSound reads the file as any family would, and asserts that accepted values are fit for a
// registry, and errors for a terminal.
func assertSound(t *testing.T, name string, content []byte) {
	t.Helper()
	rows, err := table.Read(name, bytes.NewReader(content), int64(len(content)))
	if err != nil {
		require.NoError(t, datasettest.Shown(err))
		require.Contains(t, err.Error(), name)
		require.Nil(t, rows)
		return
	}
	for i, row := range rows {
		require.Equal(t, name, row.Position.File)
		require.Greater(t, row.Position.Number, i)
		require.LessOrEqual(t, len(row.InstanceID), 1024)
	}
	for _, family := range families.All() {
		assertResolved(t, rows, dataset.Options{Family: family})
	}
}

// assertResolved asserts that resolved instances are fit to be built.
func assertResolved(t *testing.T, rows []table.Row, opts dataset.Options) {
	t.Helper()
	result, err := dataset.Resolve(rows, opts)
	if err != nil {
		require.NoError(t, datasettest.Shown(err))
		return
	}
	require.NotEmpty(t, result.Instances)
	seen := make(map[string]bool)
	for _, instance := range result.Instances {
		for _, id := range instance.IDs() {
			require.NoError(t, families.CheckID(id))
		}
		require.NoError(t, reference.Check(instance.OfficialImage))
		require.Regexp(t, customPattern, instance.Custom)
		require.False(t, seen[instance.Custom], "custom %s twice", instance.Custom)
		seen[instance.Custom] = true
	}
}

func FuzzReadJSONL(f *testing.F) {
	f.Fuzz(func(t *testing.T, content []byte) { assertSound(t, "fuzz.jsonl", content) })
}

func FuzzReadJSON(f *testing.F) {
	f.Fuzz(func(t *testing.T, content []byte) { assertSound(t, "fuzz.json", content) })
}

func FuzzReadText(f *testing.F) {
	f.Fuzz(func(t *testing.T, content []byte) { assertSound(t, "fuzz.txt", content) })
}

// FuzzReadParquet takes the parts of a file: a file with a wrong end is refused before anything in
// it is read.
func FuzzReadParquet(f *testing.F) {
	f.Fuzz(func(t *testing.T, pages, metadata []byte) {
		file := append(append([]byte("PAR1"), pages...), metadata...)
		file = append(binary.LittleEndian.AppendUint32(file, uint32(len(metadata))), "PAR1"...)
		assertSound(t, "fuzz.parquet", file)
	})
}

func FuzzReadIDs(f *testing.F) {
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		ids, err := dataset.ReadIDs(name, bytes.NewReader(content))
		if err != nil {
			require.NoError(t, datasettest.Shown(err))
			return
		}
		require.NotEmpty(t, ids, "that would be all")
		for _, id := range ids {
			require.NoError(t, families.CheckID(id))
		}
	})
}

func FuzzParseIDs(f *testing.F) {
	f.Fuzz(func(t *testing.T, list string) {
		ids, err := dataset.ParseIDs(list)
		if err != nil {
			require.NoError(t, datasettest.Shown(err))
			return
		}
		require.Equal(t, strings.TrimSpace(list) == "", len(ids) == 0, "a list that names nothing would be all")
		for _, id := range ids {
			require.NoError(t, families.CheckID(id))
		}
	})
}

// FuzzResolve puts arbitrary values into the columns of two rows.
func FuzzResolve(f *testing.F) {
	f.Fuzz(func(t *testing.T, id, other, repo, org, image, tag, template, arch, own, number string) {
		rows := []table.Row{
			{InstanceID: id, Repo: repo, Org: org, ImageName: image, DockerhubTag: tag, Image: own, Number: number},
			{InstanceID: other, Repo: org, Org: repo, ImageName: tag, DockerhubTag: image, DockerImage: own},
		}
		for _, family := range families.All() {
			assertResolved(t, rows, dataset.Options{Family: family})
			assertResolved(t, rows[:1], dataset.Options{Family: family})
			assertResolved(t, rows, dataset.Options{Family: family, Template: families.Template(template), Arch: arch})
		}
	})
}

func FuzzShard(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		shard, err := dataset.ParseShard(text)
		if err != nil {
			require.NoError(t, datasettest.Shown(err))
			return
		}
		assert.Equal(t, text, shard.String())
		if text != "" {
			assert.GreaterOrEqual(t, shard.Index, 1)
			assert.LessOrEqual(t, shard.Index, shard.Of)
		}
	})
}

// FuzzSource: an accepted source is safe to show, and to use in URLs.
func FuzzSource(f *testing.F) {
	f.Fuzz(func(t *testing.T, name, config, split, revision string) {
		require.NoError(t, datasettest.Shown(dataset.CheckHubName(name)))
		source := dataset.Source{Name: name, Config: config, Split: split, Revision: revision}
		if err := source.Check(); err != nil {
			require.NoError(t, datasettest.Shown(err))
			return
		}
		if source != (dataset.Source{}) {
			assert.Regexp(t, `^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+, config [ -~]+, split [ -~]+, revision [0-9a-f]{40,64}$`, source.String())
		}
	})
}
