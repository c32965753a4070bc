package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testPasswordsInFlags: where an address holds a password, which none should, the error about it
// does not show that. (The CLI's own progress shows flags as they were typed.)
func (s *session) testPasswordsInFlags(t *testing.T) {
	s.testPasswordsInAddresses(t, "me:"+canary+"@", "me:"+canary+"@")
	t.Run("with signs that a URL should escape", func(t *testing.T) { // Of a slash the engine complains itself, before it calls the module.
		s.testPasswordsInAddresses(t, "me:"+canary+"@"+canary+"@", "me:"+canary+"/"+canary+"@"+canary+"@")
	})
	s.testTokensInFlags(t)
}

func (s *session) testPasswordsInAddresses(t *testing.T, sdkLogin, login string) {
	sdk, err := s.client.Git("https://" + sdkLogin + "127.0.0.1:1/sdk.git").Branch("main").Tree().ID(s.ctx)
	require.NoError(t, err)
	tests := map[string]struct{ module, plan flags }{
		"the SDK's":                {module: flags{"sdk": string(sdk)}},
		"the hub's":                {plan: flags{"dataset": "me/bench", "family": "swebench", "hub": "https://" + login + "127.0.0.1:1"}},
		"the dataset's":            {plan: flags{"dataset": "https://" + login + "127.0.0.1:1/me/bench", "family": "swebench"}},
		"a repository's":           {module: flags{"agentRepo": login + "127.0.0.1:1/agent"}},
		"a repository's, as a URL": {module: flags{"agentRepo": "https://" + login + "127.0.0.1:1/agent"}},
		"the official images'":     {module: flags{"imageTemplate": login + "127.0.0.1:1/{instance_id}"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := s.plan(t, test.module, test.plan)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), canary)
			assert.Contains(t, err.Error(), "***@127.0.0.1:1")
		})
	}
}

func (s *session) testTokensInFlags(t *testing.T) {
	const token = "hf_7f3a9cCanary7f3a9cCanary7f3a9cCana"
	for flag, value := range map[string]any{
		"dataset": token, "hub": token, "revision": token + "..", "family": token, "shard": token, "instanceIds": []string{token},
	} {
		t.Run("a token of the hub in "+flag, func(t *testing.T) {
			given := flags{"dataset": "me/bench", "family": "swebench", "hub": "http://127.0.0.1:1", flag: value}
			if flag == "instanceIds" {
				given = flags{flag: value}
			}
			_, err := s.plan(t, nil, given)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "7f3a9c")
			assert.Contains(t, err.Error(), "hf_***")
		})
	}
}
