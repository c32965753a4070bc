package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"dagger/eval-images/internal/dagger"
	"dagger/eval-images/pipeline/run"
)

// Check that the registry has every agent image that assemble-all would make with the same flags.
//
// It lists the images that are missing, those whose name another image has, and those that the registry gives no
// answer about, and exits non-zero if there are any.
func (m *EvalImages) Check(
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
		// User at the registry (default: the credentials of "docker login")
		// +optional
		RegistryUsername string
		// Password or token at the registry, such as env:GITHUB_TOKEN
		// +optional
		RegistryPassword *dagger.Secret
		// Speak plain HTTP to the registry, and send it the credentials that way
		// +optional
		PlainHTTP bool
		// Trust images without complete labels; the labels that they have must still match
		// +optional
		TrustUnlabelled bool
		// Public key (PEM) such as cosign.pub; existing images without a cosign signature by it fail
		// +optional
		VerifyKey *dagger.File
	},
) (string, error) {
	key, err := verifyKey(ctx, flags.VerifyKey)
	if err != nil {
		return "", flat(err)
	}
	login := &credentials{username: flags.RegistryUsername, password: flags.RegistryPassword, plainHTTP: flags.PlainHTTP}
	if err := login.use(ctx, m.agentTargets()...); err != nil {
		return "", flat(err)
	}
	plan, recipe, err := m.plan(ctx, selection{
		dataset: flags.Dataset, hub: flags.Hub, file: flags.DatasetFile, split: flags.Split, family: flags.Family,
		config: flags.Config, revision: flags.Revision, hubToken: flags.HubToken,
		ids: flags.InstanceIds, selected: flags.Select, limit: flags.Limit, seed: flags.Seed, shard: flags.Shard,
	}, naming{target: flags.Target, suffix: flags.TagSuffix, tags: flags.Tags})
	if err != nil {
		return "", flat(err)
	}
	runner := m.runner(&engine{module: m, identity: recipe.identity}, limits{}, false)
	runner.TrustUnlabelled = flags.TrustUnlabelled
	if runner.Registry, err = m.published(ctx, login, flags.TrustUnlabelled); err != nil {
		return "", flat(err)
	}
	if runner.Signatures, err = signatures(ctx, key, nil, login, m.AgentRepo); err != nil {
		return "", flat(err)
	}
	missing, unknown := runner.Missing(ctx, plan)
	if err := incomplete(missing, unknown, len(plan.Items)); err != nil {
		return "", flatList(err)
	}
	return fmt.Sprintf("All %d agent images are published.\n", len(plan.Items)), nil
}

// incomplete lists what the registry lacks, and of what it does not say; nil if it has all.
func incomplete(missing []run.Lack, unknown error, total int) error {
	var errs []error
	if len(missing) > 0 {
		var text strings.Builder
		fmt.Fprintf(&text, "the registry lacks %d references of %d agent images:", len(missing), total)
		for _, lack := range missing {
			fmt.Fprintf(&text, "\n%s", lack)
		}
		for _, advice := range run.Advice(missing) {
			fmt.Fprintf(&text, "\n  → %s", advice)
		}
		errs = append(errs, errors.New(text.String()))
	}
	if unknown != nil {
		errs = append(errs, fmt.Errorf("the registry does not say whether it has all images: %w", unknown))
	}
	return errors.Join(errs...)
}
