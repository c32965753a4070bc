package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"dagger/eval-images/pipeline/throttle"
	"dagger/eval-images/redact"
)

// octets is the media type of a layer's bytes. Who accepts it reads an answer of any size, bit by
// bit.
const octets = "application/octet-stream"

// copyLayer uploads a layer that another repository of the registry has. The bytes go through and
// are not kept. Each try is an upload of its own: what is left of a broken one would come before
// the layer.
func (c *Client) copyLayer(ctx context.Context, to repository, layer Layer, begun *answer) error {
	return throttle.Send(ctx, c.host.RegistryStr(), http.MethodPut, func() (err error) {
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
		query.Set("digest", layer.descriptor.Digest.String())
		place.RawQuery, begun = query.Encode(), nil
		return c.putLayer(ctx, place, layer)
	})
}

// stalledTimes is how many times the time for an answer may pass in a copy without a byte that is
// read, and at its end, while the registry puts the layer in its place.
const stalledTimes = 5

func (c *Client) putLayer(ctx context.Context, target *url.URL, layer Layer) error {
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := stalledTimes * c.answerTime
	timer := time.AfterFunc(limit, func() { cancel(fmt.Errorf("no answer within %s", limit)) })
	defer timer.Stop()
	err := c.exchangeLayer(limited, target, layer, func() { timer.Reset(limit) })
	if err != nil && limited.Err() != nil {
		return fmt.Errorf("%s %s: %w", http.MethodPut, redact.Line(target.EscapedPath()), context.Cause(limited))
	}
	return err
}

// exchangeLayer reads a layer and puts it. It calls moved for each part that was read.
func (c *Client) exchangeLayer(ctx context.Context, target *url.URL, layer Layer, moved movement) error {
	source, err := c.openLayer(ctx, layer)
	if err != nil {
		return err
	}
	reading := told(source, moved)
	var sent bool
	open := func() (io.ReadCloser, error) {
		if !sent { // A registry that works off its requests one by one would wait for what another one asks.
			sent = true
			return reading, nil
		}
		source, err := c.openLayer(ctx, layer) // Sent anew, the layer is read anew.
		if err != nil {
			return nil, err
		}
		return told(source, moved), nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, target.String(), reading)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", octets)
	request.GetBody, request.ContentLength = open, layer.descriptor.Size
	response, err := c.http.Do(request)
	path := redact.Line(target.EscapedPath())
	if err != nil {
		return fmt.Errorf("%s %s: %w", http.MethodPut, path, c.access.redact(presentable(err)))
	}
	defer response.Body.Close()
	return c.expect(http.MethodPut, path, response, stored...)
}

// openLayer begins to read a layer.
func (c *Client) openLayer(ctx context.Context, layer Layer) (io.ReadCloser, error) {
	at := c.place(layer.in, "blobs/"+layer.descriptor.Digest.String())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", octets)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", http.MethodGet, at.EscapedPath(), c.access.redact(presentable(err)))
	}
	if err := c.expect(http.MethodGet, at.EscapedPath(), response, http.StatusOK); err != nil {
		response.Body.Close()
		return nil, err
	}
	return response.Body, nil
}

// expect makes a [StatusError] of an answer with another status than these.
func (c *Client) expect(method, path string, response *http.Response, want ...int) error {
	for _, status := range want {
		if response.StatusCode == status {
			return nil
		}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxPage))
	if err != nil {
		body = nil // The status tells.
	}
	return c.access.redact(newStatusError(method, path, &answer{status: response.StatusCode, header: response.Header, body: body}))
}

// told is a layer that tells of each part of it that is read.
func told(layer io.ReadCloser, moved movement) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{io.TeeReader(layer, moved), layer}
}

// movement is called for each part of a layer that was read.
type movement func()

// Write does not keep what was read.
func (m movement) Write(part []byte) (int, error) {
	m()
	return len(part), nil
}
