package main

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const megabyte = 1_000_000

// randomBytes of a name are the same for the same seed. They do not compress, as most of what is in real layers is compressed badly too.
func randomBytes(seed int64, name string, size int64) io.Reader {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "%d/%s", seed, name)
	return io.LimitReader(rand.New(rand.NewSource(int64(hash.Sum64()))), size)
}

// randomLayer is a layer of one file, generated anew each time that it is read, so that large ones need no memory.
func randomLayer(seed int64, name string, size int64) (v1.Layer, error) {
	open := func() (io.ReadCloser, error) {
		reader, writer := io.Pipe()
		go func() { writer.CloseWithError(writeTar(writer, seed, name, size)) }()
		return reader, nil
	}
	return tarball.LayerFromOpener(open, tarball.WithCompressionLevel(gzip.NoCompression), tarball.WithMediaType(types.OCILayer))
}

func writeTar(to io.Writer, seed int64, name string, size int64) error {
	archive := tar.NewWriter(to)
	if err := archive.WriteHeader(&tar.Header{Name: "bench/" + name, Mode: 0o644, Size: size}); err != nil {
		return err
	}
	if _, err := io.Copy(archive, randomBytes(seed, name, size)); err != nil {
		return err
	}
	return archive.Close()
}

// layerSizes divides a base image's bytes: a layer that all images have in common, and one of each image's own of at most 1 MB, and of
// at most 200 MB for all of them, so that a hundred large images, and thousands of small ones, fit on a disk.
func layerSizes(p point) (common, own int64) {
	whole := int64(p.baseMB) * megabyte
	own = min(megabyte, whole/4, 200*megabyte/int64(p.images))
	return whole - own, own
}
