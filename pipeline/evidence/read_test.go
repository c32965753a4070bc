package evidence

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEntriesThatRefuseALayer(t *testing.T) {
	tests := map[string]struct {
		items  []item
		reason string
	}{
		"a path with ..":                                {[]item{file("testbed/../etc/x", "")}, `the path "testbed/../etc/x" is ambiguous`},
		"a path that begins with ..":                    {[]item{file("../x", "")}, `the path "../x" is ambiguous`},
		"a type of entry that layers have no need of":   {[]item{{name: "usr/x", typ: tar.TypeCont}}, `"usr/x" is of the type '7'`},
		"a device that overlayfs has for a whiteout":    {[]item{{name: "usr/x", typ: tar.TypeChar}}, `"usr/x" is of the type '3'`},
		"a path twice":                                  {[]item{file("a/b", ""), file("a/b", "")}, `"a/b" occurs twice`},
		"a path twice, written in two ways":             {[]item{file("a/b", ""), file("./a//b", "")}, `"a/b" occurs twice`},
		"a path twice, as a directory and as a file":    {[]item{dir("a"), file("a", "")}, `"a" occurs twice`},
		"a path that is made and removed":               {[]item{dir("a"), whiteout("", "a")}, `"a" is made and removed`},
		"a path that is removed and made":               {[]item{whiteout("", "a"), dir("a")}, `"a" is removed and made`},
		"a path in what is removed":                     {[]item{whiteout("", "a"), file("a/b/c", "")}, `"a" is removed and made`},
		"a whiteout without a name":                     {[]item{file("a/.wh.", "")}, `the path "a/.wh." is no whiteout that is specified`},
		"a whiteout of the directory it is in":          {[]item{file("a/.wh..", "")}, `the path "a/.wh.." is no whiteout that is specified`},
		"a whiteout of the parent":                      {[]item{file("a/.wh...", "")}, `the path "a/.wh..." is no whiteout that is specified`},
		"a file of aufs":                                {[]item{file(".wh..wh.plnk", "")}, `the path ".wh..wh.plnk" is no whiteout that is specified`},
		"a path in a whiteout of the root":              {[]item{file(".wh.b/c", "")}, `the path ".wh.b/c" is no whiteout that is specified`},
		"a path in a whiteout":                          {[]item{file("a/.wh.b/c", "")}, `the path "a/.wh.b/c" is no whiteout that is specified`},
		"a whiteout that is a directory":                {[]item{dir("a/.wh.b")}, `the whiteout "a/.wh.b" is no file`},
		"a whiteout that is a link":                     {[]item{link("a/.wh.b", "/x")}, `the whiteout "a/.wh.b" is no file`},
		"a link whose name ends as a directory's does":  {[]item{{name: "a/", typ: tar.TypeSymlink, link: "x"}}, `the path "a/" is ambiguous`},
		"a root that is a link":                         {[]item{link("./", "x")}, "the root is no directory"},
		"an extension of the archive that nobody knows": {[]item{file("usr/x", "").with("ACME.magic", "1")}, `"usr/x" has the unknown extension "ACME.magic"`},
		"a hard link to another layer":                  {[]item{hardLink("usr/x", "usr/y")}, `the hard link "usr/x" leads out of its layer`},
		"a hard link to a directory":                    {[]item{dir("usr/y"), hardLink("usr/x", "usr/y")}, `the hard link "usr/x" leads out of its layer`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.reason, layer(t, test.items...).Refused)
		})
	}
	t.Run("too many directories in the root", func(t *testing.T) {
		var many []item
		for n := range maxPlaces + 1 {
			many = append(many, dir(fmt.Sprint("d", n)))
		}
		assert.Equal(t, "more than 256 directories that are none of the system's", layer(t, many...).Refused)
	})
}

