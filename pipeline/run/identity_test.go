package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
	"dagger/eval-images/redact"
)

var (
	thisWrap  = &plan.Wrap{Commands: [][]string{{"pip", "install", "this"}}}
	otherWrap = &plan.Wrap{Commands: [][]string{{"pip", "install", "other"}}}
)

// Two commits that share their first seven digits, and two image names that give a tag the same
// custom part.
const (
	commit      = "43376f1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	otherCommit = "43376f1bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	genuine     = "swebench/sweb.eval.x86_64.django_1776_django-11099:latest"
	evil        = "evil/sweb.eval.x86_64.django_1776_django-11099:latest"
)

// identified returns a plan of one instance as a call makes it, with its official image.
func identified(sdk, dockerfile, official string) plan.Plan {
	instance := dataset.Instance{ID: "django__django-11099", Repo: "django", OfficialImage: official, Custom: "django-11099"}
	names := plan.Names{BuilderRepo: "r/builder", BaseRepo: "r/base", AgentRepo: "r/agent", Keys: plan.NewKeys(sdk, dockerfile)}
	return plan.NewPlan(names, []dataset.Instance{instance})
}

// made returns the images of the plan's one item, as a run makes them.
func made(planned plan.Plan) (builder, base, agent plan.Image) {
	item, digest := planned.Items[0], "@sha256:"+strings.Repeat("a", 64)
	builder = plan.Image{Phase: plan.PhaseBuilder, Identity: planned.Identity}
	base = plan.Image{Phase: plan.PhaseBase, Identity: item.Identity.Base(), Official: item.Instance.OfficialImage + digest}
	agent = plan.Image{Phase: plan.PhaseAssemble, Identity: item.Identity, Official: item.Instance.OfficialImage + digest, Base: item.Base + digest}
	return builder, base, agent
}

// holding returns a registry with the images of a plan.
func holding(planned plan.Plan) *fakeRegistry {
	builder, base, agent := made(planned)
	item := planned.Items[0]
	return &fakeRegistry{has: map[string]plan.Found{
		planned.Builder: plan.NewFound("sha256:builder", builder.Labels()),
		item.Base:       plan.NewFound("sha256:base", base.Labels()),
		item.Agent:      plan.NewFound("sha256:agent", agent.Labels()),
	}}
}

