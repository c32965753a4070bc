package registry

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestARefusalIsKnownBeforeAnythingIsBuilt: each answer is one that people met, by a stand-in that
// gives it; never run against the registry itself.
func TestARefusalIsKnownBeforeAnythingIsBuilt(t *testing.T) {
	specified := func(code, message string) string {
		return fmt.Sprintf(`{"errors":[{"code":%q,"message":%q}]}`, code, message)
	}
	const ecr = "The repository with name 'base' does not exist in the registry with id '123456789012'"
	type answer struct {
		status int
		body   string
		says   string // in the error, at its end
		advice string
	}
	uploads := map[string]answer{
		// https://github.com/plexsystems/sinker/issues/55
		"ECR, which lacks the repository": {404, specified("NAME_UNKNOWN", ecr), "404 Not Found: NAME_UNKNOWN " + ecr, classify.AdviceRepository},
		"ECR, without a word":             {404, "", "404 Not Found", classify.AdviceRepository},
		// https://github.com/docker/build-push-action/issues/171
		"Google, whose names have three parts": {
			400, specified("NAME_INVALID", "Missing image name. Pushes should be of the form docker push HOST-NAME/PROJECT-ID/REPOSITORY/IMAGE"),
			"400 Bad Request: NAME_INVALID Missing image name. Pushes should be of the form docker push HOST-NAME/PROJECT-ID/REPOSITORY/IMAGE", classify.AdviceName,
		},
		// https://github.com/docker/build-push-action/issues/606
		"ghcr.io, where an organization does not allow it": {
			403, specified("DENIED", "installation not allowed to Create organization package"),
			"403 Forbidden: DENIED installation not allowed to Create organization package", classify.AdviceNoRight,
		},
		"Harbor, which lacks the project":              {401, specified("UNAUTHORIZED", "project me not found"), "401 Unauthorized: UNAUTHORIZED project me not found", classify.AdviceRepository},
		"Harbor, which is read-only":                   {403, specified("DENIED", "The system is in read only mode. Any modification is prohibited."), "DENIED The system is in read only mode. Any modification is prohibited.", classify.AdviceReadOnly},
		"Harbor, in words of its own":                  {403, "Upload/Delete is prohibited in read only mode.\n", "403 Forbidden: Upload/Delete is prohibited in read only mode.", classify.AdviceReadOnly},
		"Harbor, whose project is full":                {403, specified("DENIED", "adding 1.0 GiB of storage resource, which when updated to 10.5 GiB will exceed the configured upper limit of 10.0 GiB."), "upper limit of 10.0 GiB.", classify.AdviceQuota},
		"DigitalOcean, by its plan":                    {403, specified("DENIED", "registry contains 1 repositories, limit is 1"), "DENIED registry contains 1 repositories, limit is 1", classify.AdvicePlan},
		"ECR, whose password has expired":              {403, specified("DENIED", "Your authorization token has expired. Reauthenticate and try again."), "Reauthenticate and try again.", classify.AdviceCredentials},
		"a wrong password":                             {401, specified("UNAUTHORIZED", "authentication required"), "401 Unauthorized: UNAUTHORIZED authentication required", classify.AdviceCredentials},
		"the distribution project's, which only reads": {405, specified("UNSUPPORTED", "The operation is unsupported."), "405 Method Not Allowed: UNSUPPORTED The operation is unsupported.", classify.AdviceReadOnly},
		"a page of HTML, which says nothing":           {403, "<html>\r\n<h1>403 Forbidden</h1>\r\n</html>", "403 Forbidden", classify.AdviceNoRight},
		"a registry that says the password aloud":      {401, "no such user: me:" + registrytest.Password, "401 Unauthorized: no such user: me:***", classify.AdviceCredentials},
	}
	access := Access{Username: "me", Password: registrytest.Password, Pause: time.Millisecond}
	refused := func(t *testing.T, b registrytest.Bed, want answer) {
		t.Helper()
		_, err := access.Open(ctx, b.Reference("builder"), b.Reference("base"), b.Reference("agent"))
		require.ErrorIs(t, err, ErrRefused)
		assert.Regexp(t, "^publishing to "+b.Host+"/(builder|base) as me: the registry refuses it: ", err.Error())
		assert.True(t, strings.HasSuffix(err.Error(), want.says), err.Error())
		assert.Equal(t, want.advice, classify.Of(err).Advice)
		assert.NotContains(t, err.Error(), registrytest.Password)
		registrytest.RequireLine(t, err.Error(), registrytest.MaxText)
	}
	for name, want := range uploads {
		t.Run(name, func(t *testing.T) {
			b := registrytest.NewBed(t)
			b.Proxy.Script(registrytest.Rule{Method: http.MethodPost, Path: "/v2/base/", Fault: registrytest.Answer(want.status, want.body)})
			refused(t, b, want)
			assert.Equal(t, 2, b.Proxy.Count(http.MethodPost, ""), "the builder's repository is fine, and nothing is asked twice")
		})
	}
	for name, want := range map[string]answer{
		"Docker Hub": {401, `{"details":"incorrect username or password"}`, "/token: 401 Unauthorized: incorrect username or password", classify.AdviceCredentials},
		"GitHub":     {403, `{"message":"Bad credentials"}`, "/token: 403 Forbidden: Bad credentials", classify.AdviceCredentials},
		"Quay":       {401, `{"error":"Invalid Username or Password"}`, "/token: 401 Unauthorized: Invalid Username or Password", classify.AdviceCredentials},
		"GitLab":     {403, `{"error":"invalid_scope","error_description":"no such project"}`, "/token: 403 Forbidden: invalid_scope; no such project", classify.AdviceCredentials},
		"Google":     {403, `{"error":{"code":403,"message":"Permission denied"}}`, "/token: 403 Forbidden: Permission denied", classify.AdviceCredentials},
		"Harbor":     {401, specified("UNAUTHORIZED", "project me not found"), "/token: 401 Unauthorized: UNAUTHORIZED project me not found", classify.AdviceRepository},
		"ghcr.io":    {403, specified("DENIED", "permission_denied: The token provided does not match expected scopes."), "/token: 403 Forbidden: DENIED permission_denied: The token provided does not match expected scopes.", classify.AdviceNoRight},
		"plain text": {401, "not you\n", "/token: 401 Unauthorized: not you", classify.AdviceCredentials},
	} {
		t.Run("the token server of "+name, func(t *testing.T) {
			r := registrytest.NewTokenRegistry(t)
			r.Tokens = registrytest.Answer(want.status, want.body)
			refused(t, r.Bed, want)
		})
	}
	t.Run("a token that is for less", func(t *testing.T) {
		r := registrytest.NewTokenRegistry(t)
		r.Denied = "base"
		refused(t, r.Bed, answer{says: "401 Unauthorized", advice: classify.AdviceNoRight})
	})
	t.Run("ECR, which cuts the connection where it lacks the repository", func(t *testing.T) {
		b := registrytest.NewBed(t)
		b.Proxy.Script(
			registrytest.Rule{Method: http.MethodPost, Path: "/v2/base/", Fault: registrytest.Cut(0)},
			registrytest.Rule{Method: http.MethodGet, Path: "/v2/base/", Fault: registrytest.Answer(404, specified("NAME_UNKNOWN", ecr))},
		)
		refused(t, b, answer{says: "it cuts the connection of every upload: GET /v2/base/manifests/latest: 404 Not Found: NAME_UNKNOWN " + ecr, advice: classify.AdviceRepository})
		assert.Equal(t, Openings, b.Proxy.Count(http.MethodPost, "/base/"), "a connection that is cut once proves nothing")
	})
}

