package pipeline

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

// Two commits whose first seven digits are the same, and the two names of images that give a tag the same custom part.
const (
	commit      = "43376f1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	otherCommit = "43376f1bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	genuine     = "swebench/sweb.eval.x86_64.django_1776_django-11099:latest"
	evil        = "evil/sweb.eval.x86_64.django_1776_django-11099:latest"
)

// identified is a plan of one instance as a call makes it, with its official image.
func identified(sdk, dockerfile, official string) Plan {
	instance := dataset.Instance{ID: "django__django-11099", Repo: "django", OfficialImage: official, Custom: "django-11099"}
	names := Names{BuilderRepo: "r/builder", BaseRepo: "r/base", AgentRepo: "r/agent", Keys: NewKeys(sdk, dockerfile)}
	return NewPlan(names, []dataset.Instance{instance})
}

// made are the images of the plan's one item, as a run makes them.
func made(plan Plan) (builder, base, agent Image) {
	item, digest := plan.Items[0], "@sha256:"+strings.Repeat("a", 64)
	builder = Image{Phase: PhaseBuilder, Identity: plan.Identity}
	base = Image{Phase: PhaseBase, Identity: item.Identity.Base(), Official: item.Instance.OfficialImage + digest}
	agent = Image{Phase: PhaseAssemble, Identity: item.Identity, Official: item.Instance.OfficialImage + digest, Base: item.Base + digest}
	return builder, base, agent
}

// holding is a registry with the images of a plan.
func holding(plan Plan) *fakeRegistry {
	builder, base, agent := made(plan)
	item := plan.Items[0]
	return &fakeRegistry{has: map[string]Found{
		plan.Builder: NewFound("sha256:builder", builder.Labels()),
		item.Base:    NewFound("sha256:base", base.Labels()),
		item.Agent:   NewFound("sha256:agent", agent.Labels()),
	}}
}

func TestLabelsCarryTheWholeIdentity(t *testing.T) {
	builder, base, agent := made(identified("sha256:"+strings.Repeat("5", 64), "FROM debian", genuine))
	a, recipe := "sha256:"+strings.Repeat("a", 64), hashOf([]byte("FROM debian"))
	of := map[string]string{LabelRevision: "sha256:" + strings.Repeat("5", 64), LabelDockerfile: recipe, LabelPlatform: "linux/amd64"}
	assert.Equal(t, of, builder.Labels())

	on := map[string]string{
		LabelOfficialName: "docker.io/" + genuine, LabelOfficialDigest: a, LabelDockerfile: recipe, LabelWrap: "none",
		LabelPlatform: "linux/amd64", LabelBaseName: genuine, LabelBaseDigest: a,
	}
	assert.Equal(t, on, base.Labels())

	maps.Copy(on, of)
	on[LabelBaseName] = base.Reference + "r/base:" + short(recipe) + "-django-11099"
	on[LabelAssembly] = DefaultAssembly.hash()
	assert.Equal(t, on, agent.Labels())
	assert.Regexp(t, `^[0-9a-f]{64}$`, on[LabelAssembly])

	t.Run("a wrap is in them", func(t *testing.T) {
		instance := sphinx
		instance.OfficialImage = genuine
		_, base, agent := made(NewPlan(Names{}, []dataset.Instance{instance}))
		assert.Equal(t, WrapOf(sphinx).key(), base.Labels()[LabelWrap])
		assert.Equal(t, WrapOf(sphinx).key(), agent.Labels()[LabelWrap])
	})
	t.Run("what is not known is left out, and hides no label of the image below", func(t *testing.T) {
		base.Official, agent.Official, agent.Base = genuine, genuine, ""
		for _, labels := range []map[string]string{base.Labels(), agent.Labels(), Image{Phase: PhaseAssemble}.Labels()} {
			assert.NotContains(t, labels, LabelOfficialDigest)
			for label, value := range labels {
				assert.NotEmpty(t, value, label)
			}
		}
	})
}

