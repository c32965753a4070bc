package input

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/e2e/internal/harness"
)

// TestSDKAsGitReference: the images of an SDK that is a git reference are named by its commit.
func TestSDKAsGitReference(t *testing.T) {
	t.Parallel()
	target := harness.NewTarget(t)
	url, commit := harness.GitServer(t, target.SDK)
	builder := "builder:" + commit[:7]
	for name, ref := range map[string]string{"a branch": "main", "a tag": "v1", "a commit": commit} {
		t.Run(name, func(t *testing.T) {
			target := target
			target.SDK = url + "#" + ref
			assert.Contains(t, harness.CallModule(t, target.Args("plan", "table")...).Succeeds(t), builder)
		})
	}
	t.Run("a name of one's own goes before it", func(t *testing.T) {
		target := target
		target.SDK = url + "#main"
		args := append([]string{"--sdk-sha", "0123456" + commit[7:]}, target.Args("plan", "table")...)
		assert.Contains(t, harness.CallModule(t, args...).Succeeds(t), "builder:0123456")
	})
}
