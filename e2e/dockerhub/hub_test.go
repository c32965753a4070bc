package dockerhub

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

const size = 100_000

// bed is a hub with an image of two layers.
type bed struct {
	*Hub
	host  string
	image v1.Image
	layer v1.Layer // the upper one
}

func newBed(t *testing.T, hub *Hub) bed {
	t.Helper()
	hub.Registry = registrytest.Memory()
	open := httptest.NewServer(hub.Registry)
	t.Cleanup(open.Close)
	img, err := random.Image(size, 2)
	require.NoError(t, err)
	at, err := name.ParseReference(strings.TrimPrefix(open.URL, "http://") + "/swebench/one:latest")
	require.NoError(t, err)
	require.NoError(t, remote.Write(at, img))
	require.NoError(t, remote.WriteIndex(at.Context().Tag("index"), mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img})))
	layers, err := img.Layers()
	require.NoError(t, err)
	server := httptest.NewServer(hub)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return bed{hub, strings.TrimPrefix(server.URL, "http://"), img, layers[1]}
}

func (b bed) reference(t *testing.T, tag string) name.Reference {
	t.Helper()
	at, err := name.ParseReference(b.host + "/swebench/one:" + tag)
	require.NoError(t, err)
	return at
}

// pull reads the image's manifest.
func (b bed) pull(t *testing.T, options ...remote.Option) error {
	t.Helper()
	_, err := remote.Get(b.reference(t, "latest"), options...)
	return err
}

// get asks for the layer, with these headers as names and values in turn.
func (b bed) get(t *testing.T, headers ...string) *http.Response {
	t.Helper()
	digest, err := b.layer.Digest()
	require.NoError(t, err)
	request, err := http.NewRequest(http.MethodGet, "http://"+b.host+"/v2/swebench/one/blobs/"+digest.String(), nil)
	require.NoError(t, err)
	request.Header.Set("User-Agent", "go-containerregistry/test")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	request.Header.Set("Authorization", "Bearer "+b.token(t))
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// token is one for the image.
func (b bed) token(t *testing.T) string {
	t.Helper()
	answer, err := http.Get("http://" + b.host + "/token?scope=repository:swebench/one:pull")
	require.NoError(t, err)
	defer answer.Body.Close()
	var given struct{ Token string }
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&given))
	return given.Token
}

// stored is the layer as the registry has it.
func (b bed) stored(t *testing.T) []byte {
	t.Helper()
	content, err := b.layer.Compressed()
	require.NoError(t, err)
	all, err := io.ReadAll(content)
	require.NoError(t, err)
	return all
}

func TestNobodyIsServedWithoutAToken(t *testing.T) {
	b := newBed(t, &Hub{})
	for _, path := range []string{"/v2/", "/v2/swebench/one/manifests/latest"} {
		answer, err := http.Get("http://" + b.host + path)
		require.NoError(t, err)
		answer.Body.Close()
		assert.Equal(t, http.StatusUnauthorized, answer.StatusCode)
		assert.Contains(t, answer.Header.Get("WWW-Authenticate"), `Bearer realm="http://`+b.host+`/token",service="registry.docker.io"`)
	}
	require.NoError(t, b.pull(t), "a client gets one")
}

func TestATokenIsForItsRepository(t *testing.T) {
	b := newBed(t, &Hub{})
	other, err := name.NewRepository(b.host + "/swebench/two")
	require.NoError(t, err)
	with, err := transport.NewWithContext(context.Background(), other.Registry, authn.Anonymous, http.DefaultTransport, []string{other.Scope(transport.PullScope)})
	require.NoError(t, err)
	require.NoError(t, b.pull(t, remote.WithTransport(with)), "the client asks for another one when it is refused")
	assert.Equal(t, 1, b.Module().Pulls)
	assert.Contains(t, b.tokens.known["token-2"].scopes[0], "swebench/one:pull")
}

func TestAccounts(t *testing.T) {
	b := newBed(t, &Hub{Users: map[string]string{"me": "right"}, Private: true})
	require.NoError(t, b.pull(t, remote.WithAuth(&authn.Basic{Username: "me", Password: "right"})))
	for problem, auth := range map[string]authn.Authenticator{
		"a wrong password": &authn.Basic{Username: "me", Password: "wrong"}, "no account": &authn.Basic{Username: "you"}, "nothing": authn.Anonymous,
	} {
		err := b.pull(t, remote.WithAuth(auth))
		var refused *transport.Error
		require.ErrorAs(t, err, &refused, problem)
		assert.Equal(t, http.StatusUnauthorized, refused.StatusCode, problem)
	}
	assert.Equal(t, 1, b.Module().Pulls)
}

func TestPullsAreCountedAsDockerHubDoes(t *testing.T) {
	b := newBed(t, &Hub{})
	_, err := remote.Head(b.reference(t, "latest"))
	require.NoError(t, err)
	assert.Equal(t, 0, b.Module().Pulls, "to look for a manifest is no pull")
	assert.Equal(t, 1, b.Module().Heads)
	_, err = remote.Image(b.reference(t, "index"))
	require.NoError(t, err)
	assert.Equal(t, 1, b.Module().Pulls, "an index, and an image in it")
	require.NoError(t, b.pull(t))
	assert.Equal(t, 2, b.Module().Pulls)
}

