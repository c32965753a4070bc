package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// bases is the base phase: official images on which the module runs the sample SDK's recipe, which installs packages, and agent images
// on those.
type bases struct {
	lab   *lab
	share string // value of --share-bases
}

// prepare has the module make the sample SDK's builder, on a set of its own.
func (b bases) prepare(ctx context.Context, _ batch) error {
	if b.lab.sampleBuilt {
		return nil
	}
	job, err := b.lab.officialBatch(ctx, "bases-first", 1, 1)
	if err != nil {
		return err
	}
	_, err = b.run(ctx, job)
	b.lab.sampleBuilt = err == nil
	return err
}

func (bases) clear(context.Context) error { return nil }

// run times the base images: from the first one's start to the last one's end, by their records.
func (b bases) run(ctx context.Context, job batch) (timing, error) {
	call := module{
		lab: b.lab, publisher: "direct", sdk: b.lab.sampleSDK(),
		flags: []string{"--share-bases", b.share}, official: job.official,
	}
	started := time.Now()
	out, err := call.call(ctx, job)
	if err != nil {
		return timing{}, err
	}
	took := timing{whole: time.Since(started)}
	records, err := readRecords(filepath.Join(out, "base-manifest.jsonl"))
	if err != nil {
		return took, err
	}
	for _, base := range records {
		if base.GraftedFrom == "" {
			took.recipes++
		}
	}
	took.assembly, err = span(records, "built", len(job.images))
	return took, err
}

// copied is the step of a history that has nothing to do with the recipe: what [writeTar] puts in a layer.
const copied = "COPY files /bench # buildkit"

// officialBatch publishes official images, Debian and what their environments have in common and a layer of each one's own, and is the
// work of making base images of them.
func (l *lab) officialBatch(ctx context.Context, name string, images, environments int) (batch, error) {
	system, err := l.debian(ctx)
	if err != nil {
		return batch{}, err
	}
	key, err := l.sampleKey()
	if err != nil {
		return batch{}, err
	}
	official := func(id string) string { return l.repository(name, "official", id) + ":latest" }
	s := set{name: name}
	for number := 1; number <= images; number++ {
		id := instance(number)
		img, err := l.officialImage(system, name, id, number%environments)
		if err != nil {
			return batch{}, err
		}
		if err := l.push(ctx, official(id), img); err != nil {
			return batch{}, fmt.Errorf("publishing official images: %w", err)
		}
		s.images = append(s.images, image{id: id, base: l.repository(name, "base") + ":" + key + "-" + id})
	}
	job, err := l.batch(s, images, "agent")
	job.official = path.Join(l.prefix, name, "official", "{instance_id}:latest")
	return job, err
}

func (l *lab) sampleSDK() string { return filepath.Join(l.root, "testdata", "sdk") }

// sampleKey is what stands for the sample SDK's Dockerfile in the names of base images.
func (l *lab) sampleKey() (string, error) {
	text, err := os.ReadFile(filepath.Join(l.sampleSDK(), sampleDockerfile))
	return fmt.Sprintf("%x", sha256.Sum256(text))[:7], err
}

func (l *lab) officialImage(system v1.Image, name, id string, environment int) (v1.Image, error) {
	const size = megabyte / 10
	below, err := randomLayer(l.seed, fmt.Sprintf("%s/environment-%d", name, environment), size)
	if err != nil {
		return nil, err
	}
	own, err := randomLayer(l.seed, name+"/"+id, size)
	if err != nil {
		return nil, err
	}
	return mutate.Append(system,
		mutate.Addendum{Layer: below, History: v1.History{CreatedBy: "RUN /root/setup_env.sh # buildkit"}},
		mutate.Addendum{Layer: own, History: v1.History{CreatedBy: copied}},
	)
}

// measureBases measures the base phase: with the recipe's layers in common for many images, and the long way for few.
func (l *lab) measureBases(ctx context.Context, r *results) error {
	images := map[string]int{wayShared: l.sharedImages, wayLong: l.longImages}
	for _, way := range slices.DeleteFunc(slices.Clone(l.options.ways), func(way string) bool { return !isBases(way) }) {
		job, err := l.officialBatch(ctx, way, images[way], environments)
		if err != nil {
			return err
		}
		err = l.measure(ctx, r, sample{Round: 1, Way: way, Kind: kindBases}, job)
		if err != nil && noMirror(err) {
			r.Notes = append(r.Notes, way+" was not measured: containers on this machine do not reach a mirror of Debian.")
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