// TestFoundLabelsAreAllThatIsTold: who asks for single labels asks for those.
func TestFoundLabelsAreAllThatIsTold(t *testing.T) {
	plan := identified(commit, "FROM debian", genuine)
	builder, base, agent := made(plan)
	for _, image := range []Image{builder, base, agent} {
		labels, asked := image.Labels(), map[string]string{}
		for _, name := range FoundLabels {
			asked[name] = labels[name]
		}
		found := NewFound("sha256:d", asked)
		assert.Equal(t, NewFound("sha256:d", labels), found)
		assert.Equal(t, image.made(), found.Identity, "what is written is what is read")
	}
}

func TestCheckComparesWhatThePlanKnows(t *testing.T) {
	plan := identified(commit, "FROM debian", genuine)
	_, _, agent := made(plan)
	other := strings.Repeat("0", 64)
	labelled := func(change map[string]string) map[string]string {
		labels := agent.Labels()
		for label, value := range change {
			labels[label] = value
		}
		return labels
	}
	tests := map[string]struct {
		found map[string]string
		err   string
	}{
		"the plan's own image is fine":                       {labelled(nil), ""},
		"a digest that the plan does not know is fine":       {labelled(map[string]string{LabelOfficialDigest: "sha256:" + other}), ""},
		"labels that are none of ours are of no concern":     {labelled(map[string]string{"maintainer": "evil"}), ""},
		"the official image's name may be short":             {labelled(map[string]string{LabelOfficialName: genuine}), ""},
		"an image from another repository":                   {labelled(map[string]string{LabelOfficialName: "docker.io/" + evil}), "r:x is taken by another image: official image: registry has docker.io/" + evil + ", plan has docker.io/" + genuine},
		"another commit with the same seven digits":          {labelled(map[string]string{LabelRevision: otherCommit}), "r:x is taken by another image: SDK: registry has " + otherCommit + ", plan has " + commit},
		"the beginning of the commit":                        {labelled(map[string]string{LabelRevision: commit[:7]}), "r:x is taken by another image: SDK: registry has 43376f1, plan has " + commit},
		"another Dockerfile":                                 {labelled(map[string]string{LabelDockerfile: other}), "r:x is taken by another image: SDK's Dockerfile: registry has " + other + ", plan has " + agent.Identity.Dockerfile},
		"a wrap where there is to be none":                   {labelled(map[string]string{LabelWrap: other}), "r:x is taken by another image: wrap: registry has " + other + ", plan has none"},
		"another assembly":                                   {labelled(map[string]string{LabelAssembly: other}), "r:x is taken by another image: assembly: registry has " + other + ", plan has " + agent.Identity.Assembly},
		"another platform":                                   {labelled(map[string]string{LabelPlatform: "linux/arm64"}), "r:x is taken by another image: platform: registry has linux/arm64, plan has linux/amd64"},
		"two parts are both named":                           {labelled(map[string]string{LabelWrap: "x", LabelPlatform: "y"}), "r:x is taken by another image: wrap: registry has x, plan has none; platform: registry has y, plan has linux/amd64"},
		"one that differs counts for more than one missing":  {labelled(map[string]string{LabelWrap: "x", LabelPlatform: ""}), "r:x is taken by another image: wrap: registry has x, plan has none"},
		"one that is missing":                                {labelled(map[string]string{LabelDockerfile: ""}), "r:x may be another image: it has no label for SDK's Dockerfile"},
		"somebody else's image, without any label":           {nil, "r:x may be another image: it has no label for official image, SDK, SDK's Dockerfile, wrap, assembly, platform"},
		"what moves a cursor is quoted":                      {labelled(map[string]string{LabelWrap: "\x1b[2J\u202e"}), `r:x is taken by another image: wrap: registry has "\x1b[2J\u202e", plan has none`},
		"what looks alike is told apart":                     {labelled(map[string]string{LabelOfficialName: "docker.io/sw\u0435bench/x"}), `r:x is taken by another image: official image: registry has "docker.io/sw\u0435bench/x", plan has docker.io/` + genuine},
		"a name that only looks like a reference is no name": {labelled(map[string]string{LabelOfficialName: " " + genuine}), "r:x is taken by another image: official image: registry has  " + genuine + ", plan has docker.io/" + genuine},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := agent.Identity.Check("r:x", NewFound("sha256:d", test.found).Identity)
			if test.err == "" {
				assert.NoError(t, err)
				return
			}
			require.EqualError(t, err, test.err)
			assert.Equal(t, KindPermanent, CauseOf(err).Kind)
			assert.Contains(t, CauseOf(err).Advice, "--force-build together with --instance-ids")
		})
	}
	t.Run("megabytes of labels make a short error", func(t *testing.T) {
		labels := map[string]string{}
		for _, label := range FoundLabels {
			labels[label] = strings.Repeat("\u202e", 1<<20)
		}
		err := agent.Identity.Check("r:x", NewFound("sha256:d", labels).Identity)
		require.Error(t, err)
		assert.Less(t, len(err.Error()), 8<<10)
		assert.NotContains(t, err.Error(), "\u202e")
	})
	t.Run("a digest that the plan has is compared", func(t *testing.T) {
		item := plan.Items[0]
		item.OfficialDigest = "sha256:" + other
		err := item.identity().Check("r:x", NewFound("sha256:d", agent.Labels()).Identity)
		require.ErrorContains(t, err, "official image's digest: registry has sha256:aaaa")
		require.ErrorContains(t, err, "plan has sha256:0000")
		byDigest := identified(commit, "FROM debian", genuine+"@sha256:"+other).Items[0]
		require.ErrorContains(t, byDigest.identity().Check("r:x", NewFound("sha256:d", agent.Labels()).Identity), "plan has sha256:0000")
	})
}