// TestOnlyThePlansImagesAreSkipped: all images exist, and one differs from the plan.
func TestOnlyThePlansImagesAreSkipped(t *testing.T) {
	planned := identified(commit, "FROM debian", genuine)
	agent, base := planned.Items[0].Agent, planned.Items[0].Base
	changed := func(of plan.Image, change map[string]string) plan.Found {
		labels := of.Labels()
		maps.Copy(labels, change)
		return plan.NewFound("sha256:from-before", labels)
	}
	builderImage, baseImage, agentImage := made(planned)
	stranger := holding(identified(commit, "FROM debian", evil)).has
	fork := holding(identified(otherCommit, "FROM debian", genuine)).has
	edited := holding(identified(commit, "FROM debian\nRUN true", genuine)).has
	wrapped := map[string]string{plan.LabelWrap: otherWrap.Key()}
	require.Contains(t, stranger, agent, "the names are equal")
	require.Contains(t, fork, agent)
	require.Contains(t, edited, planned.Builder)
	tests := map[string]struct {
		reference string
		has       plan.Found
		says      string // Empty: it is skipped.
		reason    redact.Field
	}{
		"an agent image on a stranger's official image": {agent, stranger[agent], "official image: registry has docker.io/evil/", ""},
		"a base image on a stranger's official image":   {base, stranger[base], "official image: registry has docker.io/evil/", ""},
		"an agent image of a fork's commit":             {agent, fork[agent], "SDK: registry has " + otherCommit, ""},
		"the builder of a fork's commit":                {planned.Builder, fork[planned.Builder], "SDK: registry has " + otherCommit, ""},
		"the builder of another Dockerfile":             {planned.Builder, edited[planned.Builder], "SDK's Dockerfile: registry has ", ""},
		"an agent image with another wrap":              {agent, changed(agentImage, wrapped), "wrap: registry has " + otherWrap.Key(), ""},
		"a base image with another wrap":                {base, changed(baseImage, wrapped), "wrap: registry has " + otherWrap.Key(), ""},
		"an agent image without labels":                 {agent, plan.NewFound("sha256:from-before", nil), "may be another image: it has no label for official image, SDK", manifest.SkipRemoteUnlabelled},
		"a base image without labels":                   {base, plan.NewFound("sha256:from-before", nil), "may be another image", manifest.SkipRemoteUnlabelled},
		"a builder without labels":                      {planned.Builder, plan.NewFound("sha256:from-before", nil), "may be another image", manifest.SkipRemoteUnlabelled},
		"an agent image with some labels":               {agent, changed(agentImage, map[string]string{plan.LabelDockerfile: ""}), "it has no label for SDK's Dockerfile", manifest.SkipRemoteUnlabelled},
		"the plan's agent image is skipped":             {agent, changed(agentImage, nil), "", manifest.SkipRemoteExists},
		"the plan's base image is skipped":              {base, changed(baseImage, nil), "", manifest.SkipRemoteExists},
		"the plan's builder is skipped":                 {planned.Builder, changed(builderImage, nil), "", manifest.SkipRemoteExists},
	}
	for name, test := range tests {
		for _, trusts := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, trust %t", name, trusts), func(t *testing.T) {
				registry := holding(planned)
				if test.reference == base {
					delete(registry.has, agent) // Else nobody looks at the base image.
				}
				registry.has[test.reference] = test.has
				before := maps.Clone(registry.has)
				runner := Runner{Publisher: registry, Registry: registry, TrustUnlabelled: trusts, Hosts: &throttle.Hosts{Retry: quick}}

				result, err := runner.Run(context.Background(), planned)

				record := find(result, test.reference, planned)
				if test.says == "" || trusts && test.reason != "" {
					require.NoError(t, err)
					assert.Equal(t, manifest.StatusSkipped, record.Status)
					assert.Equal(t, test.reason, record.SkipReason)
					if test.reason == manifest.SkipRemoteUnlabelled {
						assert.Contains(t, manifest.Summary(result), "skipped, `remote_image_unlabelled`: 1")
					}
					return
				}
				assert.Equal(t, manifest.StatusFailed, record.Status)
				assert.Contains(t, string(record.Error), test.says)
				assert.Contains(t, string(record.Error), "--force-build together with --instance-ids")
				assert.Equal(t, 1, record.AttemptCount, "to ask again is no use")
				assert.Equal(t, before, registry.has, "nothing is published over it")

				runner.Force = true
				result, err = runner.Run(context.Background(), planned)
				require.NoError(t, err)
				assert.Equal(t, manifest.StatusBuilt, find(result, test.reference, planned).Status)
				assert.EqualValues(t, "--force-build", find(result, test.reference, planned).RebuildReason)
				assert.NotEqual(t, test.has, registry.has[test.reference])
			})
		}
	}
}

// find returns the record of the image with this reference.
func find(result *manifest.Result, reference string, plan plan.Plan) manifest.Record {
	records := map[string][]manifest.Record{plan.Builder: result.Builders, plan.Items[0].Base: result.Bases, plan.Items[0].Agent: result.Images}
	if len(records[reference]) == 0 {
		return manifest.Record{}
	}
	return records[reference][0]
}

// TestTheNextRunSkipsTheImagesOfThisOne: each image carries the labels that the next run requires.
func TestTheNextRunSkipsTheImagesOfThisOne(t *testing.T) {
	plan := identified(commit, "FROM debian", genuine)
	registry := &fakeRegistry{}
	runner := Runner{Publisher: registry, Registry: registry}
	for _, want := range []manifest.Status{manifest.StatusBuilt, manifest.StatusSkipped} {
		result, err := runner.Run(context.Background(), plan)
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{want}, statuses(result.Images))
		assert.Empty(t, result.Images[0].RebuildReason)
	}
	delete(registry.has, plan.Items[0].Agent)
	result, err := runner.Run(context.Background(), plan)
	require.NoError(t, err)
	assert.Equal(t, []manifest.Status{manifest.StatusSkipped, manifest.StatusSkipped, manifest.StatusBuilt}, statuses([]manifest.Record{result.Builders[0], result.Bases[0], result.Images[0]}))
}

