package parquet

import "fmt"

// budget is what reading a file's pages may still take. It is spent before
// anything is allocated.
type budget struct {
	bytes, pages       int64 // what is left
	allBytes, allPages int64
}

func newBudget(bytes, pages int64) budget {
	return budget{bytes: bytes, pages: pages, allBytes: bytes, allPages: pages}
}

// spendPage takes off one page, whose header has so many bytes.
func (b *budget) spendPage(header int64) error {
	if b.pages--; b.pages < 0 {
		return fmt.Errorf("the file has more than %d pages", b.allPages)
	}
	return b.spend(header)
}

// spend takes off so many bytes.
func (b *budget) spend(bytes int64) error {
	if b.bytes -= bytes; b.bytes < 0 {
		return fmt.Errorf("the pages are larger than %d bytes together", b.allBytes)
	}
	return nil
}