// TestOfficialNamesAreThoseThatDockerReads, by the rule of
// https://github.com/distribution/reference/blob/v0.6.0/normalize.go
func TestOfficialNamesAreThoseThatDockerReads(t *testing.T) {
	for short, full := range map[string]string{
		"debian":                                    "docker.io/library/debian:latest",
		"docker.io/library/debian:latest":           "docker.io/library/debian:latest",
		"index.docker.io/library/debian":            "docker.io/library/debian:latest",
		"me/x:v1":                                   "docker.io/me/x:v1",
		"ghcr.io/me/x":                              "ghcr.io/me/x:latest",
		"localhost:5000/me/x":                       "localhost:5000/me/x:latest",
		"localhost/me/x":                            "localhost/me/x:latest",
		"me/x@sha256:" + strings.Repeat("a", 64):    "docker.io/me/x:latest",
		"me/x:v1@sha256:" + strings.Repeat("a", 64): "docker.io/me/x:v1",
	} {
		assert.Equal(t, full, identified(commit, "", short).Items[0].Identity.Official, short)
	}
}

// TestOnlyWhatThePlanWantsIsSkipped: everything is there, and one image is not what the plan wants.
func TestOnlyWhatThePlanWantsIsSkipped(t *testing.T) {
	plan := identified(commit, "FROM debian", genuine)
	agent, base := plan.Items[0].Agent, plan.Items[0].Base
	changed := func(of Image, change map[string]string) Found {
		labels := of.Labels()
		maps.Copy(labels, change)
		return NewFound("sha256:from-before", labels)
	}
	builderImage, baseImage, agentImage := made(plan)
	stranger := holding(identified(commit, "FROM debian", evil)).has
	fork := holding(identified(otherCommit, "FROM debian", genuine)).has
	edited := holding(identified(commit, "FROM debian\nRUN true", genuine)).has
	wrapped := map[string]string{LabelWrap: otherWrap.key()}
	require.Contains(t, stranger, agent, "the names are equal")
	require.Contains(t, fork, agent)
	require.Contains(t, edited, plan.Builder)
	tests := map[string]struct {
		reference string
		has       Found
		says      string // Empty: it is skipped.
		reason    text
	}{
		"an agent image on a stranger's official image": {agent, stranger[agent], "official image: registry has docker.io/evil/", ""},
		"a base image on a stranger's official image":   {base, stranger[base], "official image: registry has docker.io/evil/", ""},
		"an agent image of a fork's commit":             {agent, fork[agent], "SDK: registry has " + otherCommit, ""},
		"the builder of a fork's commit":                {plan.Builder, fork[plan.Builder], "SDK: registry has " + otherCommit, ""},
		"the builder of another Dockerfile":             {plan.Builder, edited[plan.Builder], "SDK's Dockerfile: registry has ", ""},
		"an agent image with another wrap":              {agent, changed(agentImage, wrapped), "wrap: registry has " + otherWrap.key(), ""},
		"a base image with another wrap":                {base, changed(baseImage, wrapped), "wrap: registry has " + otherWrap.key(), ""},
		"an agent image without labels":                 {agent, NewFound("sha256:from-before", nil), "may be another image: it has no label for official image, SDK", SkipRemoteUnlabelled},
		"a base image without labels":                   {base, NewFound("sha256:from-before", nil), "may be another image", SkipRemoteUnlabelled},
		"a builder without labels":                      {plan.Builder, NewFound("sha256:from-before", nil), "may be another image", SkipRemoteUnlabelled},
		"an agent image with some labels":               {agent, changed(agentImage, map[string]string{LabelDockerfile: ""}), "it has no label for SDK's Dockerfile", SkipRemoteUnlabelled},
		"the plan's agent image is skipped":             {agent, changed(agentImage, nil), "", SkipRemoteExists},
		"the plan's base image is skipped":              {base, changed(baseImage, nil), "", SkipRemoteExists},
		"the plan's builder is skipped":                 {plan.Builder, changed(builderImage, nil), "", SkipRemoteExists},
	}
	for name, test := range tests {
		for _, trusts := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, trust %t", name, trusts), func(t *testing.T) {
				registry := holding(plan)
				if test.reference == base {
					delete(registry.has, agent) // Else nobody looks at the base image.
				}
				registry.has[test.reference] = test.has
				before := maps.Clone(registry.has)
				runner := Runner{Publisher: registry, Registry: registry, TrustUnlabelled: trusts, Retry: quick}

				result, err := runner.Run(context.Background(), plan)

				record := find(result, test.reference, plan)
				if test.says == "" || trusts && test.reason != "" {
					require.NoError(t, err)
					assert.Equal(t, StatusSkipped, record.Status)
					assert.Equal(t, test.reason, record.SkipReason)
					if test.reason == SkipRemoteUnlabelled {
						assert.Contains(t, Summary(result), "skipped, `remote_image_unlabelled`: 1")
					}
					return
				}
				assert.Equal(t, StatusFailed, record.Status)
				assert.Contains(t, string(record.Error), test.says)
				assert.Contains(t, string(record.Error), "--force-build together with --instance-ids")
				assert.Equal(t, 1, record.AttemptCount, "to ask again is no use")
				assert.Equal(t, before, registry.has, "nothing is published over it")

				runner.Force = true
				result, err = runner.Run(context.Background(), plan)
				require.NoError(t, err)
				assert.Equal(t, StatusBuilt, find(result, test.reference, plan).Status)
				assert.EqualValues(t, "--force-build", find(result, test.reference, plan).RebuildReason)
				assert.NotEqual(t, test.has, registry.has[test.reference])
			})
		}
	}
}

