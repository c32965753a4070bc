package redact

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPasswordsOfURLsAreRemoved(t *testing.T) {
	for text, want := range map[string]string{
		// With a scheme.
		`cloning https://me:canary@git.example.org/sdk.git: not found`: `cloning https://***@git.example.org/sdk.git: not found`,
		`asking "https://canary@hub.example.org": refused`:             `asking "https://***@hub.example.org": refused`,
		`Get "http://me:ca%40na%2Fry@127.0.0.1:5000/v2/": EOF`:         `Get "http://***@127.0.0.1:5000/v2/": EOF`,
		"a https://a:b@c/d\nand ssh://git:canary@e/f":                  "a https://***@c/d\nand ssh://***@e/f",
		`https://me:canary@registry.example/agent:tag@sha256:00`:       `https://***@registry.example/agent:tag@sha256:00`,
		`https://me:canary@host.example/a then http://b:canary@c`:      `https://***@host.example/a then http://***@c`,
		`git+https://me:canary@host.example/a.git`:                     `git+https://***@host.example/a.git`,

		// With characters that a URL should escape.
		`https://me:can@ry@host.example/a`:            `https://***@host.example/a`,
		`https://me:ca/na/ry@host.example/a`:          `https://***@host.example/a`,
		`https://me:can@na/ry@host.example/a`:         `https://***@host.example/a`,
		`https://me:ca#na?ry@host.example/a#0f3c`:     `https://***@host.example/a#0f3c`,
		`https://me:1/canary@host.example/a`:          `https://***@host.example/a`,
		`https://first.last:ca/nary@host.example/a`:   `https://***@host.example/a`,
		`https://ca/nary@host.example/a`:              `https://***@host.example/a`,
		`https://me:ca'na'ry@host.example/a`:          `https://***@host.example/a`,
		`https://me:ca://nary@host.example/a`:         `https://***@host.example/a`,
		`--sdk "https://me:can\"ry@host.example/a#1"`: `--sdk "https://***@host.example/a#1"`,
		`https://me@corp.example:canary@host.example`: `https://***@host.example`,
		`https://[canary:x@host.example/a`:            `https://***@host.example/a`,
		`https://a:canary@b,https://c:canary@d`:       `https://***@d`,

		`parse "https://me:ca/nary@host.example/a": invalid port ":ca\"" after host`: `parse "https://***@host.example/a": invalid port ":***" after host`,

		// Without a scheme.
		`--agent-repo "me:canary@registry.example/agent" is not a repository`: `--agent-repo "***@registry.example/agent" is not a repository`,
		`me:can@ry@registry.example/agent`:                                    `***@registry.example/agent`,
		`me:ca/na/ry@registry.example/agent`:                                  `***@registry.example/agent`,
		`me@corp.example:canary@registry.example/agent`:                       `***@registry.example/agent`,
		`localhost:5000/me:canary@registry.example`:                           `localhost:5000/***@registry.example`,

		// As the value of another URL, and at the end of a text that was cut.
		`https://a.example/?to=https%3A%2F%2Fme%3Acanary%40b.example%2F&x=1`: `https://a.example/?to=https%3A%2F%2F***%40b.example%2F&x=1`,
		`cloning https://me:cana`:     `cloning https://***`,
		`cloning "https://me:cana": `: `cloning "https://***":`,

		// What has no password stays as it is.
		`publishing localhost:5000/agent:43376f1-x@sha256:00: 401 Unauthorized`: ``,
		`failed to push ghcr.io/me/agent@sha256:00`:                             ``,
		`docker-image://alpine@sha256:00 and docker-image://a.b/c@sha512:00`:    ``,
		`git@github.com:me/sdk.git: no such host`:                               ``,
		`npm ERR! 404 left-pad@1.3.0 is not in this registry`:                   ``,
		`http://localhost:4873/@babel/core and http://[::1]:4873/@babel/core`:   ``,
		`maintained by somebody@example.org`:                                    ``,
		`https://hub.example.org/a@b`:                                           ``,
		`https://hub.example.org:8080/a@b, http://registry:5000/v2/: EOF`:       ``,
		`dial https://hub.example.org: no such host (https://hub.example.org)`:  ``,
		`file:///home/me@example.org/a`:                                         ``,
		``:                                                                      ``,

		// Tokens of the hub.
		`dataset "hf_canaryCanaryCanaryCanaryCanary1234" is not owner/name`: `dataset "hf_***" is not owner/name`,
		`https://hub.example.org/hf_canaryCanaryCanaryCanaryCanary1234@x`:   `https://hub.example.org/hf_***@x`,
		`hf_internal/bench and chf_aaaaaaaaaaaaaaaaaaaaaaaaaaaa`:            ``,
	} {
		if want == "" {
			want = text
		}
		assert.Equal(t, want, Text(text))
	}
}

// TestPasswordsThatAreNotFound says what the package does not cover, as its comment does.
func TestPasswordsThatAreNotFound(t *testing.T) {
	for _, text := range []string{`https://first.last:1/canary@host.example`, `https://me@host.example?to=canary`} {
		assert.Contains(t, Text(text), "canary")
	}
	assert.Equal(t, "https://*** canary@host.example", Text("https://me:my canary@host.example"))
}

func TestSecretsAreRemoved(t *testing.T) {
	const secret = "correct-horse/battery+staple"
	for name, test := range map[string]struct{ text, want string }{
		"as they are":                    {"the password " + secret + " is wrong", "the password *** is wrong"},
		"as the path of a URL has them":  {"/correct-horse%2Fbattery+staple", "/***"},
		"as a query has them":            {"?password=correct-horse%2Fbattery%2Bstaple", "?password=***"},
		"their beginning, at the end":    {"the password correct-ho", "the password ***"},
		"their beginning, before a mark": {"the password correct-ho…", "the password ***…"},
		"not what has no part of them":   {"a horse", "a horse"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, Secrets(test.text, "", "***", secret))
			assert.Equal(t, test.want, Line(test.text, secret))
			assert.Equal(t, test.want, Text(test.text, secret))
		})
	}
}
