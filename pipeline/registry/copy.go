package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/status"
	"dagger/eval-images/pipeline/registry/transport"
	"dagger/eval-images/redact"
)

// copyLayer streams a layer from its repository to another one of the registry. Begun is the answer
// that started the upload; nil: none is started yet. Each further try starts a new upload, because
// a broken one keeps the bytes that it got.
func (c *Client) copyLayer(ctx context.Context, to oci.Repository, layer oci.Layer, begun *answer) error {
	return c.throttled(ctx, http.MethodPut, func() (err error) {
		if begun == nil {
			if begun, err = c.askOnce(ctx, http.MethodPost, to, "blobs/uploads/", content{}, stored...); err != nil {
				return err
			}
		}
		place, err := begun.location()
		if err != nil {
			return err
		}
		query := place.Query()
		query.Set("digest", layer.Descriptor.Digest.String())
		place.RawQuery, begun = query.Encode(), nil
		return c.putLayer(ctx, place, layer)
	})
}

// stalledTimes bounds the time in which a copy reads no byte, in multiples of the time limit for an
// answer. The end of a copy counts, while the registry stores the layer.
const stalledTimes = 5

func (c *Client) putLayer(ctx context.Context, target *url.URL, layer oci.Layer) error {
	return c.moving(ctx, http.MethodPut, target.EscapedPath(), func(ctx context.Context, moved movement) error {
		return c.exchangeLayer(ctx, target, layer, moved)
	})
}

// moving does work that takes as long as a layer is large, and stops it when nothing moves any
// more.
func (c *Client) moving(ctx context.Context, method, path string, work func(ctx context.Context, moved movement) error) error {
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := stalledTimes * c.answerTime
	timer := time.AfterFunc(limit, func() { cancel(fmt.Errorf("no answer within %s", limit)) })
	defer timer.Stop()
	err := work(limited, func() { timer.Reset(limit) })
	if err != nil && limited.Err() != nil {
		return fmt.Errorf("%s %s: %w", method, redact.Line(path), context.Cause(limited))
	}
	return err
}

// exchangeLayer reads a layer and puts it. It calls moved for each part that it has read.
func (c *Client) exchangeLayer(ctx context.Context, target *url.URL, layer oci.Layer, moved movement) error {
	source, err := c.openLayer(ctx, layer)
	if err != nil {
		return err
	}
	reading := told(source, moved)
	var sent bool
	open := func() (io.ReadCloser, error) {
		if !sent { // A registry that handles one request at a time would wait for a second read.
			sent = true
			return reading, nil
		}
		source, err := c.openLayer(ctx, layer) // To be sent again, the layer is read again.
		if err != nil {
			return nil, err
		}
		return told(source, moved), nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, target.String(), reading)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", transport.Octets)
	request.GetBody, request.ContentLength = open, layer.Descriptor.Size
	response, err := c.http.Do(request)
	path := redact.Line(target.EscapedPath())
	if err != nil {
		return fmt.Errorf("%s %s: %w", http.MethodPut, path, c.access.redact(status.Presentable(err)))
	}
	defer response.Body.Close()
	return c.expect(http.MethodPut, path, response, stored...)
}

// openLayer starts to read a layer.
func (c *Client) openLayer(ctx context.Context, layer oci.Layer) (io.ReadCloser, error) {
	return c.openLayerAt(ctx, layer, 0, func() {})
}

// openLayerAt starts to read a layer at an offset. Of a registry that gives all of it, it skips the
// part before, and calls moved for each part of that.
func (c *Client) openLayerAt(ctx context.Context, layer oci.Layer, offset int64, moved movement) (io.ReadCloser, error) {
	at := c.place(layer.Repository, "blobs/"+layer.Descriptor.Digest.String())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", transport.Octets)
	request.Header.Set("Accept-Encoding", "identity") // The layer as it is stored.
	if offset > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", http.MethodGet, at.EscapedPath(), c.access.redact(status.Presentable(err)))
	}
	if err := c.expect(http.MethodGet, at.EscapedPath(), response, http.StatusOK, http.StatusPartialContent); err != nil {
		response.Body.Close()
		return nil, err
	}
	if err := skip(response, offset, moved); err != nil {
		response.Body.Close()
		return nil, fmt.Errorf("%s %s: %w", http.MethodGet, at.EscapedPath(), status.Presentable(err))
	}
	return response.Body, nil
}

// skip makes an answer's body begin at the offset that was asked for.
// https://www.rfc-editor.org/rfc/rfc9110#section-14.4
func skip(response *http.Response, offset int64, moved movement) error {
	if response.StatusCode == http.StatusOK {
		_, err := io.CopyN(moved, response.Body, offset)
		return err
	}
	if given := response.Header.Get("Content-Range"); !strings.HasPrefix(given, fmt.Sprintf("bytes %d-", offset)) {
		return fmt.Errorf("the answer is about the bytes %s, and not from %d on", redact.Line(given), offset)
	}
	return nil
}

// expect returns a [status.Error] for an answer with any other status than these.
func (c *Client) expect(method, path string, response *http.Response, want ...int) error {
	if slices.Contains(want, response.StatusCode) {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, status.MaxBody))
	if err != nil {
		body = nil // The status is enough.
	}
	return c.access.redact(status.New(method, path, response.StatusCode, response.Header, body))
}

// told is a layer that calls moved for each part of it that is read.
func told(layer io.ReadCloser, moved movement) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{io.TeeReader(layer, moved), layer}
}

// movement is called for each part of a layer that is read.
type movement func()

// Write calls the function, and keeps nothing.
func (m movement) Write(part []byte) (int, error) {
	m()
	return len(part), nil
}