func TestWhatIsKeptOfALayer(t *testing.T) {
	l := layer(t,
		dir("usr").ownedBy(3).with("SCHILY.xattr.user.a", "b"), file("usr/x", "text"), link("usr/y", "/testbed/bin/y"), hardLink("usr/z", "usr/x"),
		item{name: "usr/pipe", typ: tar.TypeFifo}, item{name: "usr/disk", typ: tar.TypeBlock, major: 8},
		whiteout("etc/", "gone"), opaque("var"),
		dir("testbed").withMode(0o700), file("testbed/a", ""), link("testbed/b", "/app/c"), link("testbed/b2", "/app/d"), hardLink("testbed/d", "testbed/a"),
		item{name: "testbed/pipe", typ: tar.TypeFifo}, hardLink("testbed/e", "usr/x"),
		dir("app"), file("root/.bashrc", ""),
	)
	assert.Empty(t, l.Refused)
	assert.Equal(t, []Entry{
		{Path: "usr", Kind: Directory, Attributes: `755 3 3 "user.a"="b"`},
		{Path: "usr/x", Kind: File},
		{Path: "usr/y", Kind: Symlink, Into: "testbed"},
		{Path: "usr/z", Kind: File},
		{Path: "usr/pipe", Kind: Device},
		{Path: "usr/disk", Kind: Device},
		{Path: "etc/gone", Kind: Whiteout},
		{Path: "var", Kind: Opaque},
	}, l.unpack().outside)
	assert.Equal(t, map[string]*Place{
		"testbed":      {Own: &Entry{Path: "testbed", Kind: Directory, Attributes: "700 0 0"}, Below: true, Into: []string{"app"}, Stray: `"testbed/pipe" is a device or a pipe`},
		"app":          {Own: &Entry{Path: "app", Kind: Directory, Attributes: "755 0 0"}},
		"root/.bashrc": {Own: &Entry{Path: "root/.bashrc", Kind: File}, Orphan: `the layer has "root/.bashrc" and no directory "root" before it`},
	}, l.Places)
}

func TestEntriesThatRefuseNoLayer(t *testing.T) {
	for name, items := range map[string][]item{
		"the root": {dir(".")},
		"a path that is removed in what is removed": {whiteout("", "a"), whiteout("a/", "b")},
	} {
		t.Run(name, func(t *testing.T) { assert.Empty(t, layer(t, items...).Refused) })
	}
	t.Run("records that POSIX and libarchive have", func(t *testing.T) {
		for _, key := range []string{"path", "linkpath", "size", "uid", "gid", "uname", "gname", "mtime", "atime", "ctime", "SCHILY.xattr.user.a", "LIBARCHIVE.creationtime"} {
			assert.True(t, knownRecord(key), key)
		}
		assert.False(t, knownRecord("SCHILY.acl.access"), "runtimes may use it")
	})
}

func TestKindsOfDevices(t *testing.T) {
	for name, header := range map[string]*tar.Header{
		"a pipe":                     {Typeflag: tar.TypeFifo},
		"a block device":             {Typeflag: tar.TypeBlock},
		"a device with a major":      {Typeflag: tar.TypeChar, Devmajor: 1},
		"a device with only a minor": {Typeflag: tar.TypeChar, Devminor: 1},
	} {
		assert.Equal(t, Device, kindOf(header), name)
	}
	assert.Empty(t, kindOf(&tar.Header{Typeflag: tar.TypeChar}), "overlayfs has it for a whiteout")
}

// TestHardLinksOutOfTheFreePlaces lead to what another layer may replace.
func TestHardLinksOutOfTheFreePlaces(t *testing.T) {
	for name, to := range map[string]string{"to a file of the system in the same layer": "usr/x", "to an ambiguous path": "testbed/../usr/x", "to a directory": "testbed"} {
		l := layer(t, file("usr/x", ""), dir("testbed"), hardLink("testbed/e", to))
		assert.Equal(t, `the hard link "testbed/e" leads out of its layer or out of the free places`, l.Places["testbed"].Stray, name)
	}
	assert.Equal(t, `the hard link "usr/y" leads out of its layer`, layer(t, file("usr/x", ""), hardLink("usr/y", "usr/../usr/x")).Refused)
}