// TestWhatIsNoRefusal: the same answers where they are about something else.
func TestWhatIsNoRefusal(t *testing.T) {
	repositories := func(b registrytest.Bed) []string {
		return []string{b.Reference("builder"), b.Reference("base"), b.Reference("agent")}
	}
	t.Run("a repository that the first push creates is unknown until then", func(t *testing.T) {
		b := registrytest.NewBed(t)
		client, err := Access{}.Open(ctx, repositories(b)...)
		require.NoError(t, err)
		_, err = client.Find(ctx, b.Reference("base:x"))
		require.ErrorIs(t, err, classify.ErrAbsent)
	})
	t.Run("what was begun is given up, and a registry need not know how", func(t *testing.T) {
		b := registrytest.NewBed(t)
		b.Proxy.Script(registrytest.Rule{Method: http.MethodDelete, Fault: registrytest.Answer(http.StatusMethodNotAllowed, "")})
		_, err := Access{}.Open(ctx, repositories(b)...)
		require.NoError(t, err)
		assert.Equal(t, 3, b.Proxy.Count(http.MethodPost, ""))
		assert.Equal(t, 3, b.Proxy.Count(http.MethodDelete, ""))
		assert.Len(t, b.Proxy.Requests(), 1+3+3)
	})
	t.Run("one repository for all is asked once", func(t *testing.T) {
		b := registrytest.NewBed(t)
		_, err := Access{}.Open(ctx, b.Reference("all"), b.Reference("all"), b.Reference("all"))
		require.NoError(t, err)
		assert.Equal(t, 1, b.Proxy.Count(http.MethodPost, ""))
	})
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound} {
		t.Run(fmt.Sprintf("%d to somebody without credentials, where others have some", status), func(t *testing.T) {
			r := registrytest.NewTokenRegistry(t)
			r.Tokens = registrytest.Answer(http.StatusOK, `{"token":"anonymous"}`)
			r.Valid["anonymous"] = registrytest.Token{Scopes: "repository:builder: repository:base: repository:agent:"}
			r.Proxy.Script(registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(status, "")})
			_, err := Access{}.Open(ctx, repositories(r.Bed)...)
			require.ErrorIs(t, err, ErrAnonymous)
			assert.NotErrorIs(t, err, ErrRefused)
		})
	}
	t.Run("a limit", func(t *testing.T) {
		b := registrytest.NewBed(t)
		b.Proxy.Script(registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(403, `{"message":"You have exceeded a secondary rate limit"}`)})
		client, err := Access{Pause: time.Millisecond}.Open(ctx, repositories(b)...)
		require.NoError(t, err, "the run waits for that")
		assert.NotNil(t, client)
	})
}