// TestAPinnedPlanComparesTheOfficialImagesDigest: without a pin the digest is unknown.
func TestAPinnedPlanComparesTheOfficialImagesDigest(t *testing.T) {
	a := "sha256:" + strings.Repeat("a", 64)
	for digest, want := range map[string]manifest.Status{a: manifest.StatusSkipped, "sha256:" + strings.Repeat("b", 64): manifest.StatusFailed} {
		planned := identified(commit, "FROM debian", genuine)
		registry := holding(planned)
		registry.has[genuine] = plan.Found{Digest: digest}
		runner := Runner{Publisher: registry, Registry: registry, Official: registry, Hosts: &throttle.Hosts{Retry: quick}}

		pinned, err := runner.Pin(context.Background(), planned)
		require.NoError(t, err)
		assert.Equal(t, planned.Identity, pinned.Identity)
		result, err := runner.Run(context.Background(), pinned)
		require.NoError(t, err)
		assert.Equal(t, want, result.Images[0].Status)
		if want == manifest.StatusFailed {
			assert.Contains(t, string(result.Images[0].Error), "official image's digest: registry has "+a+", plan has "+digest)
		}
		result, err = runner.Run(context.Background(), planned)
		require.NoError(t, err)
		assert.Equal(t, manifest.StatusSkipped, result.Images[0].Status, "it is not compared")
	}
}

// TestAnUnlabelledImageIsTaggedOnTrust: the record says that the image was trusted, even after it
// got one more tag.
func TestAnUnlabelledImageIsTaggedOnTrust(t *testing.T) {
	planned := identified(commit, "FROM debian", genuine)
	planned.Items[0].Tags = []string{"r/agent:nightly"}
	registry := holding(planned)
	registry.has[planned.Items[0].Agent] = plan.NewFound("sha256:x", nil)
	runner := Runner{Publisher: registry, Registry: registry, Tagger: registry, Hosts: &throttle.Hosts{Retry: quick}, TrustUnlabelled: true}

	result, err := runner.Run(context.Background(), planned)
	require.NoError(t, err)
	assert.Equal(t, planned.Items[0].References(), result.Images[0].Tags)
	assert.EqualValues(t, manifest.SkipRemoteUnlabelled, result.Images[0].SkipReason)
	assert.Equal(t, []string{"r/agent:nightly"}, registry.tagged)
}

// TestATagNeedsMoreThanAHead: tagging an image reads its manifest, so the run first compares what a
// head left open.
func TestATagNeedsMoreThanAHead(t *testing.T) {
	planned := identified(commit, "FROM debian", genuine)
	agent := planned.Items[0].Agent
	planned.Items[0].Tags = []string{"r/agent:nightly"}
	for name, test := range map[string]struct {
		has    plan.Found
		status manifest.Status
		reason redact.Field
		tagged []string
	}{
		"the plan's is tagged":    {holding(planned).has[agent], manifest.StatusSkipped, manifest.SkipRemoteExists, planned.Items[0].Tags},
		"one without labels, too": {plan.NewFound("sha256:x", nil), manifest.StatusSkipped, manifest.SkipRemoteUnlabelled, planned.Items[0].Tags},
		"another one is not":      {holding(identified(commit, "FROM debian", evil)).has[agent], manifest.StatusFailed, "", nil},
		"nor is that of a fork's": {holding(identified(otherCommit, "FROM debian", genuine)).has[agent], manifest.StatusFailed, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			registry := headsOnly{holding(planned)}
			registry.has[agent] = test.has
			runner := Runner{Publisher: registry, Registry: registry, Tagger: registry, Hosts: &throttle.Hosts{Retry: quick}, TrustUnlabelled: true}
			result, err := runner.Run(context.Background(), planned)
			require.NoError(t, err)
			record := result.Images[0]
			assert.Equal(t, test.status, record.Status)
			assert.Equal(t, test.reason, record.SkipReason)
			assert.Equal(t, test.tagged, registry.tagged)
			if test.status == manifest.StatusFailed {
				assert.Contains(t, string(record.Error), agent+" is taken by another image: ")
				assert.Empty(t, record.Tags)
			}
		})
	}
}