// TestRecordsThatChangeNothingElse are those of long names, large numbers and fractions of times.
func TestRecordsThatChangeNothingElse(t *testing.T) {
	long := strings.Repeat("long", 30)
	l := layer(t, dir("usr").ownedBy(1<<22), link("usr/"+long, "/etc/"+long), file("usr/x", "").with("LIBARCHIVE.creationtime", "1.5"))
	assert.Empty(t, l.Refused)
	assert.Equal(t, "755 4194304 4194304", l.unpack().outside[0].Attributes)
}

func TestPathsThatAreNone(t *testing.T) {
	for _, name := range []string{"", "a\x00b", "..", "a/.."} {
		_, ok := canonical(name)
		assert.False(t, ok, "%q", name)
	}
}

func TestPlaces(t *testing.T) {
	for at, want := range map[string]string{
		"testbed": "testbed", "testbed/a/b": "testbed", "app": "app", "usr": "", "usr/local/x": "", "opt/miniconda3": "",
		"opt/miniconda3/envs": "opt/miniconda3/envs", "opt/miniconda3/envs/a/bin/x": "opt/miniconda3/envs", "opt/miniconda3/envsx": "",
		"opt/miniconda3/bin/curl": "", "home": "", "home/user": "home/user", "home/user/x": "home/user", "home/openhands/x": "", "home/.ssh/x": "",
		"root": "", "root/.bashrc": "root/.bashrc", "root/.bashrc/x": "", "root/.npm/x": "", "root/.cache/pip/x": "root/.cache", "tmp/x": "",
		"workspace/x": "", "agent-server": "", ".npmrc": "", ".config/x": "", ".": "", "lib64/x": "", "bin": "",
	} {
		assert.Equal(t, want, place(at), at)
	}
}

func TestWhereLinksLead(t *testing.T) {
	tests := map[string]struct{ at, link, want string }{
		"an absolute one":                {"usr/x", "/testbed/a", "testbed"},
		"a relative one":                 {"usr/bin/x", "../../testbed/a", "testbed"},
		"one that stays with the system": {"usr/bin/x", "../lib/x", ""},
		"one to the root":                {"usr/x", "/", ""},
		"one with .. after a part, where a link would count": {"usr/x", "/opt/a/../testbed", anywhere},
		"one that begins with the directory it is in":        {"usr/x", "./../testbed/a", "testbed"},
		"one that leads above the root":                      {"usr/x", "../../../../testbed", "testbed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, linkTo(test.at, test.link)) })
	}
}

func zipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return buffer.Bytes()
}

func zstandard(t *testing.T, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return w.EncodeAll(data, nil)
}

func TestInspectReadsEveryFormat(t *testing.T) {
	data := archive(t, dir("testbed"), file("testbed/a", "b"))
	for name, compressed := range map[string][]byte{"gzip": zipped(t, data), "zstd": zstandard(t, data), "none": data} {
		t.Run(name, func(t *testing.T) {
			l, digest, err := Inspect(iotest.OneByteReader(bytes.NewReader(compressed)))
			require.NoError(t, err)
			assert.Empty(t, l.Refused)
			assert.Contains(t, l.Places, "testbed")
			assert.Equal(t, fmt.Sprintf("sha256:%x", sha256.Sum256(data)), l.DiffID)
			assert.Equal(t, fmt.Sprintf("sha256:%x", sha256.Sum256(compressed)), digest)
		})
	}
}

