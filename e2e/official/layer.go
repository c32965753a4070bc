package official

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// built is when all is made.
var built = time.Date(2026, time.January, 5, 9, 30, 0, 0, time.UTC)

// entry of a layer.
type entry struct {
	header tar.Header
	text   string
	// random names the data of a large file, and drawn is how many bytes are drawn for it.
	random string
	drawn  int64
}

// content of an entry. A large file has one of 64 characters in each byte, so that to inflate it is
// work, as with real layers.
func (e entry) content() (content io.Reader, size int64) {
	if e.random == "" {
		return strings.NewReader(e.text), int64(len(e.text))
	}
	random := io.LimitReader(rand.NewChaCha8(sha256.Sum256([]byte(e.random))), e.drawn)
	reader, writer := io.Pipe()
	go func() {
		text := base64.NewEncoder(base64.StdEncoding, writer)
		_, err := io.Copy(text, random)
		if err == nil {
			err = text.Close()
		}
		writer.CloseWithError(err)
	}()
	return reader, int64(base64.StdEncoding.EncodedLen(int(e.drawn)))
}

// emptyLayer is what BuildKit writes where a step changes nothing, so that many images have it.
// https://github.com/moby/buildkit/blob/v0.19.0/exporter/containerimage/exptypes/types.go
var emptyLayer = []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x62\x18\x05\xa3\x60\x14\x8c\x58\x00\x08\x00\x00\xff\xff\x2e\xaf\xb5\xef\x00\x04\x00\x00")

// empty makes that layer.
func (s *Set) empty() v1.Layer {
	inflated, digest := sha256.Sum256(make([]byte, 1024)), sha256.Sum256(emptyLayer)
	media := types.DockerLayer
	if s.Generation == Flat {
		media = types.OCILayer
	}
	return &layer{media: media, diffID: hash(inflated[:]), digest: hash(digest[:]), stored: emptyLayer}
}

// archive makes the layer of a step.
func (s *Set) archive(step step) (v1.Layer, error) {
	if len(step.entries) == 0 {
		return s.empty(), nil
	}
	var stored bytes.Buffer
	compressed, err := s.compressor(&stored)
	if err != nil {
		return nil, err
	}
	inflated := sha256.New()
	if err := writeEntries(io.MultiWriter(compressed, inflated), step.entries); err != nil {
		return nil, err
	}
	if err := compressed.Close(); err != nil {
		return nil, err
	}
	made := &layer{media: s.media(), diffID: hash(inflated.Sum(nil)), stored: stored.Bytes()}
	if step.damage != nil {
		made.stored = step.damage(made.stored)
	}
	sum := sha256.Sum256(made.stored)
	made.digest = hash(sum[:])
	return made, nil
}

func (s *Set) compressor(to io.Writer) (io.WriteCloser, error) {
	if s.Zstd {
		return zstd.NewWriter(to, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault))
	}
	return gzip.NewWriterLevel(to, gzip.BestSpeed)
}

func writeEntries(to io.Writer, entries []entry) error {
	archive := tar.NewWriter(to)
	for _, entry := range entries {
		content, size := entry.content()
		header := entry.header
		header.Size, header.ModTime = size, built
		if err := archive.WriteHeader(&header); err != nil {
			return err
		}
		if _, err := io.Copy(archive, content); err != nil {
			return err
		}
	}
	return archive.Close()
}

func hash(sum []byte) v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum)} }

// layer is a layer as a registry has it.
type layer struct {
	media          types.MediaType
	digest, diffID v1.Hash
	stored         []byte
}

func (l *layer) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l *layer) DiffID() (v1.Hash, error)            { return l.diffID, nil }
func (l *layer) Size() (int64, error)                { return int64(len(l.stored)), nil }
func (l *layer) MediaType() (types.MediaType, error) { return l.media, nil }
func (l *layer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.stored)), nil
}

// Uncompressed inflates the layer.
func (l *layer) Uncompressed() (io.ReadCloser, error) {
	if l.media == types.OCILayerZStd {
		reader, err := zstd.NewReader(bytes.NewReader(l.stored))
		if err != nil {
			return nil, err
		}
		return reader.IOReadCloser(), nil
	}
	return gzip.NewReader(bytes.NewReader(l.stored))
}
