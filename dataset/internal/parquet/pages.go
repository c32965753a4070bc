package parquet

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

// pageReader reads the pages of one column in one row group, in order.
type pageReader struct {
	r        *bufio.Reader // large enough to look ahead by maxHeader
	left     int64         // bytes left of the pages
	budget   *budget       // what is left for all pages of the file
	codec    format.CompressionCodec
	nullable bool
}

// next returns the next page, or io.EOF behind the last.
func (p *pageReader) next() (*page, error) {
	if p.left == 0 {
		return nil, io.EOF
	}
	next := new(page)
	if err := p.header(&next.header); err != nil {
		return nil, err
	}
	data, err := p.payload(next.header)
	if err != nil {
		return nil, err
	}
	return next, next.unpack(data, p.codec, p.nullable)
}

// header reads a page's header, whose length only decoding it tells. It looks ahead
// as far as most headers go, and further only if that is too short: to look far
// ahead of each of many small pages takes longer than to read them.
func (p *pageReader) header(header *format.PageHeader) error {
	length, err := p.peekHeader(header, usualHeader)
	if err != nil {
		length, err = p.peekHeader(header, maxHeader)
	}
	if err != nil {
		return err
	}
	p.left -= int64(length)
	if _, err := p.r.Discard(length); err != nil {
		return err
	}
	return p.budget.spendPage(int64(length))
}

// peekHeader decodes a header of at most so many bytes, and returns its length.
func (p *pageReader) peekHeader(header *format.PageHeader, longest int64) (int, error) {
	// Peek returns an error and fewer bytes if there are no more.
	ahead, err := p.r.Peek(int(min(longest, p.left)))
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	*header = format.PageHeader{}
	return unmarshal(ahead, header)
}

// payload reads what follows a header.
func (p *pageReader) payload(header format.PageHeader) ([]byte, error) {
	compressed, size := int64(header.CompressedPageSize), int64(header.UncompressedPageSize)
	switch {
	case compressed < 0 || size < 0 || compressed > maxPage || size > maxPage:
		return nil, fmt.Errorf("a page declares %d bytes, compressed %d: at most %d are read", size, compressed, maxPage)
	case compressed > p.left:
		return nil, fmt.Errorf("a page declares %d bytes, and the column has %d left", compressed, p.left)
	}
	if err := p.budget.spend(compressed + size); err != nil {
		return nil, err
	}
	p.left -= compressed
	data := make([]byte, compressed)
	_, err := io.ReadFull(p.r, data)
	return data, err
}
