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
)

// The seeds of all targets are files in testdata/fuzz, named by what they are: `go test` reads them all, and `make fuzz` goes on from
// there.

// customPattern is what may stand in a tag behind a prefix.
var customPattern = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// assertSound reads the file as any family would, and asserts that whatever is
// accepted is fit for a registry, and whatever is refused for a terminal.
func assertSound(t *testing.T, name string, content []byte) {
	t.Helper()
	rows, err := dataset.Read(name, bytes.NewReader(content), int64(len(content)))
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
	for _, family := range dataset.Families() {
		assertResolved(t, rows, dataset.Options{Family: family})
	}
}

// assertResolved asserts that what is resolved is fit to be built.
func assertResolved(t *testing.T, rows []dataset.Row, opts dataset.Options) {
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
			require.NoError(t, dataset.CheckID(id))
		}
		require.NoError(t, dataset.CheckReference(instance.OfficialImage))
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

// FuzzReadParquet takes the parts of a file, as a file whose end does not fit is
// refused before anything of it is looked at.
func FuzzReadParquet(f *testing.F) {
	f.Fuzz(func(t *testing.T, pages, metadata []byte) {
		file := append(append([]byte("PAR1"), pages...), metadata...)
		file = append(binary.LittleEndian.AppendUint32(file, uint32(len(metadata))), "PAR1"...)
		assertSound(t, "fuzz.parquet", file)
	})
}

// FuzzRead takes any name, which says in what form the content is.
func FuzzRead(f *testing.F) {
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		rows, err := dataset.Read(name, bytes.NewReader(content), int64(len(content)))
		require.NoError(t, datasettest.Shown(err))
		joined, err := dataset.Join(rows, rows)
		require.NoError(t, err)
		require.Len(t, joined, 2*len(rows))
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
			require.NoError(t, dataset.CheckID(id))
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
			require.NoError(t, dataset.CheckID(id))
		}
	})
}

// FuzzID: what passes has a meaning neither to a shell nor to a path, a registry or a terminal.
func FuzzID(f *testing.F) {
	f.Fuzz(func(t *testing.T, id string) {
		if err := dataset.CheckID(id); err != nil {
			require.NoError(t, datasettest.Shown(err))
			return
		}
		require.Regexp(t, `^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`, id)
	})
}

// FuzzResolve puts any values in the columns of two rows.
func FuzzResolve(f *testing.F) {
	f.Fuzz(func(t *testing.T, id, other, repo, org, image, tag, template, arch, own, number string) {
		rows := []dataset.Row{
			{InstanceID: id, Repo: repo, Org: org, ImageName: image, DockerhubTag: tag, Image: own, Number: number},
			{InstanceID: other, Repo: org, Org: repo, ImageName: tag, DockerhubTag: image, DockerImage: own},
		}
		for _, family := range dataset.Families() {
			assertResolved(t, rows, dataset.Options{Family: family})
			assertResolved(t, rows[:1], dataset.Options{Family: family})
			assertResolved(t, rows, dataset.Options{Family: family, Template: dataset.Template(template), Arch: arch})
		}
		_, err := dataset.FamilyByName(id)
		require.NoError(t, datasettest.Shown(err))
	})
}

func FuzzTemplate(f *testing.F) {
	f.Fuzz(func(t *testing.T, template, id, arch string) {
		require.NoError(t, datasettest.Shown(dataset.Template(template).Check()))
		for _, column := range dataset.Template(template).Columns() {
			require.Regexp(t, `^[A-Za-z_][A-Za-z0-9_]{0,63}$`, column)
		}
		rows := []dataset.Row{{InstanceID: id, Org: arch, Repo: id, Number: arch, Columns: map[string]string{"version": arch}}}
		for _, family := range dataset.Families() {
			assertResolved(t, rows, dataset.Options{Family: family, Template: dataset.Template(template), Arch: arch})
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

func FuzzReference(f *testing.F) {
	f.Fuzz(func(t *testing.T, reference string) {
		err := dataset.CheckRepository(reference)
		require.NoError(t, datasettest.Shown(err))
		if err == nil {
			require.NoError(t, dataset.CheckReference(reference+":tag"))
		}
		if err := dataset.CheckReference(reference); err != nil {
			require.NoError(t, datasettest.Shown(err))
			return
		}
		assert.Regexp(t, `^[A-Za-z0-9_./:@\[\]-]+$`, reference) // Brackets are around an IPv6 address.
		assert.NotRegexp(t, `\.\.|//|/$|^/|@.*@`, strings.SplitN(reference, ":", 3)[0])
		assert.LessOrEqual(t, len(reference), 456)
	})
}

// FuzzSource: what is accepted is shown and becomes a part of addresses.
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
