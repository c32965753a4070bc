package registry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/sourcegraph/conc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// layerSize is that of the layers that the tests of this file move: some buffers, and not whole
// ones.
const layerSize = 1<<20 + 12345

// journey is a layer in one registry, and another registry that is to get it.
type journey struct {
	content      []byte
	digest       v1.Hash
	source       *registrytest.Proxy
	target       *uploads
	from, client *Client
	crossed      atomic.Int64
	asked        atomic.Int32 // requests for the layer, as they came
	observed     bytes.Buffer
}

func newJourney(t *testing.T, access Access) *journey {
	t.Helper()
	j := &journey{content: make([]byte, layerSize), target: &uploads{blobs: map[string][]byte{}, open: map[string][]byte{}}}
	rand.New(rand.NewSource(1)).Read(j.content) // It never fails.
	layer := static.NewLayer(j.content, types.OCILayer)
	var err error
	j.digest, err = layer.Digest()
	require.NoError(t, err)
	j.source = registrytest.New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/blobs/"+j.digest.String()) {
			j.asked.Add(1)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(j.content))
		}
	}))
	j.from, j.client = j.connected(t, access, j.source, "hub/x"), j.connected(t, access, j.target, "base")
	j.source.Script()
	return j
}

func (j *journey) connected(t *testing.T, access Access, handler http.Handler, repository string) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	client, err := access.Connect(ctx, strings.TrimPrefix(server.URL, "http://")+"/"+repository)
	require.NoError(t, err)
	return client
}

func (j *journey) incoming() Incoming {
	return Incoming{
		From: j.from, To: "base", Elsewhere: []oci.Repository{"agent"},
		Layer:    oci.Layer{Repository: "hub/x", Descriptor: v1.Descriptor{MediaType: types.OCILayer, Digest: j.digest, Size: int64(len(j.content))}},
		Observer: &j.observed, Crossed: func(n int) { j.crossed.Add(int64(n)) },
	}
}

func (j *journey) arrives(t *testing.T) {
	t.Helper()
	assert.True(t, bytes.Equal(j.content, j.target.blob("base", j.digest)), "the registry has another layer")
}

// uploads is a registry that takes uploads in pieces and keeps what a broken one brought, as
// distribution does. Go-containerregistry's keeps nothing.
type uploads struct {
	mu     sync.Mutex
	blobs  map[string][]byte // by repository and digest
	open   map[string][]byte // uploads that were begun
	asked  []string
	fault  func(method string, n int) int64 // the nth request with this method: bytes to read before the cut; -1: no cut
	counts map[string]int
	refuse func(r *http.Request) int // a status in place of an answer; 0: none
}

func (u *uploads) blob(repository string, digest v1.Hash) []byte {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.blobs[repository+"@"+digest.String()]
}

func (u *uploads) count(method string) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.counts[method]
}

// begins notes a request, and says after how many bytes it is cut.
func (u *uploads) begins(r *http.Request) int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.counts == nil {
		u.counts = map[string]int{}
	}
	u.counts[r.Method]++
	u.asked = append(u.asked, strings.TrimSpace(r.Method+" "+r.Header.Get("Content-Range")))
	if u.fault == nil {
		return -1
	}
	return u.fault(r.Method, u.counts[r.Method])
}

func (u *uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v2/" {
		return
	}
	repository, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/blobs/")
	cut := u.begins(r)
	if u.refuse != nil {
		if status := u.refuse(r); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	id, isUpload := strings.CutPrefix(rest, "uploads/")
	switch {
	case !isUpload:
		if _, ok := u.blobs[repository+"@"+rest]; !ok {
			w.WriteHeader(http.StatusNotFound)
		}
	case r.Method == http.MethodPost:
		u.begin(w, r, repository)
	case r.Method == http.MethodDelete:
		u.mu.Lock()
		delete(u.open, id)
		u.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	default:
		u.goOn(w, r, repository, id, cut)
	}
}

