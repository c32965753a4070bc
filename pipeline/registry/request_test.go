package registry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/redact"
)

// TestASilentRegistry: a request that nobody answers ends, and may be tried again; it has not used
// up the image's own time.
func TestASilentRegistry(t *testing.T) {
	silent := map[string]registrytest.Fault{
		"that never answers": registrytest.Stall(time.Minute),
		"that stops in the middle of its answer": func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			io.WriteString(w, "{")
			http.NewResponseController(w).Flush()
			registrytest.Stall(time.Minute)(w, r, nil)
		},
	}
	for name, fault := range silent {
		t.Run(name, func(t *testing.T) {
			b := registrytest.NewBed(t)
			client := connect(t, b, Access{})
			client.answerTime = 300 * time.Millisecond // The handshake had a minute.
			b.Proxy.Script(registrytest.Rule{Fault: fault})
			_, err := client.Find(ctx, b.Reference("agent:x"))
			require.EqualError(t, err, "GET /v2/agent/manifests/x: no answer within 300ms")
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, classify.Unavailable, classify.Of(err).Class)
		})
	}
	t.Run("at the handshake", func(t *testing.T) {
		b := registrytest.NewBed(t)
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Stall(time.Minute)})
		access := Access{AnswerTime: 300 * time.Millisecond}
		_, err := access.Connect(ctx, b.Reference("agent"))
		require.ErrorContains(t, err, "no answer within 300ms")
		err = access.MayPush(ctx, b.Reference("agent"))
		require.ErrorContains(t, err, "no answer within 300ms")
		assert.NotErrorIs(t, err, ErrRefused)
	})
	t.Run("has a minute by default", func(t *testing.T) {
		assert.Equal(t, time.Minute, connect(t, registrytest.NewBed(t), Access{}).answerTime)
	})
}

func TestWhoeverIsToldToStopDoesNotWait(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	t.Run("for an answer", func(t *testing.T) {
		stopped, stop := context.WithCancel(ctx)
		b.Proxy.Script(registrytest.Rule{Fault: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			stop()
			registrytest.Stall(time.Minute)(w, r, next)
		}})
		_, err := client.Find(stopped, b.Reference("agent:x"))
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("for the handshake", func(t *testing.T) {
		reason := errors.New("the disk is full")
		stopped, stop := context.WithCancelCause(ctx)
		b.Proxy.Script(registrytest.Rule{Fault: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			stop(reason)
			registrytest.Stall(time.Minute)(w, r, next)
		}})
		_, err := Access{}.Connect(stopped, b.Reference("agent"))
		require.ErrorIs(t, err, reason)
	})
	t.Run("longer than the image has", func(t *testing.T) {
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Stall(time.Minute)})
		limited, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		_, err := client.Find(limited, b.Reference("agent:x"))
		require.ErrorIs(t, err, context.DeadlineExceeded, "this is the image's time, and not the registry's")
	})
	t.Run("and asks nothing", func(t *testing.T) {
		b.Proxy.Script()
		stopped, stop := context.WithCancel(ctx)
		stop()
		_, err := client.Find(stopped, b.Reference("agent:x"))
		require.ErrorIs(t, err, context.Canceled)
		_, err = Access{}.Connect(stopped, b.Reference("agent"))
		require.ErrorIs(t, err, context.Canceled)
		assert.Empty(t, b.Proxy.Requests())
	})
}

func TestAnEndlessAnswerIsRefused(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	b.Proxy.Script(registrytest.Rule{Fault: endless})
	_, err := client.Find(ctx, b.Reference("agent:x"))
	require.EqualError(t, err, "GET /v2/agent/manifests/x: the answer is larger than 4 MiB")
}

// endless answers until nobody reads on.
func endless(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	for block := make([]byte, 1<<16); r.Context().Err() == nil; {
		w.Write(block)
	}
}

