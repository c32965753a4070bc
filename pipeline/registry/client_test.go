package registry

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// password is one that must not be in an error.
const password = "canary-51d0"

func TestConnect(t *testing.T) {
	b := newTestbed(t)
	t.Run("to one registry only", func(t *testing.T) {
		_, err := Access{}.Connect(ctx, b.reference("base"), "registry.example.org/agent")
		require.ErrorIs(t, err, ErrSeveral)
		assert.ErrorContains(t, err, "registry.example.org")
	})
	t.Run("not by a name that is none", func(t *testing.T) {
		_, err := Access{}.Connect(ctx, b.reference("No Name"))
		require.ErrorContains(t, err, "reading the repository")
	})
	t.Run("not where nobody answers", func(t *testing.T) {
		_, err := Access{}.Connect(ctx, "127.0.0.1:1/agent")
		require.ErrorContains(t, err, "introducing itself to 127.0.0.1:1")
	})
	t.Run("anonymously without a username", func(t *testing.T) {
		var shown []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			shown = append(shown, r.Header.Get("Authorization"))
			b.proxy.ServeHTTP(w, r)
		}))
		defer server.Close()
		host := strings.TrimPrefix(server.URL, "http://")
		client, err := Access{Password: password}.Connect(ctx, host+"/agent")
		require.NoError(t, err)
		_, err = client.Find(ctx, host+"/agent:x")
		require.ErrorIs(t, err, pipeline.ErrAbsent)
		assert.Equal(t, []string{"", ""}, shown)
	})
	t.Run("and counts what it sends", func(t *testing.T) {
		client := b.connect(t, Access{})
		before := client.Requests()
		_, err := client.Find(ctx, b.reference("agent:x"))
		require.ErrorIs(t, err, pipeline.ErrAbsent)
		assert.Equal(t, before+1, client.Requests())
	})
}

func TestBasicAuthentication(t *testing.T) {
	repository := guarded(t)
	client, err := Access{Username: "me", Password: "secret"}.Connect(ctx, repository("mine"))
	require.NoError(t, err)
	_, err = client.Find(ctx, repository("mine")+":x")
	require.ErrorIs(t, err, pipeline.ErrAbsent)

	client, err = Access{Username: "me", Password: password}.Connect(ctx, repository("mine"))
	require.NoError(t, err, "nobody has asked yet")
	_, err = client.Find(ctx, repository("mine")+":x")
	require.ErrorContains(t, err, "401 Unauthorized")
	assert.Equal(t, pipeline.AdviceCredentials, pipeline.CauseOf(err).Advice)
	assert.NotContains(t, err.Error(), password)
}

func TestTokenAuthentication(t *testing.T) {
	access := Access{Username: "me", Password: password}
	t.Run("asks for one token for all its repositories", func(t *testing.T) {
		r := newTokenRegistry(t)
		client := r.connect(t, access)
		_, err := client.Find(ctx, r.reference("agent:x"))
		require.ErrorIs(t, err, pipeline.ErrAbsent)
		_, err = client.Find(ctx, r.reference("base:x"))
		require.ErrorIs(t, err, pipeline.ErrAbsent)
		assert.Equal(t, []string{"repository:base:push,pull repository:agent:push,pull repository:builder:push,pull"}, r.scopes)
	})
	t.Run("gets a new one when the old one has expired, even in the middle of a put", func(t *testing.T) {
		r := newTokenRegistry(t)
		access := access
		access.Transport = &http.Transport{DisableKeepAlives: true} // On a connection that was used before, net/http helps by itself.
		client := r.connect(t, access)
		composed := r.composed(t, client, "one", r.addition(t, client))
		for _, path := range []string{"blobs/uploads/$", "blobs/uploads/.", "manifests/sha256", "manifests/one"} {
			r.expireAt(path)
		}
		require.NoError(t, client.Put(ctx, composed, r.reference("agent:one")))
		assert.Equal(t, 1+4, r.issued)
		found, err := client.Find(ctx, r.reference("agent:one"))
		require.NoError(t, err)
		assert.Equal(t, composed.Digest(), found.Digest)
	})
	t.Run("fails with the token server's reason, and without its page", func(t *testing.T) {
		for answer, says := range map[string]string{
			`{"errors":[{"code":"DENIED","message":"go\u001b away"}]}`: "/token: 403 Forbidden: DENIED go away",
			"<html>\n" + password: "/token: 403 Forbidden",
		} {
			r := newTokenRegistry(t)
			r.tokens = registrytest.Answer(http.StatusForbidden, answer)
			_, err := access.Connect(ctx, r.reference("agent"))
			require.ErrorContains(t, err, "introducing itself to "+r.host+": GET "+r.host+says)
			assert.Equal(t, pipeline.AdviceCredentials, pipeline.CauseOf(err).Advice)
			require.ErrorIs(t, access.MayPush(ctx, r.reference("agent")), ErrRefused)
			assert.NotRegexp(t, "html|\n|"+password, err.Error())
		}
	})
	t.Run("is limited where the token server limits, which is no refusal", func(t *testing.T) {
		r := newTokenRegistry(t)
		r.tokens = registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"a secondary rate limit, retry-after: 3s"}]}`)
		err := access.MayPush(ctx, r.reference("agent"))
		require.NotErrorIs(t, err, ErrRefused)
		assert.Equal(t, pipeline.KindLimited, pipeline.CauseOf(err).Kind)
		assert.Equal(t, "3s", pipeline.CauseOf(err).Wait.String())
	})
	t.Run("does not read an endless answer", func(t *testing.T) {
		r := newTokenRegistry(t)
		r.tokens = endless
		_, err := Access{AnswerTime: 5 * time.Second}.Connect(ctx, r.reference("agent"))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "no answer within")
	})
	t.Run("shows nothing of an answer without a token", func(t *testing.T) {
		r := newTokenRegistry(t)
		r.tokens = registrytest.Answer(http.StatusOK, fmt.Sprintf(`{"refresh_token":%q}`, password))
		_, err := access.Connect(ctx, r.reference("agent"))
		require.ErrorContains(t, err, "no token in bearer response")
		assert.NotContains(t, err.Error(), password)
	})
}
