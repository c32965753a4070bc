package evidence

import (
	"bufio"
	"bytes"
	"compress/flate"
	"io"
	"iter"
	"sync"
)

// packed are entries in the order of their layer, deflated. A layer of a system has tens of
// thousands of entries, which share most of their paths, and a run knows hundreds of layers.
type packed []byte

// deflaters and inflaters are kept, as one takes more memory than most layers.
var (
	deflaters = sync.Pool{New: func() any {
		deflater, _ := flate.NewWriter(nil, flate.BestSpeed) // It fails for other levels only.
		return deflater
	}}
	inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}
)

// packer packs entries. The zero value has none.
type packer struct {
	buffer   bytes.Buffer
	deflater *flate.Writer // Nil: there is none yet.
	line     []byte
}

// add packs one more entry. No text of an entry has a NUL.
func (p *packer) add(entry Entry) {
	if p.deflater == nil {
		p.deflater = deflaters.Get().(*flate.Writer)
		p.deflater.Reset(&p.buffer)
	}
	p.line = p.line[:0]
	for _, text := range []string{string(entry.Kind), entry.Path, entry.Attributes, entry.Into} {
		p.line = append(append(p.line, text...), 0)
	}
	_, _ = p.deflater.Write(p.line) // A buffer takes everything.
}

// packed ends the entries.
func (p *packer) packed() packed {
	if p.deflater == nil {
		return nil
	}
	_ = p.deflater.Close() // A buffer takes everything.
	deflaters.Put(p.deflater)
	p.deflater = nil
	return bytes.Clone(p.buffer.Bytes())
}

// all unpacks the entries.
func (p packed) all() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		if len(p) == 0 {
			return
		}
		inflater := inflaters.Get().(io.Reader)
		defer inflaters.Put(inflater)
		_ = inflater.(flate.Resetter).Reset(bytes.NewReader(p), nil) // It never fails.
		reader := bufio.NewReader(inflater)
		for {
			var texts [4]string
			for i := range texts {
				text, err := reader.ReadString(0)
				if err != nil {
					return // It is the end: these bytes are packer's own.
				}
				texts[i] = text[:len(text)-1]
			}
			if !yield(Entry{Kind: Kind(texts[0]), Path: texts[1], Attributes: texts[2], Into: texts[3]}) {
				return
			}
		}
	}
}
