package auth

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// TestPasswordsInFlags: where an address holds a password, which none should, the error about it
// does not show that. (The CLI's own progress shows flags as they were typed.)
func TestPasswordsInFlags(t *testing.T) {
	t.Parallel()
	s := harness.NewSession(t)
	const login = "me:" + soughtPassword + "@"
	// With signs that a URL should escape. Of a slash the engine complains itself, before it calls
	// the module.
	const rawLogin, rawSDKLogin = "me:" + soughtPassword + "/" + soughtPassword + "@" + soughtPassword + "@", "me:" + soughtPassword + "@" + soughtPassword + "@"
	sdk := func(login string) string { return s.GitBranch(t, "https://"+login+"127.0.0.1:1/sdk.git", "main") }
	tests := map[string]struct{ module, plan harness.Flags }{
		"the SDK's":                {module: harness.Flags{"sdk": sdk(login)}},
		"the hub's":                {plan: harness.Flags{"dataset": "me/bench", "family": "swebench", "hub": "https://" + login + "127.0.0.1:1"}},
		"the dataset's":            {plan: harness.Flags{"dataset": "https://" + login + "127.0.0.1:1/me/bench", "family": "swebench"}},
		"a repository's":           {module: harness.Flags{"agentRepo": login + "127.0.0.1:1/agent"}},
		"a repository's, as a URL": {module: harness.Flags{"agentRepo": "https://" + login + "127.0.0.1:1/agent"}},
		"the official images'":     {module: harness.Flags{"imageTemplate": login + "127.0.0.1:1/{instance_id}"}},
		"the SDK's, raw":           {module: harness.Flags{"sdk": sdk(rawSDKLogin)}},
		"the hub's, raw":           {plan: harness.Flags{"dataset": "me/bench", "family": "swebench", "hub": "https://" + rawLogin + "127.0.0.1:1"}},
		"a repository's, raw":      {module: harness.Flags{"agentRepo": rawLogin + "127.0.0.1:1/agent"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := s.Plan(t, test.module, test.plan)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), soughtPassword)
			assert.Contains(t, err.Error(), "***@127.0.0.1:1")
		})
	}
	testTokensInFlags(t, s)
}

func testTokensInFlags(t *testing.T, s *harness.Session) {
	const token = "hf_7f3a9cLeaked7f3a9cLeaked7f3a9cLeak"
	for flag, value := range map[string]any{
		"dataset": token, "revision": token + "..", "instanceIds": []string{token},
	} {
		t.Run("a token of the hub in "+flag, func(t *testing.T) {
			given := harness.Flags{"dataset": "me/bench", "family": "swebench", "hub": "http://127.0.0.1:1", flag: value}
			if flag == "instanceIds" {
				given = harness.Flags{flag: value}
			}
			_, err := s.Plan(t, nil, given)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "7f3a9c")
			assert.Contains(t, err.Error(), "hf_***")
		})
	}
}
