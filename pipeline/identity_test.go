package pipeline

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	thisWrap  = &Wrap{Commands: [][]string{{"pip", "install", "this"}}}
	otherWrap = &Wrap{Commands: [][]string{{"pip", "install", "other"}}}
)

func TestWrapKeyChangesWithTheCommandsOnly(t *testing.T) {
	key := func(commands ...[]string) string { return (&Wrap{Commands: commands}).key() }
	one := key([]string{"pip", "install", "a"}, []string{"pip", "install", "b"})
	assert.Regexp(t, `^[0-9a-f]{64}$`, one, "the whole hash: nothing has to be short")
	for name, other := range map[string]string{
		"another word":           key([]string{"pip", "install", "a"}, []string{"pip", "install", "c"}),
		"words run together":     key([]string{"pip", "install a"}, []string{"pip", "install", "b"}),
		"commands run together":  key([]string{"pip", "install", "a", "pip", "install", "b"}),
		"commands in turn":       key([]string{"pip", "install", "b"}, []string{"pip", "install", "a"}),
		"a command less":         key([]string{"pip", "install", "a"}),
		"no wrap at all":         (*Wrap)(nil).key(),
		"a wrap of no commands":  key(),
		"one without any words":  key(nil),
		"one that ends in blank": key([]string{"pip", "install", "a"}, []string{"pip", "install", "b"}, nil),
	} {
		assert.NotEqual(t, one, other, name)
	}
	assert.Equal(t, thisWrap.key(), (&Wrap{Repos: []string{"x"}, Commands: thisWrap.Commands}).key(), "for whom it is does not count")
}

// TestSphinxIsWrappedAsTheOriginDoes:
// https://github.com/OpenHands/benchmarks/blob/4e5469e0/benchmarks/swebench/Dockerfile.swebench-deps
func TestSphinxIsWrappedAsTheOriginDoes(t *testing.T) {
	var pythons []string
	for _, command := range WrapOf(sphinx).Commands {
		pythons = append(pythons, command[0])
		assert.Equal(t, []string{"-m", "pip", "install", "--no-deps", "--force-reinstall", "docutils<0.21", "roman"}, command[1:])
	}
	assert.Equal(t, []string{"/opt/miniconda3/envs/testbed/bin/python", "/opt/miniconda3/bin/python"}, pythons)
	assert.Nil(t, WrapOf(django))
}

// TestLabelsTellTheWrap: those of each kind of image with a wrap and without.
func TestLabelsTellTheWrap(t *testing.T) {
	for _, phase := range []Phase{PhaseBase, PhaseAssemble} {
		wrapped, plain := Image{Phase: phase, Wrap: thisWrap}.Labels(""), Image{Phase: phase}.Labels("")
		assert.Equal(t, thisWrap.key(), wrapped[LabelWrap])
		assert.Equal(t, "none", plain[LabelWrap], "that an image has none is said: its official image may bring a label along")
		for _, labels := range []map[string]string{wrapped, plain} {
			found := NewFound("sha256:d", labels)
			assert.Equal(t, labels[LabelWrap] != "none", found.Identity.Wrap != "")
		}
	}
	assert.NotContains(t, Image{Phase: PhaseBuilder}.Labels(""), LabelWrap)
}

func TestMismatch(t *testing.T) {
	this, other := thisWrap.key(), otherWrap.key()
	tests := map[string]struct {
		label, want string
		reason      string
	}{
		"the same wrap is fine":                             {this, this, ""},
		"none where there is to be none is fine":            {"none", "", ""},
		"and so is an image that says nothing":              {"", "", ""},
		"a changed wrap":                                    {other, this, "the registry's image has wrap " + other[:7] + "; expected wrap " + this[:7]},
		"an unwrapped image":                                {"none", this, "the registry's image has no wrap; expected wrap " + this[:7]},
		"somebody else's image, which says nothing":         {"", this, "the registry's image has no wrap; expected wrap " + this[:7]},
		"a wrapped image where there is to be none":         {this, "", "the registry's image has wrap " + this[:7] + "; expected no wrap"},
		"the beginning of the key is not the key":           {this[:7], this, "the registry's image has wrap unknown; expected wrap " + this[:7]},
		"what nobody but a stranger writes is not repeated": {"\x1b[2J" + strings.Repeat("x", 9000), "", "the registry's image has wrap unknown; expected no wrap"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			found := NewFound("sha256:d", map[string]string{LabelWrap: test.label})
			assert.Equal(t, test.reason, Identity{Wrap: test.want}.mismatch(found.Identity))
		})
	}
}

// there is an image in the registry with this wrap.
func there(digest string, wrap *Wrap) Found {
	return Found{Digest: digest, Identity: Identity{Wrap: wrap.key()}}
}

