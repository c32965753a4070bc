package registry

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/pipeline/registry/status"
	"dagger/eval-images/redact"
)

// TestNoCredentialsInARegistrysWords: it has seen them, and may repeat them.
func TestNoCredentialsInARegistrysWords(t *testing.T) {
	const password = "correct-horse-battery"
	access := Access{Username: "me", Password: password}
	for name, body := range map[string]string{
		"as they are":            "the password " + password + " is wrong",
		"as a header has them":   "invalid header: Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+password)),
		"at the end that is cut": strings.Repeat("x", redact.MaxLine-12) + password,
	} {
		t.Run(name, func(t *testing.T) {
			text := access.redact(status.New(http.MethodPost, "/v2/", 401, nil, []byte(body))).Error()
			assert.NotContains(t, text, password[:6])
			assert.NotContains(t, text, base64.StdEncoding.EncodeToString([]byte("me:" + password))[:8])
			assert.Contains(t, text, "***")
		})
	}
}

// TestNoCredentialsInATokenServersWords: it is asked again in the middle of a run.
func TestNoCredentialsInATokenServersWords(t *testing.T) {
	r := registrytest.NewTokenRegistry(t)
	client := connect(t, r.Bed, Access{Username: "me", Password: registrytest.Password})
	composed := composedOn(t, r.Bed, client, "one", addition(t, r.Bed, client))
	r.Tokens = registrytest.Answer(http.StatusUnauthorized, "no such user: me:"+registrytest.Password)
	r.ExpireAt("/agent/")
	_, found := client.Find(ctx, r.Reference("agent:x"))
	put := client.copyLayer(ctx, "agent", composed.Layers[0], nil)
	_, opened := client.openLayer(ctx, composed.Layers[0])
	for _, err := range []error{found, put, opened} {
		require.ErrorContains(t, err, "no such user: me:***")
	}
}
