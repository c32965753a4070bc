package registry

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

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// builds counts what the engine has to build.
type builds struct {
	Builder
	n atomic.Int32
}

func (b *builds) Publish(ctx context.Context, image pipeline.Image) (pipeline.Published, error) {
	b.n.Add(1)
	return b.Builder.Publish(ctx, image)
}

// TestWhatTheEngineHidesIsAskedFor: a base that the engine pushes is refused for good. It shows "403 Forbidden"
// of that, as of a limit.
func TestWhatTheEngineHidesIsAskedFor(t *testing.T) {
	const full = "adding 1.0 GiB of storage resource, which when updated to 10.5 GiB will exceed the configured upper limit of 10.0 GiB."
	quota := registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"`+full+`"}]}`)
	for name, rule := range map[string]registrytest.Rule{
		"where an upload begins": {Method: http.MethodPost, Path: "/v2/base/", Fault: quota},
		"where it ends":          {Method: http.MethodPut, Path: "/v2/base/blobs/", Fault: quota},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t)
			f.direct(t, Access{})
			publisher := f.runner.Publisher.(*Publisher)
			counted := &builds{Builder: publisher.Builder}
			publisher.Builder = &ProbingBuilder{Builder: counted}
			f.runner.MaxWorkers = 1

			result := f.run(t, rule)

			assert.EqualValues(t, 1, counted.n.Load(), "nothing is built in vain after the first one")
			first := string(result.Images[0].Error)
			assert.Contains(t, first, "403 Forbidden: asked why: ")
			assert.Contains(t, first, "403 Forbidden: DENIED "+full+"\n  → "+pipeline.AdviceQuota)
			assert.Contains(t, string(result.Images[fleetSize-1].Error), "not started: the run ended early: ")
		})
	}
}

// fails is a builder whose pushes fail.
type fails struct{ err error }

func (f fails) Publish(context.Context, pipeline.Image) (pipeline.Published, error) {
	return pipeline.Published{}, f.err
}

func (f fails) PublishLayer(context.Context, string, string) error { return f.err }

func TestProbingBuilder(t *testing.T) {
	tests := map[string]struct {
		engine string // what it shows of the answer to a push
		rule   registrytest.Rule
		says   string // beside that
		cause  pipeline.Kind
		wait   time.Duration
		asked  int // in requests
	}{
		"a refusal is the registry's": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 403 Forbidden",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(403, `{"errors":[{"code":"DENIED","message":"no"}]}`)},
			says:   "403 Forbidden: DENIED no", cause: pipeline.KindFatal, asked: 2,
		},
		"so is a wrong password": {
			engine: "unexpected status from POST request to http://r/v2/base/blobs/uploads/: 401 Unauthorized",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(401, "who are you?")},
			says:   "401 Unauthorized: who are you?", cause: pipeline.KindFatal, asked: 2,
		},
		"a limit that says how long is waited for just that": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 429 Too Many Requests",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(429, "", "Retry-After", "7")},
			says:   "429 Too Many Requests", cause: pipeline.KindLimited, wait: 7 * time.Second, asked: 2,
		},
		"a secondary limit is one": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 403 Forbidden",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(403, `{"message":"You have exceeded a secondary rate limit"}`)},
			says:   "secondary rate limit", cause: pipeline.KindLimited, asked: 2,
		},
		"what is taken of us may have been a limit": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 403 Forbidden", cause: pipeline.KindLimited, asked: 3,
		},
		"who does not answer tells nothing": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 403 Forbidden",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Cut(0)}, cause: pipeline.KindLimited, asked: 2,
		},
		"a full disk hides behind a fault": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 500 Internal Server Error",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(500, `{"errors":[{"code":"UNKNOWN","detail":"mkdir /var/lib/registry/x: no space left on device"}]}`)},
			says:   "asked why: POST /v2/base/blobs/uploads/: 500 Internal Server Error: UNKNOWN", cause: pipeline.KindFatal, asked: 2,
		},
		"a fault may be one": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 500 Internal Server Error",
			rule:   registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(500, "oops")}, cause: pipeline.KindUnavailable, asked: 2,
		},
		"a proxy whose registry is away is not asked": {
			engine: "unexpected status from PUT request to http://r/v2/base/manifests/x: 503 Service Unavailable", cause: pipeline.KindUnavailable,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newTestbed(t)
			if test.rule.Fault != nil {
				b.proxy.Script(test.rule)
			}
			refused := &pipeline.PushError{Reference: b.reference("base:x"), Err: errors.New(test.engine)}
			probing := &ProbingBuilder{Builder: fails{refused}, Access: Access{Username: "me", Password: password, Transport: &http.Transport{DisableKeepAlives: true}}}
			_, err := probing.Publish(ctx, pipeline.Image{})
			assert.Len(t, b.proxy.Requests(), test.asked)
			for _, err := range []error{err, probing.PublishLayer(ctx, "", "")} {
				require.ErrorContains(t, err, "publishing "+b.reference("base:x")+": "+test.engine)
				require.ErrorContains(t, err, test.says)
				cause := pipeline.CauseOf(err)
				assert.Equal(t, test.cause, cause.Kind)
				assert.Equal(t, test.wait, cause.Wait)
			}
		})
	}
	refused := func(at string) error {
		return &pipeline.PushError{Reference: at, Err: errors.New("403 Forbidden")}
	}
	t.Run("a registry that wants credentials, which the engine has and we have not, tells nothing", func(t *testing.T) {
		r := newTokenRegistry(t)
		err := refused(r.reference("base:x"))
		assert.Equal(t, err, (&ProbingBuilder{Builder: fails{err}}).PublishLayer(ctx, "", ""))
	})
	t.Run("whoever is told to stop asks nothing", func(t *testing.T) {
		b := newTestbed(t)
		stopped, stop := context.WithCancel(ctx)
		stop()
		err := refused(b.reference("base:x"))
		assert.Equal(t, err, (&ProbingBuilder{Builder: fails{err}}).PublishLayer(stopped, "", ""))
		assert.Empty(t, b.proxy.Requests())
	})
	t.Run("what cannot be built is no answer of a registry", func(t *testing.T) {
		err := fmt.Errorf("building: %w", errors.New("403 Forbidden"))
		assert.Equal(t, err, (&ProbingBuilder{Builder: fails{err}}).PublishLayer(ctx, "", ""))
	})
}

// hidden is a registry as the engine shows it that refuses.
type hidden struct{ asked int }

func (h *hidden) Find(context.Context, string) (pipeline.Found, error) {
	h.asked++
	return pipeline.Found{}, errors.New("unexpected status from HEAD request: 403 Forbidden")
}

func TestProbingRegistry(t *testing.T) {
	b := newTestbed(t)
	there := b.push(t, "agent:there", layered(t, types.OCIManifestSchema1, "one"))
	registry := &ProbingRegistry{Registry: new(hidden)}
	b.proxy.Script()

	found, err := registry.Find(ctx, b.reference("agent:there"))
	require.NoError(t, err)
	assert.Equal(t, digestOfImage(t, there), found.Digest)
	_, err = registry.Find(ctx, b.reference("agent:absent"))
	require.ErrorIs(t, err, pipeline.ErrAbsent)
	assert.Len(t, b.proxy.Requests(), 1+2, "one handshake is enough")

	b.proxy.Script(registrytest.Rule{Fault: registrytest.Answer(403, `{"errors":[{"code":"DENIED","message":"no"}]}`)})
	_, err = registry.Find(ctx, b.reference("agent:there"))
	require.ErrorContains(t, err, "403 Forbidden: DENIED no")
	assert.Equal(t, pipeline.KindPermanent, pipeline.CauseOf(err).Kind, "nobody waits for that")

	r := newTokenRegistry(t)
	_, err = registry.Find(ctx, r.reference("agent:there"))
	require.ErrorContains(t, err, "unexpected status from HEAD request: 403 Forbidden")
	assert.Equal(t, pipeline.KindLimited, pipeline.CauseOf(err).Kind, "the engine has other credentials than these, which are none")
}
