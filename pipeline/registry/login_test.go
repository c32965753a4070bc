package registry

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// targets are the three repositories; one that is empty is the default.
func targets(builder, base, agent string) []Target {
	all := []Target{
		{Flag: "--builder-repo", Repository: builder}, {Flag: "--base-repo", Repository: base}, {Flag: "--agent-repo", Repository: agent},
	}
	for i, at := range []string{"ghcr.io/openhands/eval-builder", "ghcr.io/openhands/eval-base", "ghcr.io/openhands/eval-agent-server"} {
		if all[i].Repository == "" {
			all[i].Repository, all[i].Default = at, true
		}
	}
	return all
}

func TestAPasswordBelongsToOneHost(t *testing.T) {
	for name, test := range map[string]struct {
		targets []Target
		want    string
	}{
		"the defaults are at one":                 {targets("", "", ""), "ghcr.io"},
		"so are one's own beside a default":       {targets("ghcr.io/me/builder", "", "ghcr.io/me/agent"), "ghcr.io"},
		"three repositories of another registry":  {targets("corp.example/a", "corp.example/b", "corp.example/c"), "corp.example"},
		"capitals make no other host":             {targets("corp.example/a", "CORP.example/b", "Corp.Example/c"), "corp.example"},
		"Docker Hub is one host by any name":      {targets("docker.io/me/a", "index.docker.io/me/b", "registry-1.docker.io/me/c"), "docker.io"},
		"and without a name":                      {targets("me/a", "docker.io/me/b", "library/c"), "docker.io"},
		"localhost without a port":                {targets("localhost/a", "localhost/me/b", "localhost/me/c"), "localhost"},
		"an IPv6 address":                         {targets("[::1]:5000/a", "[::1]:5000/b", "[::1]:5000/c"), "[::1]:5000"},
		"a single repository, which a check asks": {targets("", "", "corp.example/agent")[2:], "corp.example"},
	} {
		t.Run(name, func(t *testing.T) {
			host, err := OneHost(test.targets...)
			require.NoError(t, err)
			assert.Equal(t, test.want, host)
		})
	}
}

func TestAPasswordForSeveralHostsIsAnError(t *testing.T) {
	for name, test := range map[string]struct {
		targets []Target
		says    []string
	}{
		"one's own agent images beside the defaults": {targets("", "", "corp.example/agent"), []string{
			"--registry-password is for one registry, but the repositories are at 2 hosts: ",
			"--builder-repo ghcr.io/openhands/eval-builder (at ghcr.io, the default), --base-repo ghcr.io/openhands/eval-base (at ghcr.io, the default), " +
				"--agent-repo corp.example/agent (at corp.example).",
			"→ Set --builder-repo and --base-repo to repositories at the password's registry.", "docker login",
		}},
		"a forgotten one": {targets("corp.example/a", "", "corp.example/c"), []string{"→ Set --base-repo to repositories"}},
		"three hosts": {targets("a.example/a", "b.example/b", "c.example/c"), []string{
			"at 3 hosts", "(at a.example)", "(at b.example)", "(at c.example)", "→ Set --builder-repo, --base-repo and --agent-repo to",
		}},
		"two ports of one machine":              {targets("localhost:5000/a", "localhost:5000/b", "localhost:5001/c"), []string{"at 2 hosts"}},
		"localhost and Docker Hub":              {targets("localhost/a", "me/b", "localhost/c"), []string{"(at localhost)", "(at docker.io)"}},
		"a host whose name begins like another": {targets("ghcr.io.example/a", "", ""), []string{"(at ghcr.io.example)", "(at ghcr.io, the default)"}},
		"what is no repository":                 {targets("corp.example/a", "corp.example/B", "corp.example/c"), []string{"--base-repo: ", "capitals"}},
	} {
		t.Run(name, func(t *testing.T) {
			host, err := OneHost(test.targets...)
			for _, text := range test.says {
				require.ErrorContains(t, err, text)
			}
			assert.Empty(t, host)
		})
	}
}

// TestTheEngineFilesCredentialsUnderTheirHost: what its own parser makes of each address was seen
// with the engine v0.17.2.
func TestTheEngineFilesCredentialsUnderTheirHost(t *testing.T) {
	for repository, want := range map[string]string{
		"ghcr.io/me/a":              "ghcr.io",
		"GHCR.io/me/a":              "GHCR.io",
		"me/a":                      "docker.io",
		"registry-1.docker.io/me/a": "docker.io",
		"localhost/me/a":            "localhost",
		"localhost:5000/a":          "localhost:5000",
		"ghcr.io/docker.io/a":       "ghcr.io",
		"docker.io.example:5000/a":  "docker.io.example:5000",
		"[::1]:5000/a":              "[::1]:5000:",
	} {
		addresses, err := EngineAddresses(Target{Repository: repository}, Target{Repository: repository + "/further"})
		require.NoError(t, err)
		assert.Equal(t, []string{want}, addresses, repository)
	}
	for _, repository := range []string{"docker.io.example/me/a", "mirror-docker.io/me/a"} {
		_, err := EngineAddresses(Target{Flag: "--base-repo", Repository: repository})
		require.ErrorContains(t, err, "--base-repo "+repository+": the engine would send the credentials")
	}
}

func TestAccessShowsItsPasswordToItsHostOnly(t *testing.T) {
	access := Access{Username: "me", Password: registrytest.Password, Host: "docker.io"}
	for at, shown := range map[string]bool{"index.docker.io": true, "registry-1.docker.io": true, "ghcr.io": false, "localhost": false} {
		registry, err := name.NewRegistry(at)
		require.NoError(t, err)
		got, err := access.Resolve(registry)
		require.NoError(t, err)
		assert.Equal(t, shown, got != authn.Anonymous, at)
	}
}