func (u *uploads) begin(w http.ResponseWriter, r *http.Request, repository string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if digest := r.URL.Query().Get("mount"); digest != "" {
		if content, ok := u.blobs[r.URL.Query().Get("from")+"@"+digest]; ok {
			u.blobs[repository+"@"+digest] = content
			w.WriteHeader(http.StatusCreated)
			return
		}
	}
	id := strconv.Itoa(u.counts[http.MethodPost])
	u.open[id] = nil
	w.Header().Set("Location", "/v2/"+repository+"/blobs/uploads/"+id)
	w.WriteHeader(http.StatusAccepted)
}

func (u *uploads) goOn(w http.ResponseWriter, r *http.Request, repository, id string, cut int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	has, ok := u.open[id]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if r.Method != http.MethodGet {
		if given := r.Header.Get("Content-Range"); given != "" && !strings.HasPrefix(given, fmt.Sprintf("%d-", len(has))) {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		body := io.Reader(r.Body)
		if cut >= 0 {
			body = io.LimitReader(body, cut)
		}
		part, _ := io.ReadAll(body) // Of a client that breaks off, the part is kept.
		has = append(has, part...)
		u.open[id] = has
		if cut >= 0 {
			panic(http.ErrAbortHandler)
		}
	}
	w.Header().Set("Location", r.URL.Path)
	w.Header().Set("Range", fmt.Sprintf("0-%d", max(0, len(has)-1)))
	switch r.Method {
	case http.MethodGet:
		w.WriteHeader(http.StatusNoContent)
	case http.MethodPatch:
		w.WriteHeader(http.StatusAccepted)
	case http.MethodPut:
		digest := r.URL.Query().Get("digest")
		if oci.DigestOf(has).String() != digest {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		u.blobs[repository+"@"+digest] = has
		delete(u.open, id)
		w.WriteHeader(http.StatusCreated)
	}
}

// tornAt lets a registry answer, and cuts the connection after so many bytes of the body.
func tornAt(after int64) registrytest.Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		registry.ServeHTTP(&tornWriter{w, after}, r)
	}
}

type tornWriter struct {
	http.ResponseWriter
	left int64
}

