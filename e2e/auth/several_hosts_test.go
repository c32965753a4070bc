package auth

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/e2e/internal/harness"
)

// TestAPasswordForSeveralHosts is refused before anybody has seen it, be it that a repository was
// forgotten.
func TestAPasswordForSeveralHosts(t *testing.T) {
	t.Parallel()
	f, proxy := harness.ProxiedFleet(t, harness.HostRegistry, 1)
	login := []string{"--registry-username", "me", "--registry-password", secret(t, soughtPassword)}
	own := func(flag string) []string { return []string{flag, f.Registry + "/" + f.Prefix + "/own"} }
	for name, test := range map[string]struct {
		repositories []string
		function     []string
		says         []string
	}{
		"assemble-all, with two repositories of the defaults": {
			own("--agent-repo"), []string{"assemble-all", "--publish"},
			[]string{"--agent-repo " + f.Registry, "ghcr.io/openhands/eval-base (at ghcr.io, the default)", "→ Set --builder-repo and --base-repo"},
		},
		"assemble-all, without --publish": {own("--agent-repo"), []string{"assemble-all"}, []string{"→ Set --builder-repo and --base-repo"}},
		"check, which was not told the agent images' repository": {
			own("--base-repo"), []string{"check"}, []string{"--agent-repo ghcr.io/openhands/eval-agent-server (at ghcr.io, the default)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			proxy.Script()
			args := append([]string{"--silent", "--sdk", f.SDK, "--dataset-file", f.Dataset}, test.repositories...)
			args = append(append(args, login...), test.function...)
			if test.function[0] == "assemble-all" {
				args = append(args, "total")
			}
			call := harness.CallModule(t, args...)
			message := call.Message(t)
			for _, text := range test.says {
				assert.Contains(t, message, text)
			}
			harness.AssertOneLine(t, message)
			assert.NotContains(t, call.Stderr, soughtPassword)
			assert.Empty(t, proxy.Requests(), "nobody was asked anything")
		})
	}
}