func TestCheckReportsOtherImagesOfThatName(t *testing.T) {
	planned := identified(commit, "FROM debian", genuine)
	agent := planned.Items[0].Agent
	for name, test := range map[string]struct {
		has    plan.Found
		trusts bool
		lacks  string // Empty: nothing is missing.
		advice []string
	}{
		"a stranger's":                      {holding(identified(commit, "FROM debian", evil)).has[agent], false, agent + " is taken by another image: official image: ", []string{plan.AdviceTaken}},
		"a stranger's, also in good faith":  {holding(identified(commit, "FROM debian", evil)).has[agent], true, agent + " is taken by another image: official image: ", []string{plan.AdviceTaken}},
		"one without labels":                {plan.NewFound("sha256:x", nil), false, agent + " may be another image: ", []string{plan.AdviceUnlabelled}},
		"one without labels, in good faith": {plan.NewFound("sha256:x", nil), true, "", nil},
		"the plan's":                        {holding(planned).has[agent], false, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			registry := holding(planned)
			registry.has[agent] = test.has
			lacks, err := Runner{Registry: registry, TrustUnlabelled: test.trusts}.Missing(context.Background(), planned)
			require.NoError(t, err)
			assert.Equal(t, test.advice, Advice(append(lacks, lacks...)), "each once")
			assert.Equal(t, []string{agent}, registry.asked)
			if test.lacks == "" {
				assert.Empty(t, lacks)
				return
			}
			require.Len(t, lacks, 1)
			assert.Contains(t, lacks[0].String(), "django__django-11099: "+test.lacks, "the advice needs the instance")
		})
	}
}

// headsOnly is a registry that returns only heads, unless it is asked by digest.
type headsOnly struct{ *fakeRegistry }

func (h headsOnly) Find(ctx context.Context, reference string) (plan.Found, error) {
	name, digest, byDigest := strings.Cut(reference, "@")
	found, err := h.fakeRegistry.Find(ctx, name)
	switch {
	case err != nil:
		return found, err
	case !byDigest:
		return plan.Found{Digest: found.Digest, HeadOnly: true}, nil
	case found.Digest != digest:
		return plan.Found{}, errors.New("it is asked for another one")
	}
	return found, nil
}

// TestWithTrustAHeadIsEnough: Docker Hub counts a manifest and does not count a head. The run reads
// only images with a wrap.
func TestWithTrustAHeadIsEnough(t *testing.T) {
	wrapped := identified(commit, "FROM debian", genuine)
	wrapped.Items[0].Wrap, wrapped.Items[0].Identity.Wrap = thisWrap, thisWrap.Key()
	for name, test := range map[string]struct {
		plan   plan.Plan
		trusts bool
		has    *fakeRegistry
		asked  int
		status manifest.Status
		reason redact.Field
	}{
		"who trusts asks once":                  {identified(commit, "FROM debian", genuine), true, nil, 1, manifest.StatusSkipped, manifest.SkipRemoteUnlabelled},
		"twice for what has a wrap":             {wrapped, true, nil, 2, manifest.StatusSkipped, manifest.SkipRemoteExists},
		"and finds out about another wrap":      {wrapped, true, holding(identified(commit, "FROM debian", genuine)), 2, manifest.StatusFailed, ""},
		"a head is nothing to go by for others": {identified(commit, "FROM debian", genuine), false, nil, 0, manifest.StatusFailed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if test.has == nil {
				test.has = holding(test.plan)
			}
			registry := headsOnly{test.has}
			result, err := Runner{Publisher: registry, Registry: registry, TrustUnlabelled: test.trusts}.Run(context.Background(), test.plan)
			assert.Equal(t, test.asked == 0, err != nil, "the builder is the first that is asked for")
			assert.Equal(t, test.status, result.Images[0].Status)
			assert.Equal(t, test.reason, result.Images[0].SkipReason)
			asked := 0
			for _, reference := range registry.asked {
				if reference == test.plan.Items[0].Agent {
					asked++
				}
			}
			assert.Equal(t, test.asked, asked)
		})
	}
}
