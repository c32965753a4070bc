package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAPasswordForSeveralHosts is refused before anybody has seen it, be it that a repository was
// forgotten.
func TestAPasswordForSeveralHosts(t *testing.T) {
	t.Parallel()
	f, proxy := proxiedFleet(t, hostRegistry, 1)
	login := []string{"--registry-username", "me", "--registry-password", secret(t, canary)}
	own := func(flag string) []string { return []string{flag, f.registry + "/" + f.prefix + "/own"} }
	for name, test := range map[string]struct {
		repositories []string
		function     []string
		says         []string
	}{
		"assemble-all, with two repositories of the defaults": {
			own("--agent-repo"), []string{"assemble-all", "--publish"},
			[]string{"--agent-repo " + f.registry, "ghcr.io/openhands/eval-base (at ghcr.io, the default)", "→ Set --builder-repo and --base-repo"},
		},
		"assemble-all, without --publish": {own("--agent-repo"), []string{"assemble-all"}, []string{"→ Set --builder-repo and --base-repo"}},
		"check, which was not told the agent images' repository": {
			own("--base-repo"), []string{"check"}, []string{"--agent-repo ghcr.io/openhands/eval-agent-server (at ghcr.io, the default)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			proxy.Script()
			args := append([]string{"--silent", "--sdk", f.sdk, "--dataset-file", f.dataset}, test.repositories...)
			args = append(append(args, login...), test.function...)
			if test.function[0] == "assemble-all" {
				args = append(args, "total")
			}
			call := callModule(t, args...)
			message := call.message(t)
			for _, text := range test.says {
				assert.Contains(t, message, text)
			}
			assertOneLine(t, message)
			assert.NotContains(t, call.stderr, canary)
			assert.Empty(t, proxy.Requests(), "nobody was asked anything")
		})
	}
}

// TestOfficialImagesByDigest: rows and templates may name one, with or without a tag. It has no
// second digest then.
func TestOfficialImagesByDigest(t *testing.T) {
	eachPublisher(t, func(t *testing.T, publisher string, _ int) {
		f, _ := faultyFleet(t, 2)
		var rows []string
		official := map[string]string{}
		for i, id := range f.all {
			name, tag, _ := strings.Cut(strings.TrimPrefix(f.official(id), f.registry), ":")
			official[id] = f.registry + name + []string{"", ":" + tag}[i] + "@" + digest(t, f.official(id))
			rows = append(rows, fmt.Sprintf(`{"instance_id":%q,"image":%q}`, id, official[id]))
		}
		f.template = "" // The rows name the images.
		f.dataset = written(t, "dataset.jsonl", strings.Join(rows, "\n"))
		plan := f.call(t, "plan", "--pin", "table").succeeds(t)
		for id, named := range official {
			assert.Contains(t, plan, id+"  official  "+named+"\n")
		}
		dir := f.run(t, "--publisher", publisher)
		for _, file := range []string{"manifest.jsonl", "base-manifest.jsonl"} {
			for _, made := range records(t, dir, file) {
				if made.Error != nil {
					t.Log(*made.Error)
				}
				require.Equal(t, "built", made.Status)
				assert.Equal(t, official[made.InstanceID], made.BaseImage)
				_, asked, _ := strings.Cut(official[made.InstanceID], "@")
				assert.Equal(t, asked, made.OfficialDigest, file)
			}
		}
	})
}

// TestFunctionsOfOneOfficialImageByDigest: base and assemble are told by a template.
func TestFunctionsOfOneOfficialImageByDigest(t *testing.T) {
	t.Parallel()
	f := fleetOf(t, task(1))
	f.push(t, task(1))
	f.template = strings.Replace(f.official(task(1)), task(1), "{instance_id}", 1) + "@" + digest(t, f.official(task(1)))
	for _, function := range []string{"base", "assemble"} {
		callModule(t, f.args(function, "--instance-id", task(1), "sync")...).succeeds(t)
	}
}