// find is the record of the image with this reference.
func find(result *Result, reference string, plan Plan) Record {
	records := map[string][]Record{plan.Builder: result.Builders, plan.Items[0].Base: result.Bases, plan.Items[0].Agent: result.Images}
	if len(records[reference]) == 0 {
		return Record{}
	}
	return records[reference][0]
}

// TestWhatARunMakesTheNextOneSkips: each image carries what the next run wants.
func TestWhatARunMakesTheNextOneSkips(t *testing.T) {
	plan := identified(commit, "FROM debian", genuine)
	registry := &fakeRegistry{}
	runner := Runner{Publisher: registry, Registry: registry}
	for _, want := range []Status{StatusBuilt, StatusSkipped} {
		result, err := runner.Run(context.Background(), plan)
		require.NoError(t, err)
		assert.Equal(t, []Status{want}, statuses(result.Images))
		assert.Empty(t, result.Images[0].RebuildReason)
	}
	delete(registry.has, plan.Items[0].Agent)
	result, err := runner.Run(context.Background(), plan)
	require.NoError(t, err)
	assert.Equal(t, []Status{StatusSkipped, StatusSkipped, StatusBuilt}, statuses([]Record{result.Builders[0], result.Bases[0], result.Images[0]}))
}

// TestAPinnedPlanComparesTheOfficialImagesDigest: without a pin nobody knows it.
func TestAPinnedPlanComparesTheOfficialImagesDigest(t *testing.T) {
	a := "sha256:" + strings.Repeat("a", 64)
	for digest, want := range map[string]Status{a: StatusSkipped, "sha256:" + strings.Repeat("b", 64): StatusFailed} {
		plan := identified(commit, "FROM debian", genuine)
		registry := holding(plan)
		registry.has[genuine] = Found{Digest: digest}
		runner := Runner{Publisher: registry, Registry: registry, Official: registry, Retry: quick}

		pinned, err := runner.Pin(context.Background(), plan)
		require.NoError(t, err)
		assert.Equal(t, plan.Identity, pinned.Identity)
		result, err := runner.Run(context.Background(), pinned)
		require.NoError(t, err)
		assert.Equal(t, want, result.Images[0].Status)
		if want == StatusFailed {
			assert.Contains(t, string(result.Images[0].Error), "official image's digest: registry has "+a+", plan has "+digest)
		}
		result, err = runner.Run(context.Background(), plan)
		require.NoError(t, err)
		assert.Equal(t, StatusSkipped, result.Images[0].Status, "it is not compared")
	}
}

