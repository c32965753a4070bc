package registry

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/registrytest"
)

func TestASourceThatDoesNotAnswerMayBeTriedAgain(t *testing.T) {
	j := newJourney(t, Access{AnswerTime: 200 * time.Millisecond})
	j.source.Script(registrytest.Rule{Fault: registrytest.Stall(time.Minute)})
	_, err := j.client.Receive(ctx, j.incoming())
	require.ErrorContains(t, err, "no answer within 200ms")
	assert.Equal(t, classify.Unavailable, classify.Of(err).Class)
	assert.Equal(t, j.from.host.RegistryStr(), classify.HostOf(err, []string{"target", "source"}))
}

func TestAnUploadThatTheRegistryForgot(t *testing.T) {
	t.Run("begins anew, and comes to its end however many pieces it has", func(t *testing.T) {
		j := newJourney(t, Access{})
		j.client.piece = layerSize / 20
		j.target.refuse = func(r *http.Request) int {
			if r.Method == http.MethodPatch && j.target.count(http.MethodPatch) == 18 {
				return http.StatusNotFound
			}
			return 0
		}
		_, err := j.client.Receive(ctx, j.incoming())
		require.NoError(t, err)
		j.arrives(t)
		assert.Equal(t, 2, j.target.count(http.MethodPost))
	})
	t.Run("ends with the registry's words, if it forgets every one", func(t *testing.T) {
		j := newJourney(t, Access{})
		j.client.piece = layerSize / 20
		j.target.refuse = func(r *http.Request) int {
			if r.Method == http.MethodPatch {
				return http.StatusNotFound
			}
			return 0
		}
		_, err := j.client.Receive(ctx, j.incoming())
		require.ErrorContains(t, err, "404")
		assert.Equal(t, j.client.host.RegistryStr(), classify.HostOf(err, []string{"target", "source"}))
		assert.Equal(t, beginnings+1, j.target.count(http.MethodPost))
	})
}

// TestAnUploadThatMayNotBeginYet: what the registry refuses for a while is not begun.
func TestAnUploadThatMayNotBeginYet(t *testing.T) {
	j := newJourney(t, Access{Sender: patient{}})
	j.target.refuse = func(r *http.Request) int {
		if r.Method == http.MethodPost && j.target.count(http.MethodPost) <= 2*beginnings {
			return http.StatusTooManyRequests
		}
		return 0
	}
	_, err := j.client.Receive(ctx, j.incoming())
	require.NoError(t, err)
	j.arrives(t)
}

// patient sends a request again until it is answered.
type patient struct{}

func (patient) Send(_ context.Context, _, _ string, request func() error) (err error) {
	for range 100 {
		if err = request(); err == nil {
			return nil
		}
	}
	return err
}

func TestALayerWhoseLastAnswerWasLostIsThere(t *testing.T) {
	j := newJourney(t, Access{})
	lost := false
	j.client = j.connected(t, Access{Sender: impatient{}}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && !lost {
			lost = true
			j.target.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		j.target.ServeHTTP(w, r)
	}), "base")
	_, err := j.client.Receive(ctx, j.incoming())
	require.NoError(t, err)
	j.arrives(t)
	assert.EqualValues(t, layerSize, j.crossed.Load(), "it does not move again")
}

func TestAMoveGoesOnFromWhereverTheLayerIs(t *testing.T) {
	j := newJourney(t, Access{})
	good := j.from
	j.from = j.connected(t, Access{}, registrytest.New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" {
			w.WriteHeader(http.StatusForbidden)
		}
	})), "hub/x")
	_, err := j.client.Receive(ctx, j.incoming())
	require.ErrorContains(t, err, "403")
	j.from = good
	_, err = j.client.Receive(ctx, j.incoming())
	require.NoError(t, err)
	j.arrives(t)
}

// TestAnUploadThatIsReferredElsewhere: the first request may still read the layer when the second one
// begins.
func TestAnUploadThatIsReferredElsewhere(t *testing.T) {
	for range 10 {
		j := newJourney(t, Access{})
		storage := httptest.NewServer(j.target)
		j.client = j.connected(t, Access{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				http.Redirect(w, r, storage.URL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
				return
			}
			j.target.ServeHTTP(w, r)
		}), "base")
		_, err := j.client.Receive(ctx, j.incoming())
		storage.Close()
		require.NoError(t, err)
		j.arrives(t)
	}
}
