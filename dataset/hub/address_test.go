package hub

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/hub/hubtest"
)

func TestAddressesOfADataset(t *testing.T) {
	for address, root := range map[Address]string{
		"": "https://huggingface.co", Default: "https://huggingface.co", "http://mirror.example:8080/": "http://mirror.example:8080",
		"https://mirror.example/hf//": "https://mirror.example/hf",
	} {
		connection, err := Client{Address: address}.connect("princeton-nlp/SWE-bench_Verified")
		require.NoError(t, err)
		assert.Equal(t, root+"/api/datasets/princeton-nlp/SWE-bench_Verified", connection.api)
		assert.Equal(t, root+"/datasets/princeton-nlp/SWE-bench_Verified", connection.files)
	}
	for _, address := range []Address{"huggingface.co", "ftp://huggingface.co", "https://", "https://user:secret@huggingface.co", "file:///etc"} {
		_, err := Client{Address: address}.connect("o/n")
		assert.ErrorContains(t, err, "is not of the form https://host", address)
	}
}

func TestRequestsNameOnlyDatasets(t *testing.T) {
	parts := map[string]struct {
		part func(value string) Part
		fine []string
	}{
		"a name":     {func(v string) Part { return Part{Name: v} }, nil},
		"an owner":   {func(v string) Part { return Part{Name: v + "/n"} }, nil},
		"a revision": {func(v string) Part { return Part{Name: "o/n", Revision: v} }, []string{"a separator first"}},
	}
	for what, of := range parts {
		for name, value := range datasettest.Hostile {
			if slices.Contains(of.fine, name) {
				continue
			}
			t.Run(what+": "+name, func(t *testing.T) {
				bed := newTestbed(t)
				_, _, err := bed.read(t, of.part(value))
				require.Error(t, err)
				require.NoError(t, datasettest.Shown(err))
				assert.Empty(t, bed.Requests())
			})
		}
	}
	for name, value := range datasettest.Hostile {
		for _, address := range []string{value, "https://" + value, "https://h/" + value} {
			if slices.Contains([]string{"a URL", "a separator first", "an option"}, name) && address != "https://"+value {
				continue
			}
			_, _, err := Client{Address: Address(address)}.Read(context.Background(), Part{Name: "o/n"})
			require.ErrorContains(t, err, "is not of the form https://host", name)
			require.NoError(t, datasettest.Shown(err))
		}
	}
	t.Run("a hostile config or split is shown escaped", func(t *testing.T) {
		bed := newTestbed(t)
		bed.Commit("o/n", "main", hubtest.Files{"test.jsonl": lines("a")})
		for _, value := range datasettest.Hostile {
			for _, part := range []Part{{Name: "o/n", Config: value, Split: "test", Revision: "main"}, {Name: "o/n", Split: value}} {
				_, _, err := bed.read(t, part)
				require.Error(t, err)
				require.NoError(t, datasettest.Shown(err))
			}
		}
	})
}

func TestTheRevisionIsOnePartOfAnAddress(t *testing.T) {
	for _, name := range []string{"main", "v1.0", "refs/pr/1", "refs/convert/parquet", strings.Repeat("a", 40)} {
		require.NoError(t, checkRevision(name))
		bed := newTestbed(t)
		bed.Commit("o/n", name, hubtest.Files{"test.jsonl": lines("a")})
		_, _, _ = bed.read(t, Part{Name: "o/n", Split: "test", Revision: name})
		assert.Equal(t, "/api/datasets/o/n/revision/"+strings.ReplaceAll(name, "/", "%2F"), bed.Requests()[0].URL.EscapedPath())
	}
}

func TestPartsOfAURLAreBounded(t *testing.T) {
	path := strings.Repeat("a", maxAddress-len("https://hub.example/"))
	_, err := Client{Address: Address("https://hub.example/" + path)}.connect("o/n")
	require.NoError(t, err)
	_, err = Client{Address: Address("https://hub.example/a" + path)}.connect("o/n")
	require.ErrorContains(t, err, "is not of the form https://host")

	require.NoError(t, checkRevision(strings.Repeat("a", maxRevision)))
	for _, name := range []string{strings.Repeat("a", maxRevision+1), "main..v1", "a/b..c"} {
		require.ErrorContains(t, checkRevision(name), "is not a commit, a branch or a tag")
	}
}

func TestAPathIsEscapedPartByPart(t *testing.T) {
	assert.Equal(t, "data/a%20%3Fb%23%25.jsonl", escaped("data/a ?b#%.jsonl"))
}
