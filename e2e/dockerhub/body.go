package dockerhub

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
)

// Fault is what happens to a layer on its way.
type Fault struct {
	// Cut ends the connection, after so many bytes of the answer.
	Cut   bool
	After int64
	// Wrong changes the first byte.
	Wrong bool
}

// chunk is how much goes over the link at a time.
const chunk = 32 << 10

// body is the answer with a layer.
type body struct {
	http.ResponseWriter
	ctx     context.Context
	through func(ctx context.Context, n int) error // the link
	sent    func(n int)                            // counts
	fault   Fault

	ranged      bool
	first, last int64 // of the bytes that were asked for; last is below zero for the end
	at          int64 // in the layer
	done        int64 // bytes that were sent
}

// ask reads a range. All others than of one part are ignored, as a server may.
// https://www.rfc-editor.org/rfc/rfc9110#section-14.2
func (b *body) ask(header string) {
	b.last = -1
	if n, _ := fmt.Sscanf(header, "bytes=%d-%d", &b.first, &b.last); n > 0 {
		b.ranged = true
	}
}

// WriteHeader answers with a part of the layer if that was asked for.
func (b *body) WriteHeader(status int) {
	if status != http.StatusOK || !b.ranged {
		b.ranged = false
		b.ResponseWriter.WriteHeader(status)
		return
	}
	size, err := strconv.ParseInt(b.Header().Get("Content-Length"), 10, 64)
	if b.last < 0 || b.last >= size {
		b.last = size - 1
	}
	if err != nil || b.first > b.last {
		b.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		b.Header().Del("Content-Length")
		b.ResponseWriter.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return
	}
	b.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", b.first, b.last, size))
	b.Header().Set("Content-Length", strconv.FormatInt(b.last-b.first+1, 10))
	b.ResponseWriter.WriteHeader(http.StatusPartialContent)
}

// Write sends what was asked for of the next part of the layer.
func (b *body) Write(data []byte) (int, error) {
	wanted := data
	if b.ranged {
		from, to := max(b.first-b.at, 0), b.last+1-b.at
		wanted = data[min(from, int64(len(data))):max(min(to, int64(len(data))), min(from, int64(len(data))))]
	}
	b.at += int64(len(data))
	for len(wanted) > 0 {
		next := wanted[:min(chunk, len(wanted))]
		if err := b.send(next); err != nil {
			return 0, err
		}
		wanted = wanted[len(next):]
	}
	return len(data), nil
}

// send sends some bytes over the link.
func (b *body) send(data []byte) error {
	cut := b.fault.Cut && b.done+int64(len(data)) > b.fault.After
	if cut {
		data = data[:b.fault.After-b.done]
	}
	if err := b.through(b.ctx, len(data)); err != nil {
		return err
	}
	if b.fault.Wrong && b.done == 0 && len(data) > 0 {
		data = append([]byte{data[0] ^ 1}, data[1:]...)
	}
	b.sent(len(data)) // Before they arrive: who has them all may look at the counts.
	_, err := b.ResponseWriter.Write(data)
	b.done += int64(len(data))
	if cut {
		_ = http.NewResponseController(b.ResponseWriter).Flush() // What went over the link arrives.
		panic(http.ErrAbortHandler)
	}
	return err
}

// Unwrap lets an http.ResponseController reach what the body hides.
func (b *body) Unwrap() http.ResponseWriter { return b.ResponseWriter }