func TestTheQuotaEnds(t *testing.T) {
	b := newBed(t, &Hub{Quota: 2, Users: map[string]string{"me": "right"}})
	require.NoError(t, b.pull(t))
	require.NoError(t, b.pull(t))
	for range 2 {
		err := b.pull(t)
		var refused *transport.Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, http.StatusTooManyRequests, refused.StatusCode)
		require.ErrorContains(t, err, "TOOMANYREQUESTS: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit")
	}
	assert.Equal(t, 2, b.Module().Pulls, "a refused one does not count")
	require.NoError(t, b.pull(t, remote.WithAuth(&authn.Basic{Username: "me", Password: "right"})), "who has an account has a quota of their own")
	b.Reset()
	require.NoError(t, b.pull(t))
}

func TestTheEngineIsCountedApart(t *testing.T) {
	b := newBed(t, &Hub{})
	answer := b.get(t, "User-Agent", "containerd/2.0+unknown")
	_, err := io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	assert.Zero(t, b.Module().Bytes)
	assert.EqualValues(t, len(b.stored(t)), b.Engine().Bytes)
}

func TestRanges(t *testing.T) {
	for name, test := range map[string]struct {
		hub          *Hub
		header       string
		status       int
		from, to     int // to is below zero for the end
		contentRange string
	}{
		"no range":                   {&Hub{}, "", http.StatusOK, 0, -1, ""},
		"from the middle":            {&Hub{}, "bytes=40000-", http.StatusPartialContent, 40000, -1, "bytes 40000-"},
		"some bytes":                 {&Hub{}, "bytes=5-9", http.StatusPartialContent, 5, 10, "bytes 5-9/"},
		"behind the end":             {&Hub{}, "bytes=9999999-", http.StatusRequestedRangeNotSatisfiable, 0, 0, "bytes */"},
		"a hub that knows no ranges": {&Hub{NoRanges: true}, "bytes=40000-", http.StatusOK, 0, -1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, test.hub)
			stored := b.stored(t)
			if test.to < 0 {
				test.to = len(stored)
			}
			answer := b.get(t, "Range", test.header)
			got, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			assert.Equal(t, test.status, answer.StatusCode)
			assert.True(t, strings.HasPrefix(answer.Header.Get("Content-Range"), test.contentRange), answer.Header)
			assert.Equal(t, stored[test.from:test.to], got)
			assert.EqualValues(t, len(got), b.Module().Bytes)
		})
	}
}

func TestALayerIsCutOrChanged(t *testing.T) {
	b := newBed(t, &Hub{Fault: func(_ context.Context, _ string, nth int) Fault {
		return map[int]Fault{1: {Cut: true, After: 40_000}, 2: {Wrong: true}}[nth]
	}})
	stored := b.stored(t)
	got, err := io.ReadAll(b.get(t).Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, stored[:40_000], got)
	assert.EqualValues(t, 40_000, b.Module().Bytes)
	got, err = io.ReadAll(b.get(t).Body)
	require.NoError(t, err)
	assert.NotEqual(t, stored[0], got[0])
	assert.Equal(t, stored[1:], got[1:])
	got, err = io.ReadAll(b.get(t, "Range", "bytes=40000-").Body)
	require.NoError(t, err)
	assert.Equal(t, stored[40_000:], got)
}

func TestTheStorageTakesNoToken(t *testing.T) {
	hub := &Hub{}
	storage := httptest.NewServer(http.HandlerFunc(hub.ServeStorage))
	defer storage.Close()
	hub.Storage = storage.URL
	b := newBed(t, hub)
	digest, err := b.layer.Digest()
	require.NoError(t, err)
	layer, err := remote.Layer(b.reference(t, "latest").Context().Digest(digest.String()))
	require.NoError(t, err)
	content, err := layer.Compressed()
	require.NoError(t, err)
	got, err := io.ReadAll(content)
	require.NoError(t, err)
	assert.Equal(t, b.stored(t), got)
	assert.EqualValues(t, len(got), b.Module().Bytes)
	address := storage.URL + "/v2/swebench/one/blobs/" + digest.String() + "?signature=1"
	request, err := http.NewRequest(http.MethodGet, address, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer token-1")
	refused, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	refused.Body.Close()
	assert.Equal(t, http.StatusBadRequest, refused.StatusCode)
}

// TestTheLinkIsEverybodys: what is sent waits for all that was sent before.
func TestTheLinkIsEverybodys(t *testing.T) {
	var l link
	now := time.Unix(1000, 0)
	after := func(since time.Duration, n int) time.Duration { return l.through(now.Add(since), 1000, n).Sub(now) }
	assert.Equal(t, 1*time.Second, after(0, 1000))
	assert.Equal(t, 3*time.Second, after(0, 2000))
	assert.Equal(t, 4*time.Second, after(2*time.Second, 1000))
	assert.Equal(t, 11*time.Second, after(10*time.Second, 1000), "what nobody used is lost")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, l.wait(ctx, 1, 1000), context.Canceled)
	assert.NoError(t, new(link).wait(context.Background(), 1_000_000_000, 1000))
}

func TestTheHubTakesNothing(t *testing.T) {
	b := newBed(t, &Hub{})
	var refused *transport.Error
	require.ErrorAs(t, remote.Write(b.reference(t, "mine"), empty.Image), &refused)
}
