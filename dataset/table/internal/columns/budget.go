package columns

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// budget is the number of bytes and pages that a file may still use. It is spent before anything is
// allocated, and never returned, so it also bounds the time.
type budget struct {
	memory.Allocator
	bytes, pages       int64 // what is left
	allBytes, allPages int64
}

func newBudget(bytes, pages int64) *budget {
	return &budget{Allocator: memory.NewGoAllocator(), bytes: bytes, pages: pages, allBytes: bytes, allPages: pages}
}

// spend takes bytes off the budget.
func (b *budget) spend(bytes int64) error {
	if b.bytes -= bytes; b.bytes < 0 {
		return fmt.Errorf("all pages together are larger than %d bytes", b.allBytes)
	}
	return nil
}

// spendPage takes one page off the budget.
func (b *budget) spendPage() error {
	if b.pages--; b.pages < 0 {
		return fmt.Errorf("the file has more than %d pages", b.allPages)
	}
	return nil
}

// allot stops arrow-go if it asks for more than a page, or more than the rest of the budget.
func (b *budget) allot(size int) {
	if size > maxPage {
		panic(refusal{fmt.Errorf("a page has %d bytes: the maximum is %d", size, maxPage)})
	}
	if err := b.spend(int64(size)); err != nil {
		panic(refusal{err})
	}
}

// Allocate returns memory for arrow-go.
func (b *budget) Allocate(size int) []byte {
	b.allot(size)
	return b.Allocator.Allocate(size)
}

// Reallocate returns the memory with another size.
func (b *budget) Reallocate(size int, data []byte) []byte {
	b.allot(size)
	return b.Allocator.Reallocate(size, data)
}
