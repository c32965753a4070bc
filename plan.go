package main

import (
	"context"

	"dagger/eval-images/internal/dagger"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/publish"
	"dagger/eval-images/pipeline/registry"
)

// Plan names the images that a call would make.
type Plan struct {
	// How many agent images there are to make
	Total int
	// The plan as a table, for people
	Table string
	// +private
	Lines string
}

// Name all images that assemble-all would make with the same flags, and build nothing.
//
// Without --pin nothing is asked of any registry: that is quick, and needs no credentials.
func (m *EvalImages) Plan(
	ctx context.Context,
	flags struct {
		// Dataset on the Hugging Face hub, such as princeton-nlp/SWE-bench_Verified (default: the bundled sample)
		// +optional
		Dataset string
		// Address of the hub, or of a mirror of it
		// +default="https://huggingface.co"
		Hub string
		// Dataset in a file: .parquet, .jsonl, .json or .txt (ids, one a line); the last three also .gz
		// +optional
		DatasetFile *dagger.File
		// Split of the dataset (default: the one that the family evaluates)
		// +optional
		Split string
		// Configuration of the dataset (default: "default", or the only one)
		// +optional
		Config string
		// Commit, branch or tag of the dataset (default: main)
		// +optional
		Revision string
		// Token for gated and private datasets, such as env:HF_TOKEN
		// +optional
		HubToken *dagger.Secret
		// Rule by which official images are named: swebench, swtbench, multimodal, multilingual, swegym, swesmith, pro, multiswebench or commit0 (default: by the dataset's name; swebench for a file)
		// +optional
		Family string
		// Only these instances, separated by commas
		// +optional
		InstanceIds []string
		// Only the instances whose ids are in this file, one a line
		// +optional
		Select *dagger.File
		// Draw at most this many rows of the dataset, as pandas' sample(n, random_state) does
		// +optional
		Limit int
		// Random seed for --limit, from 0 to 4294967295; the evaluator's is 42
		// +default=42
		Seed int
		// Only one part of the run: 2/8 is the second of eight
		// +optional
		Shard string
		// End of the agent images' tags
		// +default="source-minimal"
		Target string
		// What follows the target in the agent images' tags, such as acp
		// +optional
		TagSuffix string
		// Further tags for each agent image, separated by commas; nightly gives nightly-{custom}-{target}
		// +optional
		Tags []string
		// Ask for the official images' digests too, and fail if one does not exist; one request for each
		// +optional
		Pin bool
	},
) (*Plan, error) {
	plan, recipe, err := m.plan(ctx, selection{
		dataset: flags.Dataset, hub: flags.Hub, file: flags.DatasetFile, split: flags.Split, family: flags.Family,
		config: flags.Config, revision: flags.Revision, hubToken: flags.HubToken,
		ids: flags.InstanceIds, selected: flags.Select, limit: flags.Limit, seed: flags.Seed, shard: flags.Shard,
	}, naming{target: flags.Target, suffix: flags.TagSuffix, tags: flags.Tags})
	if err != nil {
		return nil, flat(err)
	}
	if flags.Pin {
		runner := m.runner(&engine{module: m, identity: recipe.identity}, limits{}, false)
		runner.Official = &publish.Heads{Access: registry.Access{ReadOnly: true, Network: network}, Else: runner.Official}
		if plan, err = runner.Pin(ctx, plan); err != nil {
			return nil, flatList(err)
		}
	}
	lines, err := plan.JSONLines()
	if err != nil {
		return nil, flat(err)
	}
	return &Plan{Total: len(plan.Items), Table: plan.Table(), Lines: lines}, nil
}

// The plan as JSON, one object a line for each agent image.
func (p *Plan) File() *dagger.File {
	return dag.Directory().WithNewFile("plan.jsonl", p.Lines).File("plan.jsonl")
}

// naming is how the flags of a call name the agent images.
type naming struct {
	target, suffix string
	tags           []string
}

// plan checks everything that can be checked without a registry, and names the images.
func (m *EvalImages) plan(ctx context.Context, chosen selection, named naming) (plan.Plan, recipe, error) {
	names := m.names(named)
	if err := names.Check(); err != nil { // A mistake in a flag is told before the SDK is fetched.
		return plan.Plan{}, recipe{}, err
	}
	found, source, err := m.instances(ctx, chosen)
	if err != nil {
		return plan.Plan{}, recipe{}, err
	}
	recipe, err := m.recipe(ctx)
	if err != nil {
		return plan.Plan{}, recipe, err
	}
	names.Keys = recipe.keys
	if err := names.Check(); err != nil {
		return plan.Plan{}, recipe, err
	}
	if err := plan.NewPlan(names, found.All).Check(); err != nil { // What another shard makes counts as well.
		return plan.Plan{}, recipe, err
	}
	plan := plan.NewPlan(names, found.Instances)
	plan.Source = source
	return plan, recipe, nil
}

// names are those that the flags alone decide: without the keys.
func (m *EvalImages) names(named naming) plan.Names {
	return plan.Names{
		BuilderRepo: m.BuilderRepo, BaseRepo: m.BaseRepo, AgentRepo: m.AgentRepo,
		Target: named.target, Suffix: named.suffix, Tags: named.tags,
	}
}
