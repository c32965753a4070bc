package registry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/throttle"
	"dagger/eval-images/redact"
)

// maxAnswer bounds the answers that are read: manifests, configs and errors. Registries take no
// manifest of more.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pushing-manifests
const maxAnswer = 4 << 20

// answer is what a registry answered.
type answer struct {
	status int
	header http.Header
	body   []byte
	url    *url.URL // of the request that was answered, after redirections
}

// ask sends a request about a repository, "/v2/{repository}/{what}", and expects one of these
// statuses. Every other answer is a [StatusError].
func (c *Client) ask(ctx context.Context, method string, repository fmt.Stringer, what string, send content, want ...int) (*answer, error) {
	return c.send(ctx, method, c.place(repository, what), send, want...)
}

// askOnce is ask for a request that is sent once, whatever the run waits for: its answer is wanted
// even if that is a limit.
func (c *Client) askOnce(ctx context.Context, method string, repository fmt.Stringer, what string, send content, want ...int) (*answer, error) {
	return c.sendOnce(ctx, method, c.place(repository, what), send, want...)
}

// place is where a repository has something. Whether it is reached by TLS, its [route] decides.
func (c *Client) place(repository fmt.Stringer, what string) *url.URL {
	return &url.URL{Scheme: "https", Host: c.host.RegistryStr(), Path: "/v2/" + repository.String() + "/" + what}
}

// content is what a request sends, and what it wants to have back.
type content struct {
	body   []byte
	media  string   // of the body
	accept []string // media types
	query  url.Values
}

// send sends one request when the run may, and again after a limit or an outage: see
// [throttle.Send].
func (c *Client) send(ctx context.Context, method string, at *url.URL, send content, want ...int) (got *answer, err error) {
	err = throttle.Send(ctx, c.host.RegistryStr(), kindOf(method, at), func() (err error) {
		got, err = c.sendOnce(ctx, method, at, send, want...)
		return err
	})
	return got, err
}

// kindOf is what the limits and failures of a request are counted by. A registry may let read what
// it does not let write, more of one than of another, and take blobs while it takes no manifests.
func kindOf(method string, at *url.URL) string {
	if strings.Contains(at.Path, "/manifests/") {
		return method + " manifest"
	}
	return method + " blob"
}

// sendOnce waits for the whole answer no longer than the client's time for that. Its errors know
// their host.
func (c *Client) sendOnce(ctx context.Context, method string, at *url.URL, send content, want ...int) (*answer, error) {
	got, err := c.sendOver(ctx, method, at, send, want...)
	return got, classify.AtHost(c.host.RegistryStr(), err)
}

func (c *Client) sendOver(ctx context.Context, method string, at *url.URL, send content, want ...int) (*answer, error) {
	path := redact.Line(at.EscapedPath()) // The registry may have chosen it.
	var got *answer
	err := withTimeout(ctx, c.answerTime, func(ctx context.Context) (err error) {
		got, err = c.exchange(ctx, method, at, send)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, c.access.redact(err)) // It may be the token server's.
	}
	if !slices.Contains(want, got.status) {
		return nil, c.access.redact(newStatusError(method, path, got))
	}
	return got, nil
}

func (c *Client) exchange(ctx context.Context, method string, at *url.URL, send content) (*answer, error) {
	target := *at
	if len(send.query) > 0 {
		query := target.Query() // A place to go on with an upload has one of its own.
		for key, values := range send.query {
			query[key] = values
		}
		target.RawQuery = query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(send.body))
	if err != nil {
		return nil, err
	}
	if send.media != "" {
		request.Header.Set("Content-Type", send.media)
	}
	request.Header["Accept"] = send.accept
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("an answer of more than %d MiB", maxAnswer>>20)
	}
	return &answer{status: response.StatusCode, header: response.Header, body: body, url: response.Request.URL}, nil
}
