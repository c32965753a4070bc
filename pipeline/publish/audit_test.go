package publish

import (
	"net/http"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// recipeMade is an image with a layer of these entries on top, and a variable of the recipe's.
func recipeMade(t *testing.T, on v1.Image, variable string, entries ...registrytest.Entry) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(on, registrytest.ArchiveLayer(t, entries...))
	require.NoError(t, err)
	return registrytest.Configured(t, img, func(config *v1.ConfigFile) { config.Config.Env = []string{variable} })
}

func TestAnAuditComparesFilesAndConfig(t *testing.T) {
	git, log := registrytest.Entry{Path: "usr/bin/git", Mode: 0o755, Text: "1"}, registrytest.Entry{Path: "var/log/dpkg.log", Mode: 0o644, Text: "Monday"}
	changed := func(entry registrytest.Entry, text string) registrytest.Entry { entry.Text = text; return entry }
	for name, test := range map[string]struct {
		variable   string
		entries    []registrytest.Entry
		difference string
	}{
		"the same":             {"A=1", []registrytest.Entry{git, log}, ""},
		"the same in an order": {"A=1", []registrytest.Entry{log, git}, ""},
		"another time in logs": {"A=1", []registrytest.Entry{git, changed(log, "Tuesday")}, ""},
		"another file":         {"A=1", []registrytest.Entry{changed(git, "2"), log}, "usr/bin/git has another content"},
		"another variable":     {"A=2", []registrytest.Entry{git, log}, "the config has another Env"},
		"many files": {
			"A=1", []registrytest.Entry{log, {Path: "a"}, {Path: "b"}, {Path: "c\x1b[2J"}, {Path: "d"}},
			`a is changed by the recipe only; b is changed by the recipe only; c[2J is changed by the recipe only; and 2 more`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newEvidenceBed(t)
			one, two := unpackable(t, b.system, "testbed/", "testbed/one"), unpackable(t, b.system, "testbed/", "testbed/two")
			b.Push(t, "official:two", two)
			b.Push(t, "base:one", recipeMade(t, one, "A=1", git, log))
			image := b.image("two")
			base := recipeMade(t, two, test.variable, test.entries...)
			b.Push(t, "base:two", registrytest.Configured(t, base, func(config *v1.ConfigFile) { config.Config.Labels = image.Labels() }))

			difference, err := NewAuditor(b.publisher.Sharing).Difference(ctx, image, b.Reference("base:two"))

			require.NoError(t, err)
			assert.Equal(t, test.difference, difference)
		})
	}
}

// TestAnAuditRefusesWhatSharingRefuses: such an image proves nothing about its key.
func TestAnAuditRefusesWhatSharingRefuses(t *testing.T) {
	b := newEvidenceBed(t)
	auditor := NewAuditor(b.publisher.Sharing)
	b.Push(t, "official:two", unpackable(t, b.system, "testbed/", "testbed/two"))
	refused, err := auditor.Refused(ctx, b.image("two"))
	require.NoError(t, err)
	assert.Empty(t, refused)

	b.Push(t, "official:system", unpackable(t, b.system, "usr/", "usr/bin/", "usr/bin/apt-get"))
	refused, err = auditor.Refused(ctx, b.image("system"))
	require.NoError(t, err)
	assert.Equal(t, "the images stand on different layers", refused)

	_, err = auditor.Refused(ctx, b.image("absent"))
	require.Error(t, err)
}

// TestAnAuditThatCannotReadFails: whoever asks takes that for a difference.
func TestAnAuditThatCannotReadFails(t *testing.T) {
	b := newEvidenceBed(t)
	two := unpackable(t, b.system, "testbed/", "testbed/two")
	b.Push(t, "official:two", two)
	base := b.Push(t, "base:two", registrytest.Configured(t, unpackable(t, two, "usr/", "usr/bin/", "usr/bin/other"), func(config *v1.ConfigFile) {
		config.Config.Labels = b.image("two").Labels()
	}))
	layers, err := base.Layers()
	require.NoError(t, err)
	digest, err := layers[len(layers)-1].Digest()
	require.NoError(t, err)
	auditor := NewAuditor(b.publisher.Sharing)
	for name, test := range map[string]struct {
		fault registrytest.Fault
		says  string
	}{
		"of another layer":        {registrytest.Answer(http.StatusOK, ""), "the registry gives another layer than the manifest names"},
		"of what is no archive":   {registrytest.Answer(http.StatusOK, "no archive"), "reading the layer: unexpected EOF"},
		"of nothing at all":       {registrytest.Answer(http.StatusNotFound, ""), "404"},
		"of a registry's trouble": {registrytest.Answer(http.StatusBadGateway, ""), "502"},
	} {
		t.Run(name, func(t *testing.T) {
			b.Proxy.Script(registrytest.Rule{Method: http.MethodGet, Path: "/blobs/" + digest.String(), Fault: test.fault})
			_, err := auditor.Difference(ctx, b.image("two"), b.Reference("base:two"))
			assert.ErrorContains(t, err, test.says)
		})
	}
	b.Proxy.Script()
	_, err = auditor.Difference(ctx, b.image("two"), b.Reference("base:absent"))
	require.Error(t, err)
	difference, err := auditor.Difference(ctx, b.image("two"), b.Reference("base:two"))
	require.NoError(t, err)
	assert.Equal(t, "usr/bin/git is changed by the shared layers only; usr/bin/other is changed by the recipe only", difference)
}