// TestToReadIsToAskForPullOnly: Quay and GitLab create a repository when they give a token for
// pushing to it.
func TestToReadIsToAskForPullOnly(t *testing.T) {
	t.Run("of the repository that is read, and no upload is begun", func(t *testing.T) {
		r := registrytest.NewTokenRegistry(t)
		client, err := Access{Username: "me", Password: registrytest.Password, ReadOnly: true}.Open(ctx, r.Reference("agent"))
		require.NoError(t, err)
		_, err = client.Find(ctx, r.Reference("agent:x"))
		require.ErrorIs(t, err, classify.ErrAbsent)
		assert.Equal(t, []string{"repository:agent:pull"}, r.Scopes)
		assert.Zero(t, r.Proxy.Count(http.MethodPost, ""))
	})
	t.Run("which ghcr.io gives to those without credentials, and no more", func(t *testing.T) {
		r := registrytest.NewTokenRegistry(t)
		r.Tokens = func(w http.ResponseWriter, request *http.Request, _ http.Handler) {
			if scope := strings.Join(request.URL.Query()["scope"], " "); strings.Contains(scope, "push") {
				registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`)(w, request, nil)
				return
			}
			registrytest.Answer(http.StatusOK, `{"token":"anonymous"}`)(w, request, nil)
		}
		r.Valid["anonymous"] = registrytest.Token{Scopes: "repository:agent:pull"}
		_, err := Access{}.Open(ctx, r.Reference("agent"))
		require.ErrorIs(t, err, ErrAnonymous)
		client, err := Access{ReadOnly: true}.Open(ctx, r.Reference("agent"))
		require.NoError(t, err)
		_, err = client.Find(ctx, r.Reference("agent:x"))
		require.ErrorIs(t, err, classify.ErrAbsent)
	})
}
