package evidence

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// contents reads the contents of a layer of items.
func contents(t testing.TB, items ...item) *Contents {
	t.Helper()
	c, _, err := ReadContents(bytes.NewReader(archive(t, items...)))
	require.NoError(t, err)
	return c
}

// added puts layers of items on one another.
func added(t testing.TB, layers ...[]item) *Added {
	t.Helper()
	a := new(Added)
	for _, items := range layers {
		require.NoError(t, a.Put(contents(t, items...)))
	}
	return a
}

func TestReadContentsReadsEveryByteOfALayer(t *testing.T) {
	plain := archive(t, dir("usr"), file("usr/a", "text"))
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	for name, stored := range map[string][]byte{"not compressed": plain, "by gzip": packed.Bytes()} {
		c, digest, err := ReadContents(bytes.NewReader(stored))
		require.NoError(t, err, name)
		assert.Equal(t, fmt.Sprintf("sha256:%x", sha256.Sum256(stored)), digest, name)
		assert.Len(t, c.entries, 2, name)
	}
	broken := errors.New("connection reset")
	_, _, err = ReadContents(io.MultiReader(bytes.NewReader(plain[:700]), iotest.ErrReader(broken)))
	assert.ErrorIs(t, err, broken, "a stream that breaks is no fault of the layer")
}

func TestReadContentsRefusesWhatCanBeUnpackedInSeveralWays(t *testing.T) {
	for name, test := range map[string]struct {
		items []item
		says  string
	}{
		"a way up":                         {[]item{file("usr/../etc/a", "")}, `the path "usr/../etc/a" is ambiguous`},
		"a whiteout that is a directory":   {[]item{dir("usr/.wh.a")}, "is no whiteout that is specified"},
		"a whiteout within a whiteout":     {[]item{file("usr/.wh.a/b", "")}, "is no whiteout that is specified"},
		"a whiteout of overlayfs":          {[]item{{name: "usr/a", typ: tar.TypeChar}}, `"usr/a" is of the type`},
		"a root that is a file":            {[]item{file(".", "")}, `"." is of the type`},
		"an unknown extension":             {[]item{file("usr/a", "").with("VENDOR.secret", "1")}, "has the unknown extension"},
		"a hard link that leads out of it": {[]item{hardLink("usr/a", "../b")}, `it leads to "../b"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := ReadContents(bytes.NewReader(archive(t, test.items...)))
			assert.ErrorContains(t, err, test.says)
		})
	}
	_, _, err := ReadContents(bytes.NewReader(append(archive(t, file("a", "")), "more"...)))
	assert.ErrorContains(t, err, "the archive goes on after its end")
	_, _, err = ReadContents(bytes.NewReader([]byte("no archive")))
	assert.ErrorContains(t, err, "reading the layer: unexpected EOF")
}

// FuzzReadContents: what is read of a layer can be put on itself, and then differs in nothing from
// itself.
func FuzzReadContents(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		c, digest, err := ReadContents(bytes.NewReader(data))
		assert.Equal(t, fmt.Sprintf("sha256:%x", sha256.Sum256(data)), digest)
		if err != nil {
			return
		}
		once, twice := new(Added), new(Added)
		if once.Put(c) != nil {
			return
		}
		require.NoError(t, twice.Put(c))
		first, all := Differences(once, twice, 3)
		assert.Empty(t, first)
		assert.Zero(t, all)
		empty, changed := Differences(new(Added), once, 1)
		assert.Equal(t, len(once.nodes), changed)
		assert.Len(t, empty, min(1, changed))
	})
}
