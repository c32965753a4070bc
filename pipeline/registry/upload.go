package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/status"
	"dagger/eval-images/pipeline/registry/transport"
	"dagger/eval-images/redact"
)

// layerUpload is the upload of a layer to a repository. It knows how far the registry came, so that it can go on
// there after a failure.
type layerUpload struct {
	client *Client
	to     oci.Repository
	layer  oci.Layer
	// place where the upload goes on. Nil: it is not begun.
	place *url.URL
	// offset is how many bytes the registry has.
	offset int64
	// unsure says that the registry may have more or fewer bytes, because a request failed.
	unsure bool
	// whole says that the registry takes layers in one piece only.
	whole bool
	// done says that the registry has the layer.
	done bool
	// begun is how often the upload began, and refusal why it began anew.
	begun   int
	refusal error
}

// defaultPiece is how much of a layer one request uploads. A registry may end a request after ten
// minutes, as ghcr.io does: this takes that long at half a megabyte per second.
// https://docs.github.com/en/packages/working-with-a-github-packages-registry/working-with-the-container-registry#troubleshooting
const defaultPiece = 256 << 20

// ready finds out how far the registry came, or begins the upload.
func (u *layerUpload) ready(ctx context.Context) error {
	if u.unsure {
		if err := u.ask(ctx); err != nil {
			return err
		}
	}
	if u.place != nil || u.done {
		return nil
	}
	begun, err := u.client.askOnce(ctx, http.MethodPost, u.to, "blobs/uploads/", content{}, stored...)
	if err != nil {
		return err
	}
	u.begun++
	u.offset, u.unsure = 0, false
	u.place, err = begun.location()
	return u.atHost(err)
}

// atHost says that an error is the registry's.
func (u *layerUpload) atHost(err error) error {
	return classify.AtHost(u.client.host.RegistryStr(), err)
}

// ask asks the registry how far an upload came. Where it does not say, the upload begins anew.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pushing-a-blob-in-chunks
func (u *layerUpload) ask(ctx context.Context) error {
	if u.place == nil {
		u.unsure = false
		return nil
	}
	got, err := u.client.sendOnce(ctx, http.MethodGet, u.place, content{}, http.StatusNoContent)
	if err != nil && !status.Refused(err) {
		return err
	}
	if err == nil {
		offset, ok := uploaded(got.header.Get("Range"))
		if place, err := got.location(); ok && err == nil && offset <= u.layer.Descriptor.Size {
			u.place, u.offset, u.unsure = place, offset, false
			return nil
		}
	}
	// The answer to its end may have been lost.
	_, err = u.client.askOnce(ctx, http.MethodHead, u.to, "blobs/"+u.layer.Descriptor.Digest.String(), content{}, http.StatusOK)
	if err != nil && !status.Refused(err) {
		return err
	}
	u.place, u.unsure, u.done = nil, false, err == nil
	return nil
}

// uploaded reads how many bytes a registry has, "0-99" for 100. Of an empty upload, registries say
// "0-0" or nothing.
func uploaded(header string) (int64, bool) {
	header = strings.TrimPrefix(header, "bytes=")
	if header == "" || header == "0-0" {
		return 0, true
	}
	from, to, _ := strings.Cut(header, "-")
	last, err := strconv.ParseInt(to, 10, 64)
	return last + 1, err == nil && from == "0" && last >= 0 && last < math.MaxInt64
}

// giveUp tells the registry that the upload ends here.
func (u *layerUpload) giveUp(ctx context.Context) {
	if u.place != nil {
		_, _ = u.client.sendOnce(ctx, http.MethodDelete, u.place, content{}, http.StatusNoContent)
		u.place = nil
	}
}

// send uploads the next piece of the layer from a stream that is at the upload's offset. An error
// of the stream itself is the stream's.
func (u *layerUpload) send(ctx context.Context, from *layerStream) error {
	size := u.layer.Descriptor.Size
	end := size
	if !u.whole {
		end = min(size, u.offset+u.client.pieceSize())
	}
	target, method := *u.place, http.MethodPatch
	if end == size {
		method = http.MethodPut
		query := target.Query()
		query.Set("digest", u.layer.Descriptor.Digest.String())
		target.RawQuery = query.Encode()
	}
	u.unsure = true
	got, err := u.exchange(ctx, method, &target, from, end)
	switch {
	case from.err != nil:
		return nil // The caller sees to the source.
	case err != nil && status.Refused(err) && u.retry(method, err):
		return nil
	case err != nil:
		return err
	}
	u.unsure = false
	if method == http.MethodPut {
		u.done, u.place = true, nil
		return nil
	}
	u.offset = end
	u.place, err = got.location()
	return u.atHost(err)
}

// retry reports whether an upload that was refused may be accepted in another form: a registry may
// take no pieces, or no longer know the upload.
func (u *layerUpload) retry(method string, err error) bool {
	var answer *status.Error
	if !errors.As(err, &answer) || answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden {
		return false
	}
	if u.whole && u.offset == 0 {
		return false
	}
	if method == http.MethodPut && u.offset == 0 {
		return false // It was in one piece.
	}
	u.whole = u.whole || answer.Status != http.StatusNotFound
	u.place, u.unsure, u.refusal = nil, false, err
	return true
}

// exchange uploads the bytes from the upload's offset to an end.
func (u *layerUpload) exchange(ctx context.Context, method string, target *url.URL, from *layerStream, end int64) (got *answer, err error) {
	path := redact.Line(target.EscapedPath())
	err = u.client.moving(ctx, method, path, func(ctx context.Context, moved movement) error {
		request, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
		if err != nil {
			return err
		}
		body := &piece{from: from, begin: u.offset, end: end, moved: moved}
		defer func() { body.detach() }()
		request.Body, request.ContentLength = body, end-u.offset
		request.GetBody = func() (io.ReadCloser, error) {
			body, err = body.again()
			return body, err
		}
		request.Header.Set("Content-Type", transport.Octets)
		if (u.offset > 0 || end < u.layer.Descriptor.Size) && end > u.offset {
			request.Header.Set("Content-Range", fmt.Sprintf("%d-%d", u.offset, end-1))
		}
		response, err := u.client.http.Do(request)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, u.client.access.redact(status.Presentable(err)))
		}
		defer response.Body.Close()
		got = &answer{status: response.StatusCode, header: response.Header, url: response.Request.URL}
		return u.client.expect(method, path, response, stored...)
	})
	return got, u.atHost(err)
}

// piece is the part of a stream that one request uploads.
type piece struct {
	from       *layerStream
	begin, end int64
	moved      movement

	mu       sync.Mutex // held while the stream is read
	detached bool
}

// errDetached ends a request that reads on after it was answered.
var errDetached = errors.New("the request was answered before its end")

// Read reads the stream up to the piece's end.
func (p *piece) Read(buffer []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.detached {
		return 0, errDetached
	}
	left := p.end - p.from.at
	if left <= 0 {
		return 0, io.EOF
	}
	n, err := p.from.Read(buffer[:min(int64(len(buffer)), left)])
	p.moved()
	return n, err
}

// Close leaves the stream open, for the next piece.
func (p *piece) Close() error { return nil }

// again is the piece for a request that is sent again. It is read from its start, and whoever reads
// for the first request reads no more.
func (p *piece) again() (*piece, error) {
	p.detach()
	return &piece{from: p.from, begin: p.begin, end: p.end, moved: p.moved}, p.from.reopen(p.begin)
}

// detach waits until nobody reads the stream, and lets nobody read it any more. A client may read a
// body on after the answer came.
func (p *piece) detach() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.detached = true
}
