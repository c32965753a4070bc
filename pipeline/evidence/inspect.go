package evidence

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"dagger/eval-images/redact"
)

// maxWindow bounds what the inflation of one layer may keep in memory, in bytes. Encoders choose 8
// MiB or less unless told otherwise.
const maxWindow = 32 << 20

// Inspect reads a layer as registries have it, by gzip, zstd or not compressed, to its end. It
// needs little more memory than the paths of the layer. The digest is that of the bytes read. The
// error is the stream's own: whatever the bytes themselves have wrong is in [Layer.Refused].
func Inspect(compressed io.Reader) (layer *Layer, digest string, err error) {
	outer := sha256.New()
	stream := &source{from: compressed}
	counted := bufio.NewReaderSize(io.TeeReader(stream, outer), 64<<10)
	layer = inflate(counted)
	_, _ = io.Copy(io.Discard, counted) // The error is kept by the stream.
	if stream.err != nil {
		return nil, "", stream.err
	}
	return layer, fmt.Sprintf("sha256:%x", outer.Sum(nil)), nil
}

// inflate reads the entries of a layer, and the digest of what is inflated.
func inflate(compressed *bufio.Reader) *Layer {
	inflated, closed, err := inflater(compressed)
	if err != nil {
		return &Layer{Refused: redact.Line(err.Error())}
	}
	defer closed()
	inner := sha256.New()
	layer, err := Read(io.TeeReader(inflated, inner))
	if err != nil && layer.Refused == "" {
		layer.Refused = redact.Line("inflating: " + err.Error())
	}
	layer.DiffID = fmt.Sprintf("sha256:%x", inner.Sum(nil))
	return layer
}

// inflater chooses by the first bytes, as containerd and Docker do, which do not look at the media
// type either.
func inflater(compressed *bufio.Reader) (inflated io.Reader, closed func(), err error) {
	magic, _ := compressed.Peek(4) // A shorter layer is none of these.
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		reader, err := gzip.NewReader(compressed)
		if err != nil {
			return nil, nil, fmt.Errorf("inflating: %w", err)
		}
		return reader, func() {}, nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		reader, err := zstd.NewReader(compressed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, fmt.Errorf("inflating: %w", err)
		}
		return reader, reader.Close, nil
	}
	return compressed, func() {}, nil
}
