package pipeline

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWithoutPasswords(t *testing.T) {
	for text, want := range map[string]string{
		`cloning https://me:canary@git.example.org/sdk.git: not found`:          `cloning https://***@git.example.org/sdk.git: not found`,
		`asking "https://canary@hub.example.org": refused`:                      `asking "https://***@hub.example.org": refused`,
		`Get "http://me:ca%40na%2Fry@127.0.0.1:5000/v2/": EOF`:                  `Get "http://***@127.0.0.1:5000/v2/": EOF`,
		`--agent-repo "me:canary@registry.example/agent" is not a repository`:   `--agent-repo "***@registry.example/agent" is not a repository`,
		"a https://a:b@c/d\nand ssh://git:canary@e/f":                           "a https://***@c/d\nand ssh://***@e/f",
		`https://me:canary@registry.example/agent:tag@sha256:00`:                `https://***@registry.example/agent:tag@sha256:00`,
		`publishing localhost:5000/agent:43376f1-x@sha256:00: 401 Unauthorized`: ``,
		`failed to push ghcr.io/me/agent@sha256:00`:                             ``,
		`git@github.com:me/sdk.git: no such host`:                               ``,
		`npm ERR! 404 left-pad@1.3.0 is not in this registry`:                   ``,
		`maintained by somebody@example.org`:                                    ``,
		`https://hub.example.org/a@b`:                                           ``,
		`dataset "hf_canaryCanaryCanaryCanaryCanary1234" is not owner/name`:     `dataset "hf_***" is not owner/name`,
		`https://hub.example.org/hf_canaryCanaryCanaryCanaryCanary1234@x`:       `https://hub.example.org/hf_***@x`,
		`hf_internal/bench and chf_aaaaaaaaaaaaaaaaaaaaaaaaaaaa`:                ``,
		``: ``,
	} {
		if want == "" {
			want = text // stays as it is
		}
		assert.Equal(t, want, WithoutPasswords(text))
	}
}