// TestOnlyTheImageThatThePlanWantsIsSkipped: i0 is to be wrapped, and i1 is not.
func TestOnlyTheImageThatThePlanWantsIsSkipped(t *testing.T) {
	const noWrapThere, otherThere, wrapThere = "has no wrap; expected wrap ", "; expected wrap ", "; expected no wrap"
	agent, base := func(r *Result) []Record { return r.Images }, func(r *Result) []Record { return r.Bases }
	tests := map[string]struct {
		item      int
		reference string
		has       *Wrap
		of        func(*Result) []Record
		status    Status
		because   string // a part of the reason; empty: there is none
	}{
		"an agent image with the right wrap is skipped":      {0, "r/agent:i0", thisWrap, agent, StatusSkipped, ""},
		"one with a changed wrap is made anew":               {0, "r/agent:i0", otherWrap, agent, StatusBuilt, otherThere},
		"an unwrapped one, of somebody else's, is made anew": {0, "r/agent:i0", nil, agent, StatusBuilt, noWrapThere},
		"a base image with the right wrap is skipped":        {0, "r/base:i0", thisWrap, base, StatusSkipped, ""},
		"one with a changed wrap, too":                       {0, "r/base:i0", otherWrap, base, StatusBuilt, otherThere},
		"an unwrapped one, too":                              {0, "r/base:i0", nil, base, StatusBuilt, noWrapThere},
		"an agent image without a wrap is skipped":           {1, "r/agent:i1", nil, agent, StatusSkipped, ""},
		"one that has a wrap is made anew":                   {1, "r/agent:i1", thisWrap, agent, StatusBuilt, wrapThere},
		"a base image without a wrap is skipped":             {1, "r/base:i1", nil, base, StatusSkipped, ""},
		"one that has a wrap, too":                           {1, "r/base:i1", thisWrap, base, StatusBuilt, wrapThere},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			registry := &fakeRegistry{has: map[string]Found{test.reference: there("sha256:from-before", test.has)}}
			plan := planOf(2)
			plan.Items[0].Wrap = thisWrap
			result, err := Runner{Publisher: registry, Registry: registry}.Run(context.Background(), plan)
			require.NoError(t, err)
			record := test.of(result)[test.item]
			assert.Equal(t, test.status, record.Status)
			assert.Equal(t, test.status == StatusBuilt, registry.has[test.reference].Digest != "sha256:from-before")
			if test.because == "" {
				assert.Empty(t, record.RebuildReason)
			} else {
				assert.Contains(t, string(record.RebuildReason), test.because)
				assert.Contains(t, Summary(result), record.RebuildReason)
			}
			for _, records := range [][]Record{result.Images, result.Bases} {
				for _, other := range records {
					if other.Name() != record.Name() {
						assert.Empty(t, other.RebuildReason, "%s: it was not there", other.Name())
					}
				}
			}
		})
	}
}

// TestAFurtherTagOfAnImageThatIsMadeAnewIsMadeAnew: under all its references an image is one.
func TestAFurtherTagOfAnImageThatIsMadeAnewIsMadeAnew(t *testing.T) {
	old := there("sha256:from-before", nil)
	registry := &fakeRegistry{has: map[string]Found{"r/agent:i0": old, "r/agent:nightly-i0": old}}
	plan := planOf(1)
	plan.Items[0].Wrap, plan.Items[0].Tags = thisWrap, []string{"r/agent:nightly-i0"}
	runner := Runner{Publisher: registry, Registry: registry}

	missing, err := runner.Missing(context.Background(), plan)
	require.NoError(t, err)
	require.Len(t, missing, 2, "for check, too")
	assert.Regexp(t, `^r/agent:i0: .* has no wrap; expected wrap `, missing[0])
	assert.Equal(t, "r/agent:nightly-i0", missing[1])

	result, err := runner.Run(context.Background(), plan)
	require.NoError(t, err)
	assert.Equal(t, []string{"r/agent:i0", "r/agent:nightly-i0"}, result.Images[0].Tags)
	for _, reference := range result.Images[0].Tags {
		assert.NotEqual(t, old.Digest, registry.has[reference].Digest)
	}
}

// headsOnly is a registry that gives no more than heads, unless it is asked by digest.
type headsOnly struct{ *fakeRegistry }

func (h headsOnly) Find(ctx context.Context, reference string) (Found, error) {
	name, digest, byDigest := strings.Cut(reference, "@")
	found, err := h.fakeRegistry.Find(ctx, name)
	switch {
	case err != nil:
		return found, err
	case !byDigest:
		return Found{Digest: found.Digest, HeadOnly: true}, nil
	case found.Digest != digest:
		return Found{}, errors.New("it is asked for another one")
	}
	return found, nil
}

// TestAHeadIsEnoughForWhatHasNoWrap: at Docker Hub a manifest counts and a head does not.
func TestAHeadIsEnoughForWhatHasNoWrap(t *testing.T) {
	registry := headsOnly{&fakeRegistry{has: map[string]Found{
		"r/agent:i0": there("sha256:0", thisWrap), "r/agent:i1": there("sha256:1", nil), "r/agent:i2": there("sha256:2", otherWrap),
	}}}
	plan := planOf(4)
	plan.Items[0].Wrap, plan.Items[2].Wrap, plan.Items[3].Wrap = thisWrap, thisWrap, thisWrap
	result, err := Runner{Publisher: registry, Registry: registry}.Run(context.Background(), plan)
	require.NoError(t, err)
	assert.Equal(t, []Status{StatusSkipped, StatusSkipped, StatusBuilt, StatusBuilt}, statuses(result.Images))
	asked := map[string]int{}
	for _, reference := range registry.asked {
		asked[reference]++
	}
	assert.Equal(t, map[string]int{
		"r/builder:b": 1, "r/base:i0": 1, // The preflight.
		"r/agent:i0": 2, "r/agent:i1": 1, "r/agent:i2": 2, "r/agent:i3": 1, "r/base:i2": 1, "r/base:i3": 1,
	}, asked, "what has a wrap and is there is asked for twice, and all else once")
}

// TestFoundLabelsAreAllThatIsTold: who asks for single labels asks for those.
func TestFoundLabelsAreAllThatIsTold(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	labels := Image{Phase: PhaseAssemble, Wrap: thisWrap, Base: "b@" + digest, Official: "o@" + digest}.Labels("sdk")
	asked := map[string]string{}
	for _, name := range FoundLabels {
		require.NotEmpty(t, labels[name], name)
		asked[name] = labels[name]
	}
	assert.Equal(t, NewFound(digest, labels), NewFound(digest, asked))
	assert.Equal(t, Found{Digest: digest, BaseDigest: digest, OfficialDigest: digest, Identity: Identity{Wrap: thisWrap.key()}}, NewFound(digest, asked))
}
