package columns

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

var errSize = errors.New("a page does not have its declared size")

// exact is a codec that decompresses exactly the declared size of a page. arrow-go's own codecs
// allocate what the compressed data declares, or grow with it.
type exact struct {
	compress.Codec
	decode func(dst, src []byte) (int, error)
}

// Decode fills dst.
func (c exact) Decode(dst, src []byte) []byte {
	if len(dst) == 0 {
		return dst // nothing but nulls, and some writers compress nothing to nothing
	}
	n, err := c.decode(dst, src)
	if err == nil && n != len(dst) {
		err = errSize
	}
	if err != nil {
		panic(refusal{err})
	}
	return dst
}

func init() {
	register(compress.Codecs.Uncompressed, func(compress.Codec) func(dst, src []byte) (int, error) { return store })
	register(compress.Codecs.Snappy, func(compress.Codec) func(dst, src []byte) (int, error) { return unsnap })
	register(compress.Codecs.Zstd, func(compress.Codec) func(dst, src []byte) (int, error) { return unzstd })
	register(compress.Codecs.Gzip, streamed)
	register(compress.Codecs.Brotli, streamed)
	register(compress.Codecs.Lz4Raw, func(codec compress.Codec) func(dst, src []byte) (int, error) {
		return func(dst, src []byte) (int, error) { return len(codec.Decode(dst, src)), nil }
	})
}

// register replaces arrow-go's codec with an exact one.
func register(name compress.Compression, decode func(compress.Codec) func(dst, src []byte) (int, error)) {
	codec, err := compress.GetCodec(name)
	if err != nil {
		panic(err) // a test reads all of them
	}
	compress.RegisterCodec(name, exact{Codec: codec, decode: decode(codec)})
}

func store(dst, src []byte) (int, error) {
	copy(dst, src)
	return len(src), nil
}

// unsnap checks the length first, because Decode allocates it.
func unsnap(dst, src []byte) (int, error) {
	length, err := snappy.DecodedLen(src)
	if err != nil || length != len(dst) {
		return length, err
	}
	_, err = snappy.Decode(dst, src)
	return length, err
}

// zstdDecoder is safe for concurrent use. It decompresses into the given buffer.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxPage), zstd.WithDecodeAllCapLimit(true))
})

func unzstd(dst, src []byte) (int, error) {
	decoder, err := zstdDecoder()
	if err != nil {
		return 0, err
	}
	data, err := decoder.DecodeAll(src, dst[:0:len(dst)])
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = errSize
	}
	return len(data), err
}

// streamed reads up to the end, which must directly follow what dst takes.
func streamed(codec compress.Codec) func(dst, src []byte) (int, error) {
	return func(dst, src []byte) (int, error) {
		r := codec.(compress.StreamingCodec).NewReader(bytes.NewReader(src))
		defer r.Close()
		n, err := io.ReadFull(r, dst)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return n, errSize
		}
		if err != nil {
			return n, err
		}
		if _, err := io.ReadFull(r, make([]byte, 1)); !errors.Is(err, io.EOF) {
			return n, errSize
		}
		return n, nil
	}
}