func TestInspectReadsToTheEndWhateverTheBytes(t *testing.T) {
	data := archive(t, dir("testbed"))
	tests := map[string]struct {
		bytes  []byte
		reason string
	}{
		"a truncated gzip stream":            {zipped(t, data)[:40], "the layer is no tar archive: unexpected EOF"},
		"a gzip stream with another sum":     {append(zipped(t, data)[:len(zipped(t, data))-8], make([]byte, 8)...), "inflating: gzip: invalid checksum"},
		"something after the gzip stream":    {append(zipped(t, data), "more than a header has"...), "inflating: gzip: invalid header"},
		"a truncated zstd stream":            {zstandard(t, data)[:20], "the layer is no tar archive: unexpected EOF"},
		"a gzip stream without a header":     {append([]byte{0x1f, 0x8b, 0xff}, make([]byte, 200<<10)...), "inflating: gzip: invalid header"},
		"text":                               {[]byte("this is no archive"), "the layer is no tar archive: unexpected EOF"},
		"an archive that goes on":            {append(data, archive(t, file("usr/x", ""))...), "the archive goes on after its end"},
		"an archive that goes on far behind": {append(append(data, make([]byte, 100<<10)...), "x"...), "the archive goes on after its end"},
		"an archive that ends too early":     {data[:300], "the layer is no tar archive: unexpected EOF"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l, digest, err := Inspect(bytes.NewReader(test.bytes))
			require.NoError(t, err)
			assert.Equal(t, test.reason, l.Refused)
			assert.Equal(t, fmt.Sprintf("sha256:%x", sha256.Sum256(test.bytes)), digest)
		})
	}
	t.Run("zeros behind the end are as writers of blocks leave them", func(t *testing.T) {
		l, _, err := Inspect(bytes.NewReader(append(data, make([]byte, 100<<10)...)))
		require.NoError(t, err)
		assert.Empty(t, l.Refused)
	})
	t.Run("the diff ID of a refused layer is that of all of it", func(t *testing.T) {
		refused := archive(t, file("../x", ""), file("y", "more"))
		l, _, err := Inspect(bytes.NewReader(refused))
		require.NoError(t, err)
		assert.NotEmpty(t, l.Refused)
		assert.Equal(t, fmt.Sprintf("sha256:%x", sha256.Sum256(refused)), l.DiffID)
	})
	t.Run("an empty archive has nothing, and is none the less one", func(t *testing.T) {
		assert.Equal(t, &Layer{DiffID: layer(t).DiffID}, layer(t))
	})
}

// TestAStreamThatBreaksIsNoLayer: its error is not the layer's.
func TestAStreamThatBreaksIsNoLayer(t *testing.T) {
	broken := errors.New("connection reset")
	for name, data := range map[string][]byte{"in the archive": archive(t, dir("testbed"))[:300], "after it": archive(t)} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Inspect(io.MultiReader(bytes.NewReader(data), iotest.ErrReader(broken)))
			assert.ErrorIs(t, err, broken)
		})
	}
}

// TestAStreamThatBreaksAndGoesOnIsNone either: nobody knows what is missing.
func TestAStreamThatBreaksAndGoesOnIsNone(t *testing.T) {
	broken := errors.New("connection reset")
	data := archive(t, dir("testbed"))
	_, _, err := Inspect(&interrupted{parts: []io.Reader{bytes.NewReader(data[:300]), iotest.ErrReader(broken), bytes.NewReader(data[300:])}})
	assert.ErrorIs(t, err, broken)
}

// interrupted reads one part after the other, whatever the error of the one before.
type interrupted struct{ parts []io.Reader }

func (i *interrupted) Read(p []byte) (int, error) {
	if len(i.parts) == 0 {
		return 0, io.EOF
	}
	n, err := i.parts[0].Read(p)
	if err != nil {
		i.parts = i.parts[1:]
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// FuzzInspect reads what registries may give for a layer: it ends, refuses what it cannot read, and
// keeps no path that leads out of the root.
func FuzzInspect(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		l, digest, err := Inspect(bytes.NewReader(data))
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("sha256:%x", sha256.Sum256(data)), digest)
		stored, err := Read(bytes.NewReader(data)) // Nothing of it is compressed.
		require.NoError(t, err)
		for _, entry := range append(l.unpack().outside, stored.unpack().outside...) {
			assert.True(t, entry.Path == "." || filepath.IsLocal(entry.Path), entry.Path)
			assert.Empty(t, place(entry.Path))
		}
		if kept, ok := l.Keep(); ok {
			again, err := ReadKept(kept)
			require.NoError(t, err)
			assert.Equal(t, l, again, "what is kept is what was read")
		}
	})
}
