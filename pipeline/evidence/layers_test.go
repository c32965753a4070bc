package evidence

import (
	"archive/tar"
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// item is an entry of a layer that a test makes.
type item struct {
	name string
	typ  byte // zero: a directory if the name ends in "/", else a file
	mode int64
	uid  int
	link string
	text string
	pax  map[string]string
	// major number of a device
	major int64
}

func dir(name string) item            { return item{name: name + "/", mode: 0o755} }
func file(name, text string) item     { return item{name: name, mode: 0o644, text: text} }
func link(name, to string) item       { return item{name: name, typ: tar.TypeSymlink, mode: 0o777, link: to} }
func hardLink(name, to string) item   { return item{name: name, typ: tar.TypeLink, link: to} }
func whiteout(path, name string) item { return file(path+whiteoutPrefix+name, "") }
func opaque(path string) item         { return file(path+"/"+opaqueName, "") }

// withMode is an item with another mode.
func (i item) withMode(mode int64) item { i.mode = mode; return i }

// ownedBy is an item with another owner.
func (i item) ownedBy(uid int) item { i.uid = uid; return i }

// with is an item with a PAX record.
func (i item) with(key, value string) item { i.pax = map[string]string{key: value}; return i }

// archive is the tar archive of items.
func archive(t testing.TB, items ...item) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	for _, i := range items {
		header := &tar.Header{
			Name: i.name, Typeflag: i.typ, Mode: i.mode, Uid: i.uid, Gid: i.uid, Linkname: i.link, Size: int64(len(i.text)),
			PAXRecords: i.pax, Devmajor: i.major, Format: tar.FormatPAX,
		}
		if i.typ == 0 {
			header.Typeflag = tar.TypeReg
			if len(i.name) > 0 && i.name[len(i.name)-1] == '/' {
				header.Typeflag = tar.TypeDir
			}
		}
		require.NoError(t, w.WriteHeader(header))
		_, err := w.Write([]byte(i.text))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return buffer.Bytes()
}

// layer reads the layer of items.
func layer(t testing.TB, items ...item) *Layer {
	t.Helper()
	l, _, err := Inspect(bytes.NewReader(archive(t, items...)))
	require.NoError(t, err)
	return l
}

// system is the lowest layer of the images here.
func systemItems() []item {
	return []item{
		dir("etc"), file("etc/passwd", "root"), dir("home"), dir("opt"), dir("opt/miniconda3"), dir("opt/miniconda3/bin"),
		file("opt/miniconda3/bin/conda", ""), dir("opt/miniconda3/envs"), dir("root").withMode(0o700), dir("tmp").withMode(0o1777),
		dir("usr"), dir("usr/bin"), file("usr/bin/sh", ""), dir("usr/local"), link("bin", "usr/bin"), dir("var"), dir("var/lib"),
	}
}
