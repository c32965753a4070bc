package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dagger/eval-images/internal/dagger"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/run"
	"dagger/eval-images/pipeline/throttle"
	"dagger/eval-images/redact"
)

// Build the agent images of all instances, publish them, and return the manifest.
//
// Without --publish everything is built and nothing leaves the engine.
//
// With it, builder, base images and agent images are published, each with labels that say what is in it. What the registry has
// already is skipped if its labels agree, so the same call again makes only what is missing.
//
// A failed image does not stop the others. The call lists the failures and exits non-zero.
//
// The manifest says what became of each image. To keep it: assemble-all --publish directory export --path out
func (m *EvalImages) AssembleAll(
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
		// Publish to --builder-repo, --base-repo and --agent-repo
		// +optional
		Publish bool
		// Who publishes agent images: direct composes them in the registry, engine pushes them; or auto
		// +default="auto"
		Publisher string
		// Share recipe layers between similar official images: never, or trusted (you vouch for them)
		// +default="never"
		ShareBases string
		// User at the registry (default: the credentials of "docker login")
		// +optional
		RegistryUsername string
		// Password or token at the registry, such as env:GITHUB_TOKEN
		// +optional
		RegistryPassword *dagger.Secret
		// Speak plain HTTP to the registry, and send it the credentials that way
		// +optional
		PlainHTTP bool
		// Rebuild and publish every image, whatever the registry has
		// +optional
		ForceBuild bool
		// Trust images without complete labels; the labels that they have must still match
		// +optional
		TrustUnlabelled bool
		// Public key (PEM) such as cosign.pub; existing images without a cosign signature by it fail
		// +optional
		VerifyKey *dagger.File
		// Maximum number of images in progress
		// +default=12
		MaxWorkers int
		// How often each image is tried, the first time included
		// +default=2
		MaxRetries int
		// Time limit for one image, retries included; time spent waiting does not count
		// +default="2000s"
		Timeout string
		// Return the manifest even if images failed, so that it can be kept; its "failed" counts them
		// +optional
		AllowFailures bool
	},
) (*Manifest, error) {
	limits, err := limitsOf(flags.MaxWorkers, flags.MaxRetries, flags.Timeout)
	if err != nil {
		return nil, flat(err)
	}
	login := &credentials{username: flags.RegistryUsername, password: flags.RegistryPassword, plainHTTP: flags.PlainHTTP}
	how := publishing{
		publisher: flags.Publisher, shareBases: flags.ShareBases, trustUnlabelled: flags.TrustUnlabelled, login: login,
	}
	if err := how.check(); err != nil {
		return nil, flat(err)
	}
	if how.key, err = verifyKey(ctx, flags.VerifyKey); err != nil {
		return nil, flat(err)
	}
	if err := login.use(ctx, m.targets()...); err != nil {
		return nil, flat(err)
	}
	plan, recipe, err := m.plan(ctx, selection{
		dataset: flags.Dataset, hub: flags.Hub, file: flags.DatasetFile, split: flags.Split, family: flags.Family,
		config: flags.Config, revision: flags.Revision, hubToken: flags.HubToken,
		ids: flags.InstanceIds, selected: flags.Select, limit: flags.Limit, seed: flags.Seed, shard: flags.Shard,
	}, naming{target: flags.Target, suffix: flags.TagSuffix, tags: flags.Tags})
	if err != nil {
		return nil, flat(err)
	}
	engine := &engine{module: m, identity: recipe.identity, publish: flags.Publish}
	runner := m.runner(engine, limits, flags.ForceBuild)
	runner.TrustUnlabelled = flags.TrustUnlabelled
	var client *registry.Client
	if flags.Publish {
		if client, err = how.use(ctx, &runner, engine, recipe); err != nil {
			return nil, flat(err)
		}
	}
	release := ballast()
	result, err := runner.Run(ctx, plan)
	release()
	if client != nil {
		result.Requests = client.Requests()
	}
	if err == nil || ctx.Err() != nil { // For the terminal, whatever becomes of the manifest. A run that could not begin is one line.
		fmt.Println(manifest.Summary(result))
	}
	if err != nil && !flags.AllowFailures {
		return nil, flat(err)
	}
	if err := failure(result.Failed(), len(result.Images)); err != nil && !flags.AllowFailures {
		return nil, flatList(fmt.Errorf("%w\n%s", err, "The same call again makes only what is missing. With --allow-failures it returns the manifest."))
	}
	manifest, err := newManifest(result)
	return manifest, flat(err)
}

// runner is how a run goes: the engine makes the images, and tells of the official ones.
func (m *EvalImages) runner(engine *engine, limits limits, force bool) run.Runner {
	return run.Runner{
		Publisher:  engine,
		Official:   engine,
		MaxWorkers: limits.workers,
		Force:      force,
		Retry:      throttle.Retry{Attempts: limits.attempts},
		Timeout:    limits.timeout,
		Observe:    span,
		Report:     report,
	}
}

// limits of a run, from its flags.
type limits struct {
	workers, attempts int
	timeout           time.Duration
}

func limitsOf(workers, attempts int, timeout string) (limits, error) {
	if workers < 1 {
		return limits{}, fmt.Errorf("--max-workers is %d: it must be at least 1", workers)
	}
	if attempts < 1 {
		return limits{}, fmt.Errorf("--max-retries is %d: it counts the first time as well, so it must be at least 1", attempts)
	}
	if timeout == "" {
		return limits{workers: workers, attempts: attempts}, nil
	}
	bound, err := time.ParseDuration(timeout)
	if err != nil || bound <= 0 {
		return limits{}, fmt.Errorf("--timeout is %s: it must be a time such as 2000s or 30m", redact.Quote(timeout))
	}
	return limits{workers: workers, attempts: attempts, timeout: bound}, nil
}

// failure lists the images that failed; nil if none did.
func failure(failed []manifest.Record, total int) error {
	if len(failed) == 0 {
		return nil
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d of %d agent images failed:", len(failed), total)
	for _, failure := range manifest.Failures(failed) {
		fmt.Fprintf(&text, "\n- %s", failure)
	}
	return errors.New(text.String())
}
