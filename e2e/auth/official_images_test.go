package auth

import (
	"os"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/e2e/official"
)

// TestPrivateOfficialImages: the official images' registry shows them only to who has an account
// there. The other registry gets nothing of that account.
func TestPrivateOfficialImages(t *testing.T) {
	set := &official.Set{System: harness.SmallSystem(t), Seed: int64(os.Getpid()), Environment: official.Size{Files: 3}, Repository: official.Size{Files: 3}}
	img, err := set.Image(1)
	require.NoError(t, err)
	const user, password = "reader", "keep/me+secret"
	t.Setenv("EVAL_IMAGES_E2E_OFFICIAL", password)
	c := harness.NewCold(t, map[string]v1.Image{"private__task-1": img})
	c.Hub.Users, c.Hub.Private = map[string]string{user: password}, true

	with := func(secret string) []string {
		return []string{"--share-bases", "evidence", "--official-username", user, "--official-password", "env:" + secret}
	}
	made := c.MakesBases(t, with("EVAL_IMAGES_E2E_OFFICIAL")...)["private__task-1"]
	require.Equal(t, "built", made.Status, made.Error)
	assert.Equal(t, 1, c.Hub.Module().Pulls)
	assert.Zero(t, c.Hub.Engine().Requests, "the engine finds it where it was mirrored")

	t.Run("and one half of an account is an error before anything is asked", func(t *testing.T) {
		c.Hub.Reset()
		message := c.Call(t, "assemble-all", "--publish", "--official-username", user, "total").Message(t)
		assert.Contains(t, message, "--official-username and --official-password belong together")
		assert.Zero(t, c.Hub.Module().Requests+c.Hub.Engine().Requests)
	})
}
