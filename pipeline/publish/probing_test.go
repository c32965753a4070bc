package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/pipeline/run"
)

// builds counts what the engine has to build.
type builds struct {
	Builder
	n atomic.Int32
}

func (b *builds) Publish(ctx context.Context, image plan.Image) (run.Published, error) {
	b.n.Add(1)
	return b.Builder.Publish(ctx, image)
}

// TestWhatTheEngineHidesIsAskedFor: a base that the engine pushes is refused for good. It shows
// "403 Forbidden" of that, as of a limit.
func TestWhatTheEngineHidesIsAskedFor(t *testing.T) {
	const full = "adding 1.0 GiB of storage resource, which when updated to 10.5 GiB will exceed the configured upper limit of 10.0 GiB."
	quota := registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"`+full+`"}]}`)
	for name, rule := range map[string]registrytest.Rule{
		"where an upload begins": {Method: http.MethodPost, Path: "/v2/base/", Fault: quota},
		"where it ends":          {Method: http.MethodPut, Path: "/v2/base/blobs/", Fault: quota},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t)
			f.direct(t, registry.Access{})
			publisher := f.runner.Publisher.(*Publisher)
			counted := &builds{Builder: publisher.Builder}
			publisher.Builder = &ProbingBuilder{Builder: counted}
			f.runner.MaxWorkers = 1

			result := f.run(t, rule)

			assert.EqualValues(t, 1, counted.n.Load(), "nothing is built in vain after the first one")
			first := string(result.Images[0].Error)
			assert.Contains(t, first, "403 Forbidden: asked why: ")
			assert.Contains(t, first, "403 Forbidden: DENIED "+full+"\n  → "+classify.AdviceQuota)
			assert.Contains(t, string(result.Images[fleetSize-1].Error), "not started: the run ended early: ")
		})
	}
}

// fails is a builder whose pushes fail.
type fails struct{ err error }

func (f fails) Publish(context.Context, plan.Image) (run.Published, error) {
	return run.Published{}, f.err
}

func (f fails) PublishLayer(context.Context, string, string) error { return f.err }

func TestProbingBuilder(t *testing.T) {
	tests := map[string]struct {
		engine string // what it shows of the answer to a push
		rule   registrytest.Rule
		says   string // beside that
		cause  classify.Class
		wait   time.Duration
		asked  int // in requests
	}{
		"a refusal is the registry's": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 403 Forbidden",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(403, `{"errors":[{"code":"DENIED","message":"no"}]}`)},
			says:   "403 Forbidden: DENIED no", cause: classify.Fatal, asked: 2,
		},
		"so is a wrong password": {
			engine: "unexpected status from POST request to http://r/v2/base/blobs/uploads/: 401 Unauthorized",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(401, "who are you?")},
			says:   "401 Unauthorized: who are you?", cause: classify.Fatal, asked: 2,
		},
		"a limit that says how long is waited for just that": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 429 Too Many Requests",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(429, "", "Retry-After", "7")},
			says:   "429 Too Many Requests", cause: classify.Limited, wait: 7 * time.Second, asked: 2,
		},
		"a secondary limit is one": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 403 Forbidden",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(403, `{"message":"You have exceeded a secondary rate limit"}`)},
			says:   "secondary rate limit", cause: classify.Limited, asked: 2,
		},
		"what is taken of us may have been a limit": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 403 Forbidden", cause: classify.Limited, asked: 3,
		},
		"who does not answer tells nothing": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 403 Forbidden",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Cut(0)}, cause: classify.Limited, asked: 2,
		},
		"a full disk hides behind a fault": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 500 Internal Server Error",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(500, `{"errors":[{"code":"UNKNOWN","detail":"mkdir /var/lib/registry/x: no space left on device"}]}`)},
			says:   "asked why: POST /v2/base/blobs/uploads/: 500 Internal Server Error: UNKNOWN", cause: classify.Fatal, asked: 2,
		},
		"a fault may be one": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 500 Internal Server Error",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(500, "oops")}, cause: classify.Unavailable, asked: 2,
		},
		"a proxy whose registry is away is not asked": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 503 Service Unavailable", cause: classify.Unavailable,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := registrytest.NewBed(t)
			if test.rule.Fault != nil {
				b.Proxy.Script(test.rule)
			}
			refused := &classify.PushError{Reference: b.Reference("base:x"), Err: errors.New(test.engine)}
			probing := &ProbingBuilder{Builder: fails{refused}, Access: registry.Access{Username: "me", Password: registrytest.Password, Transport: &http.Transport{DisableKeepAlives: true}}}
			_, err := probing.Publish(ctx, plan.Image{})
			assert.Len(t, b.Proxy.Requests(), test.asked)
			for _, err := range []error{err, probing.PublishLayer(ctx, "", "")} {
				require.ErrorContains(t, err, "publishing "+b.Reference("base:x")+": "+test.engine)
				require.ErrorContains(t, err, test.says)
				cause := classify.Of(err)
				assert.Equal(t, test.cause, cause.Class)
				assert.Equal(t, test.wait, cause.Wait)
			}
		})
	}
	refused := func(at string) error {
		return &classify.PushError{Reference: at, Err: errors.New("403 Forbidden")}
	}
	t.Run("a registry that wants credentials, which the engine has and we have not, tells nothing", func(t *testing.T) {
		r := registrytest.NewTokenRegistry(t)
		err := refused(r.Reference("base:x"))
		assert.Equal(t, err, (&ProbingBuilder{Builder: fails{err}}).PublishLayer(ctx, "", ""))
	})
	t.Run("whoever is told to stop asks nothing", func(t *testing.T) {
		b := registrytest.NewBed(t)
		stopped, stop := context.WithCancel(ctx)
		stop()
		err := refused(b.Reference("base:x"))
		assert.Equal(t, err, (&ProbingBuilder{Builder: fails{err}}).PublishLayer(stopped, "", ""))
		assert.Empty(t, b.Proxy.Requests())
	})
	t.Run("what cannot be built is no answer of a registry", func(t *testing.T) {
		err := fmt.Errorf("building: %w", errors.New("403 Forbidden"))
		assert.Equal(t, err, (&ProbingBuilder{Builder: fails{err}}).PublishLayer(ctx, "", ""))
	})
}

// hidden is a registry as the engine shows it that refuses.
type hidden struct{ asked int }

func (h *hidden) Find(context.Context, string) (plan.Found, error) {
	h.asked++
	return plan.Found{}, errors.New("unexpected status from HEAD request: 403 Forbidden")
}

func TestProbingRegistry(t *testing.T) {
	b := registrytest.NewBed(t)
	there := b.Push(t, "agent:there", registrytest.Layered(t, types.OCIManifestSchema1, "one"))
	registry := &ProbingRegistry{Registry: new(hidden)}
	b.Proxy.Script()

	found, err := registry.Find(ctx, b.Reference("agent:there"))
	require.NoError(t, err)
	assert.Equal(t, registrytest.DigestOfImage(t, there), found.Digest)
	_, err = registry.Find(ctx, b.Reference("agent:absent"))
	require.ErrorIs(t, err, classify.ErrAbsent)
	assert.Len(t, b.Proxy.Requests(), 1+2, "one handshake is enough")

	b.Proxy.Script(registrytest.Rule{Fault: registrytest.Answer(403, `{"errors":[{"code":"DENIED","message":"no"}]}`)})
	_, err = registry.Find(ctx, b.Reference("agent:there"))
	require.ErrorContains(t, err, "403 Forbidden: DENIED no")
	assert.Equal(t, classify.Permanent, classify.Of(err).Class, "nobody waits for that")

	r := registrytest.NewTokenRegistry(t)
	_, err = registry.Find(ctx, r.Reference("agent:there"))
	require.ErrorContains(t, err, "unexpected status from HEAD request: 403 Forbidden")
	assert.Equal(t, classify.Limited, classify.Of(err).Class, "the engine has other credentials than these, which are none")
}