// TestAnUnlabelledImageIsTaggedOnTrust: the record says that it was trusted, also after it got one more tag.
func TestAnUnlabelledImageIsTaggedOnTrust(t *testing.T) {
	plan := identified(commit, "FROM debian", genuine)
	plan.Items[0].Tags = []string{"r/agent:nightly"}
	registry := holding(plan)
	registry.has[plan.Items[0].Agent] = NewFound("sha256:x", nil)
	runner := Runner{Publisher: registry, Registry: registry, Tagger: registry, Retry: quick, TrustUnlabelled: true}

	result, err := runner.Run(context.Background(), plan)
	require.NoError(t, err)
	assert.Equal(t, plan.Items[0].References(), result.Images[0].Tags)
	assert.EqualValues(t, SkipRemoteUnlabelled, result.Images[0].SkipReason)
	assert.Equal(t, []string{"r/agent:nightly"}, registry.tagged)
}

// TestAHeadIsNotEnoughForATag: who tags an image reads its manifest, so what a head left open is compared before.
func TestAHeadIsNotEnoughForATag(t *testing.T) {
	plan := identified(commit, "FROM debian", genuine)
	agent := plan.Items[0].Agent
	plan.Items[0].Tags = []string{"r/agent:nightly"}
	for name, test := range map[string]struct {
		has    Found
		status Status
		reason text
		tagged []string
	}{
		"the plan's is tagged":    {holding(plan).has[agent], StatusSkipped, SkipRemoteExists, plan.Items[0].Tags},
		"one without labels, too": {NewFound("sha256:x", nil), StatusSkipped, SkipRemoteUnlabelled, plan.Items[0].Tags},
		"another one is not":      {holding(identified(commit, "FROM debian", evil)).has[agent], StatusFailed, "", nil},
		"nor is that of a fork's": {holding(identified(otherCommit, "FROM debian", genuine)).has[agent], StatusFailed, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			registry := headsOnly{holding(plan)}
			registry.has[agent] = test.has
			runner := Runner{Publisher: registry, Registry: registry, Tagger: registry, Retry: quick, TrustUnlabelled: true}
			result, err := runner.Run(context.Background(), plan)
			require.NoError(t, err)
			record := result.Images[0]
			assert.Equal(t, test.status, record.Status)
			assert.Equal(t, test.reason, record.SkipReason)
			assert.Equal(t, test.tagged, registry.tagged)
			if test.status == StatusFailed {
				assert.Contains(t, string(record.Error), agent+" is taken by another image: ")
				assert.Empty(t, record.Tags)
			}
		})
	}
}