func (w *tornWriter) Write(p []byte) (int, error) {
	n := min(int64(len(p)), w.left)
	if _, err := w.ResponseWriter.Write(p[:n]); err != nil {
		return 0, err
	}
	if w.left -= n; w.left == 0 {
		http.NewResponseController(w.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return len(p), nil
}

func TestALayerMovesFromOneRegistryToAnother(t *testing.T) {
	t.Run("once, and past an observer", func(t *testing.T) {
		j := newJourney(t, Access{})
		receipt, err := j.client.Receive(ctx, j.incoming())
		require.NoError(t, err)
		assert.Equal(t, Receipt{Moved: true, Observed: true}, receipt)
		j.arrives(t)
		assert.True(t, bytes.Equal(j.content, j.observed.Bytes()))
		assert.EqualValues(t, layerSize, j.crossed.Load())
		assert.Equal(t, []string{"HEAD", "HEAD", "POST", "PUT"}, j.target.asked)
		assert.EqualValues(t, 1, j.asked.Load())
	})
	t.Run("unless that has it", func(t *testing.T) {
		j := newJourney(t, Access{})
		j.target.blobs["base@"+j.digest.String()] = j.content
		receipt, err := j.client.Receive(ctx, j.incoming())
		require.NoError(t, err)
		assert.Equal(t, Receipt{Present: true}, receipt)
		assert.Empty(t, j.source.Requests())
	})
	t.Run("or has it in another repository, from which it is mounted", func(t *testing.T) {
		j := newJourney(t, Access{})
		j.target.blobs["agent@"+j.digest.String()] = j.content
		_, err := j.client.Receive(ctx, j.incoming())
		require.NoError(t, err)
		assert.Empty(t, j.source.Requests())
		j.arrives(t)
	})
	t.Run("in pieces, where it is large", func(t *testing.T) {
		j := newJourney(t, Access{})
		j.client.piece = 400_000
		_, err := j.client.Receive(ctx, j.incoming())
		require.NoError(t, err)
		j.arrives(t)
		assert.Equal(t, []string{"PATCH 0-399999", "PATCH 400000-799999", "PUT 800000-1060920"}, j.target.asked[3:])
		assert.EqualValues(t, 1, j.asked.Load(), "all pieces come from one connection")
	})
	t.Run("in one piece, where the registry takes no pieces", func(t *testing.T) {
		j := newJourney(t, Access{})
		j.client.piece = 400_000
		j.target.refuse = func(r *http.Request) int {
			if r.Method == http.MethodPatch {
				return http.StatusMethodNotAllowed
			}
			return 0
		}
		_, err := j.client.Receive(ctx, j.incoming())
		require.NoError(t, err)
		j.arrives(t)
		assert.Equal(t, 1, j.target.count(http.MethodPatch))
	})
}

func TestAMoveGoesOnWhereTheSourceBroke(t *testing.T) {
	t.Run("with the bytes that are missing", func(t *testing.T) {
		j := newJourney(t, Access{})
		j.source.Script(registrytest.Rule{Times: 2, Fault: tornAt(400_000)})
		_, err := j.client.Receive(ctx, j.incoming())
		require.NoError(t, err)
		j.arrives(t)
		assert.EqualValues(t, 3, j.asked.Load())
		assert.EqualValues(t, layerSize, j.crossed.Load())
		assert.Equal(t, 1, j.target.count(http.MethodPut), "the target notices nothing")
		assert.True(t, bytes.Equal(j.content, j.observed.Bytes()))
	})
	t.Run("past the first part, where the source knows no ranges", func(t *testing.T) {
		j := newJourney(t, Access{})
		j.source.Script(registrytest.Rule{Times: 1, Fault: tornAt(400_000)}, registrytest.Rule{Fault: func(w http.ResponseWriter, r *http.Request, source http.Handler) {
			r.Header.Del("Range")
			source.ServeHTTP(w, r)
		}})
		_, err := j.client.Receive(ctx, j.incoming())
		require.NoError(t, err)
		j.arrives(t)
		assert.True(t, bytes.Equal(j.content, j.observed.Bytes()))
	})
	t.Run("not with bytes from elsewhere", func(t *testing.T) {
		j := newJourney(t, Access{})
		j.source.Script(registrytest.Rule{Times: 1, Fault: tornAt(400_000)}, registrytest.Rule{Fault: func(w http.ResponseWriter, r *http.Request, source http.Handler) {
			r.Header.Set("Range", "bytes=1-")
			source.ServeHTTP(w, r)
		}})
		_, err := j.client.Receive(ctx, j.incoming())
		require.ErrorContains(t, err, "and not from ")
		assert.Nil(t, j.target.blob("base", j.digest))
	})
	t.Run("after a stall", func(t *testing.T) {
		j := newJourney(t, Access{AnswerTime: 200 * time.Millisecond})
		j.source.Script(registrytest.Rule{Times: 1, Fault: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			w.Header().Set("Content-Length", strconv.Itoa(layerSize))
			w.Write(j.content[:1000])
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}})
		_, err := j.client.Receive(ctx, j.incoming())
		require.NoError(t, err)
		j.arrives(t)
		assert.EqualValues(t, layerSize, j.crossed.Load())
	})
	t.Run("in the next attempt, if it breaks for good", func(t *testing.T) {
		j := newJourney(t, Access{})
		j.source.Script(registrytest.Rule{Times: 1, Fault: tornAt(400_000)}, registrytest.Rule{Fault: registrytest.Answer(http.StatusBadGateway, "")})
		_, err := j.client.Receive(ctx, j.incoming())
		require.Error(t, err)
		assert.Equal(t, classify.Unavailable, classify.Of(err).Class)
		assert.Equal(t, j.from.host.RegistryStr(), classify.HostOf(err, nil), "it is the source's failure")
		j.source.Script()
		receipt, err := j.client.Receive(ctx, j.incoming())
		require.NoError(t, err)
		assert.False(t, receipt.Observed)
		j.arrives(t)
		assert.EqualValues(t, layerSize, j.crossed.Load())
	})
}

func TestAMoveGoesOnWhereTheTargetBroke(t *testing.T) {
	t.Run("with the bytes that it lacks", func(t *testing.T) {
		j := newJourney(t, Access{Sender: impatient{}})
		j.target.fault = func(method string, n int) int64 {
			if method == http.MethodPut && n == 1 {
				return 700_000
			}
			return -1
		}
		_, err := j.client.Receive(ctx, j.incoming())
		require.NoError(t, err)
		j.arrives(t)
		assert.Equal(t, "PUT 700000-1060920", j.target.asked[len(j.target.asked)-1])
		assert.True(t, bytes.Equal(j.content, j.observed.Bytes()), "the observer gets each byte once")
	})
	t.Run("from the start, if it forgot the upload", func(t *testing.T) {
		j := newJourney(t, Access{Sender: impatient{}})
		j.target.fault = func(method string, n int) int64 {
			if method == http.MethodPut && n == 1 {
				defer func() { j.target.open = map[string][]byte{} }()
				return 0
			}
			return -1
		}
		_, err := j.client.Receive(ctx, j.incoming())
		require.NoError(t, err)
		j.arrives(t)
		assert.Equal(t, 2, j.target.count(http.MethodPost))
	})
	t.Run("in the next attempt, and no byte that arrived moves again", func(t *testing.T) {
		j := newJourney(t, Access{})
		j.client.piece = 500_000
		j.target.fault = func(method string, n int) int64 {
			if method == http.MethodPatch && n == 2 {
				return 0
			}
			return -1
		}
		_, err := j.client.Receive(ctx, j.incoming())
		require.Error(t, err)
		before := j.crossed.Load()
		_, err = j.client.Receive(ctx, j.incoming())
		require.NoError(t, err)
		j.arrives(t)
		assert.EqualValues(t, layerSize-500_000, j.crossed.Load()-before)
	})
	t.Run("but gives up one that refuses the layer", func(t *testing.T) {
		j := newJourney(t, Access{})
		j.target.refuse = func(r *http.Request) int {
			if r.Method == http.MethodPut {
				return http.StatusRequestEntityTooLarge
			}
			return 0
		}
		_, err := j.client.Receive(ctx, j.incoming())
		require.ErrorContains(t, err, "413")
		assert.Equal(t, 1, j.target.count(http.MethodPut))
	})
}

// impatient sends a request again at once, a few times, as a run does after its pauses.
type impatient struct{}

func (impatient) Send(_ context.Context, _, _ string, request func() error) (err error) {
	for range 3 {
		if err = request(); err == nil {
			return nil
		}
	}
	return err
}

func TestNoLayerWithAnotherDigestArrives(t *testing.T) {
	j := newJourney(t, Access{})
	good := j.content
	j.content = append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]+1)
	_, err := j.client.Receive(ctx, j.incoming())
	require.ErrorContains(t, err, "gives another layer than the manifest names")
	assert.Nil(t, j.target.blob("base", j.digest))
	assert.Empty(t, j.target.open, "the upload is given up")

	j.content = good
	_, err = j.client.Receive(ctx, j.incoming())
	require.NoError(t, err)
	j.arrives(t)
}

func TestALayerThatManyImagesWantMovesOnce(t *testing.T) {
	j := newJourney(t, Access{})
	var all conc.WaitGroup
	var moved atomic.Int32
	for range 20 {
		in := j.incoming()
		in.Observer = nil
		all.Go(func() {
			receipt, err := j.client.Receive(ctx, in)
			assert.NoError(t, err)
			if receipt.Moved {
				moved.Add(1)
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, 1, moved.Load())
	assert.EqualValues(t, layerSize, j.crossed.Load())
}

func TestAMoveStopsWhenTold(t *testing.T) {
	j := newJourney(t, Access{})
	stopped, stop := context.WithCancel(ctx)
	j.source.Script(registrytest.Rule{Fault: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Length", strconv.Itoa(layerSize))
		w.Write(j.content[:1000])
		http.NewResponseController(w).Flush()
		stop()
		<-r.Context().Done()
	}})
	_, err := j.client.Receive(stopped, j.incoming())
	require.ErrorIs(t, err, context.Canceled)
}
