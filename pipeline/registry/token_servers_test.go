package registry

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestATokenThatExpiresWithoutAChallenge: ECR Public answers 400 then. By a stand-in; never run
// against it.
// https://github.com/aws/containers-roadmap/issues/2835
func TestATokenThatExpiresWithoutAChallenge(t *testing.T) {
	access := Access{Username: "me", Password: registrytest.Password}
	t.Run("is renewed once, whatever is sent", func(t *testing.T) {
		r := registrytest.NewTokenRegistry(t)
		r.Public = true
		client := connect(t, r.Bed, access)
		composed := composedOn(t, r.Bed, client, "one", addition(t, r.Bed, client))
		for _, path := range []string{"blobs/uploads/$", "blobs/uploads/.", "manifests/one"} {
			r.ExpireAt(path)
		}
		require.NoError(t, client.Put(ctx, composed, r.Reference("agent:one")))
		assert.Equal(t, 1+3, r.Issued)
		assert.Equal(t, composed.Digest(), registrytest.DigestOfImage(t, r.Pull(t, "agent:one")))
	})
	t.Run("and not again where the new one is refused alike", func(t *testing.T) {
		r := registrytest.NewTokenRegistry(t)
		r.Public, r.Denied = true, "agent"
		client := connect(t, r.Bed, access)
		before := r.Served
		_, err := client.Find(ctx, r.Reference("agent:x"))
		require.EqualError(t, err, "GET /v2/agent/manifests/x: 400 Bad Request: DENIED Your Authorization Token is invalid.")
		assert.Equal(t, classify.Result{Class: classify.Permanent, Advice: classify.AdviceCredentials}, classify.Of(err))
		assert.Equal(t, 1+1, r.Issued)
		assert.Equal(t, 2, r.Served-before)
	})
	t.Run("while a 400 for another reason is just that", func(t *testing.T) {
		r := registrytest.NewTokenRegistry(t)
		client := connect(t, r.Bed, access)
		r.Proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusBadRequest, `{"errors":[{"code":"NAME_INVALID","message":"no"}]}`)})
		_, err := client.Find(ctx, r.Reference("agent:x"))
		require.ErrorContains(t, err, "400 Bad Request: NAME_INVALID no")
		assert.Equal(t, 1, r.Issued)
		assert.Len(t, r.Proxy.Requests(), 1)
	})
}

// TestATokenForOneScopeOnly: GitLab gave such until 2017, and Harbor before 1.1.2. What cannot be
// done with that fails, after few questions.
func TestATokenForOneScopeOnly(t *testing.T) {
	for name, grants := range map[string]func([]string) []string{
		"the first one that is asked for": func(scopes []string) []string { return scopes[:1] },
		"the last one":                    func(scopes []string) []string { return scopes[len(scopes)-1:] },
		"none":                            func([]string) []string { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			r := registrytest.NewTokenRegistry(t)
			r.Grants = grants
			client := connect(t, r.Bed, Access{Username: "me", Password: registrytest.Password})
			asked := 0
			for range 3 {
				for _, reference := range []string{"base:x", "agent:x", "builder:x"} {
					before, issued := r.Served, r.Issued
					_, err := client.Find(ctx, r.Reference(reference))
					if asked++; err != nil && !strings.Contains(err.Error(), classify.ErrAbsent.Error()) {
						require.ErrorContains(t, err, "401 Unauthorized")
						assert.Equal(t, classify.AdviceNoRight, classify.Of(err).Advice)
					}
					assert.LessOrEqual(t, r.Served-before, 2, "a request is sent again once")
					assert.LessOrEqual(t, r.Issued-issued, 1, "with one new token")
				}
			}
			for _, scopes := range r.Scopes {
				assert.LessOrEqual(t, len(strings.Fields(scopes)), 6, "each scope is asked for once")
			}
		})
	}
}

// TestUsersAsRegistriesNameThem: none is changed on its way, and neither is what stands for a user.
func TestUsersAsRegistriesNameThem(t *testing.T) {
	for registry, user := range map[string]string{
		"ACR, with a refresh token":           "00000000-0000-0000-0000-000000000000",
		"Google, with an access token":        "oauth2accesstoken",
		"Google, with a key":                  "_json_key_base64",
		"Harbor's robot":                      "robot$eval",
		"Harbor's robot of a project":         "robot$me+eval",
		"Quay's robot":                        "me+eval",
		"GitLab's token of a group":           "group_1_bot_a",
		"ECR":                                 "AWS",
		"a variable in which a shell is mean": "$HOME ${HOME} $(id) `id`",
		"a name with a percent sign":          "100%41",
	} {
		t.Run(registry, func(t *testing.T) {
			r := registrytest.NewTokenRegistry(t)
			r.User = user
			client, err := Access{Username: user, Password: registrytest.Password}.Open(ctx, r.Reference("agent"))
			require.NoError(t, err)
			_, err = client.Find(ctx, r.Reference("agent:x"))
			require.ErrorIs(t, err, classify.ErrAbsent)
			assert.Equal(t, []string{user}, r.Shown)

			_, err = Access{Username: user, Password: "wrong"}.Open(ctx, r.Reference("agent"))
			require.ErrorContains(t, err, "publishing to "+r.Reference("agent")+" as "+user+": ", "an error names it as it is")
		})
	}
}

// TestTokenServersInOtherPlaces: Quay has its at /v2/auth, GitLab at another host, ACR at
// /oauth2/token and with another name for the token. It is the challenge that says where.
func TestTokenServersInOtherPlaces(t *testing.T) {
	for path, answer := range map[string]string{
		"/v2/auth":      `{"token":"given"}`,
		"/jwt/auth":     `{"token":"given","expires_in":300}`,
		"/oauth2/token": `{"access_token":"given"}`,
	} {
		t.Run(path, func(t *testing.T) {
			var asked []string
			elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				user, given, _ := r.BasicAuth()
				asked = append(asked, r.URL.Path, user, given)
				registrytest.Answer(http.StatusOK, answer)(w, r, nil)
			}))
			defer elsewhere.Close()
			b := registrytest.NewBed(t)
			b.Proxy.Script(registrytest.Rule{Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
				if r.Header.Get("Authorization") != "Bearer given" {
					registrytest.Challenge("Bearer", elsewhere.URL+path)(w, r)
					return
				}
				registry.ServeHTTP(w, r)
			}})
			client, err := Access{Username: "me", Password: registrytest.Password}.Open(ctx, b.Reference("agent"))
			require.NoError(t, err)
			_, err = client.Find(ctx, b.Reference("agent:x"))
			require.ErrorIs(t, err, classify.ErrAbsent)
			assert.Equal(t, []string{path, "me", registrytest.Password}, asked)
			assert.Zero(t, b.Proxy.Count("", "_catalog|tags/list"), "no registry is asked for a list")
		})
	}
}