// TestAStoragesAddressIsNotInAnError: registries send those who read a blob to a storage, with an
// address that opens it for everybody.
func TestAStoragesAddressIsNotInAnError(t *testing.T) {
	b := registrytest.NewBed(t)
	b.Push(t, "base:x", registrytest.Layered(t, types.OCIManifestSchema1, "one"))
	client := connect(t, b, Access{Username: "me", Password: "secret"})
	storage := httptest.NewServer(registrytest.New(nil, registrytest.Rule{Fault: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		assert.Empty(t, r.Header.Get("Authorization"), "the storage is somebody else")
		registrytest.Cut(0)(w, r, nil)
	}}))
	defer storage.Close()
	b.Proxy.Script(registrytest.Rule{Path: "/blobs/", Fault: registrytest.Answer(http.StatusTemporaryRedirect, "", "Location", storage.URL+"/b?signature=secret")})
	_, err := client.Image(ctx, b.Reference("base:x"))
	require.ErrorContains(t, err, "GET /v2/base/blobs/sha256:")
	assert.NotContains(t, err.Error(), "secret")
}

// TestAPlaceThatTheRegistryChose: the place where an upload goes on is the registry's text as well.
func TestAPlaceThatTheRegistryChose(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	composed := composedOn(t, b, client, "one", addition(t, b, client))
	place := "/v2/agent/blobs/uploads/%1b%5b2J%0a" + strings.Repeat("x", 1000) + "?state=secret"
	b.Proxy.Script(
		registrytest.Rule{Method: http.MethodPost, Skip: 3, Fault: registrytest.Answer(http.StatusAccepted, "", "Location", place)},
		registrytest.Rule{Method: http.MethodPut, Fault: registrytest.Answer(http.StatusInternalServerError, "")},
	)
	err := client.Put(ctx, composed, b.Reference("agent:one"))
	require.ErrorContains(t, err, "500 Internal Server Error")
	assert.Less(t, len(err.Error()), 2*redact.MaxLine)
	assert.NotContains(t, err.Error(), "\x1b")
	assert.NotContains(t, err.Error(), "secret")
	requests := b.Proxy.Requests()
	assert.Contains(t, requests[len(requests)-1].Query, "state=secret", "what the place asks for is kept")
	assert.Contains(t, requests[len(requests)-1].Query, "digest=sha256")
}

func TestWhatLimitsAndFailuresAreCountedBy(t *testing.T) {
	kind := func(method, path string) string { return kindOf(method, &url.URL{Path: path}) }
	manifest, blob := "/v2/agent/manifests/x", "/v2/agent/blobs/sha256:x"
	assert.Equal(t, kind(http.MethodPut, manifest), kind(http.MethodPut, "/v2/base/manifests/y"), "the repository makes no difference")
	assert.NotEqual(t, kind(http.MethodPut, manifest), kind(http.MethodGet, manifest), "a registry may be read-only")
	assert.NotEqual(t, kind(http.MethodPut, manifest), kind(http.MethodPut, blob), "and may take blobs and no manifests")
}

// TestStatusOfAnAnswer: what the table above holds is what arrives by way of HTTP, the name of a
// run's cause included.
func TestStatusOfAnAnswer(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	b.Proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusTooManyRequests, "", "Retry-After", "7")})
	_, err := client.Find(ctx, b.Reference("agent:x"))
	assert.Equal(t, 7*time.Second, classify.Of(err).Wait)
	_, err = client.Image(ctx, b.Reference("agent:x"))
	assert.Equal(t, classify.Limited, classify.Of(err).Class)
}

// sender notes what it is given, and sends it.
type sender struct{ sent []string }

// Send sends the request at once.
func (s *sender) Send(_ context.Context, host, kind string, request func() error) error {
	s.sent = append(s.sent, host+" "+kind)
	return request()
}

// TestRequestsAreSentByTheRun: all but those that ask whether images may be pushed, whose answer is
// wanted even if it is a limit.
func TestRequestsAreSentByTheRun(t *testing.T) {
	b, run := registrytest.NewBed(t), new(sender)
	client := connect(t, b, Access{Sender: run})
	composed := composedOn(t, b, client, "one", addition(t, b, client))
	b.Proxy.Script(registrytest.NoMounts)
	run.sent = nil
	require.NoError(t, client.MayPush(ctx, b.Reference("agent")))
	assert.Empty(t, run.sent)
	require.NoError(t, client.Put(ctx, composed, b.Reference("agent:one")))
	assert.Contains(t, run.sent, b.Host+" POST blob", "a mount")
	assert.Contains(t, run.sent, b.Host+" PUT", "a layer that is copied")
	assert.Contains(t, run.sent, b.Host+" PUT blob", "a config")
	assert.Contains(t, run.sent, b.Host+" PUT manifest")
}