func TestCheckTellsWhatHasTheNameOfAnImage(t *testing.T) {
	plan := identified(commit, "FROM debian", genuine)
	agent := plan.Items[0].Agent
	for name, test := range map[string]struct {
		has    Found
		trusts bool
		lacks  string // Empty: nothing is missing.
		advice []string
	}{
		"a stranger's":                      {holding(identified(commit, "FROM debian", evil)).has[agent], false, agent + " is taken by another image: official image: ", []string{adviceTaken}},
		"a stranger's, also in good faith":  {holding(identified(commit, "FROM debian", evil)).has[agent], true, agent + " is taken by another image: official image: ", []string{adviceTaken}},
		"one without labels":                {NewFound("sha256:x", nil), false, agent + " may be another image: ", []string{adviceUnlabelled}},
		"one without labels, in good faith": {NewFound("sha256:x", nil), true, "", nil},
		"the plan's":                        {holding(plan).has[agent], false, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			registry := holding(plan)
			registry.has[agent] = test.has
			lacks, err := Runner{Registry: registry, TrustUnlabelled: test.trusts}.Missing(context.Background(), plan)
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

// TestAHeadIsEnoughForWhoTrusts: at Docker Hub a manifest counts and a head does not. Only what has a wrap is
// looked into.
func TestAHeadIsEnoughForWhoTrusts(t *testing.T) {
	wrapped := identified(commit, "FROM debian", genuine)
	wrapped.Items[0].Wrap, wrapped.Items[0].Identity.Wrap = thisWrap, thisWrap.key()
	for name, test := range map[string]struct {
		plan   Plan
		trusts bool
		has    *fakeRegistry
		asked  int
		status Status
		reason text
	}{
		"who trusts asks once":                  {identified(commit, "FROM debian", genuine), true, nil, 1, StatusSkipped, SkipRemoteUnlabelled},
		"twice for what has a wrap":             {wrapped, true, nil, 2, StatusSkipped, SkipRemoteExists},
		"and finds out about another wrap":      {wrapped, true, holding(identified(commit, "FROM debian", genuine)), 2, StatusFailed, ""},
		"a head is nothing to go by for others": {identified(commit, "FROM debian", genuine), false, nil, 0, StatusFailed, ""},
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

// TestAnAgentLayerIsOfOneBuilderAndOneAssembly: by its name, and by its identity in whole.
func TestAnAgentLayerIsOfOneBuilderAndOneAssembly(t *testing.T) {
	const builder = "r/builder:b@sha256:aaaa"
	assert.Regexp(t, `^r/builder:b-layer-[0-9a-f]{7}$`, LayerReference(builder))
	assert.Equal(t, layerReference(builder, DefaultAssembly), LayerReference(builder))
	assert.NotEqual(t, LayerReference(builder), LayerReference("r/builder:b@sha256:bbbb"), "another builder")
	changed := DefaultAssembly
	changed.UID++
	assert.NotEqual(t, LayerReference(builder), layerReference(builder, changed), "another assembly")
	assert.Equal(t, Identity{Builder: "sha256:aaaa", Assembly: DefaultAssembly.hash(), Platform: "linux/amd64"}, LayerIdentity(builder))
	assert.NotEqual(t, DefaultAssembly.hash(), changed.hash())
}
