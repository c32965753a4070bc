package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"eval-images/bench/internal/fixture"
	"eval-images/bench/internal/manifest"
	"eval-images/bench/internal/registry"
	"eval-images/bench/internal/variant"
)

// firstRun has the module make the builder, the agent layer and one base image, the template of all
// others. It also has the engine compile the module and read the SDK, so that no later call does.
func (h *harness) firstRun(ctx context.Context) error {
	job, err := h.First(ctx)
	if err != nil {
		return err
	}
	out, err := variant.Module{Maker: h.Maker, Publisher: "direct"}.Call(ctx, job)
	if err != nil {
		return err
	}
	h.Template, err = h.readTemplate(ctx, out, job.Images[0].ID)
	return err
}

// readTemplate learns from the manifests how the module named what it made.
func (h *harness) readTemplate(ctx context.Context, out, id string) (fixture.Template, error) {
	agents, err := manifest.Read(filepath.Join(out, "manifest.jsonl"))
	if err != nil {
		return fixture.Template{}, err
	}
	builders, err := manifest.Read(filepath.Join(out, "builder-manifest.jsonl"))
	if err != nil {
		return fixture.Template{}, err
	}
	if len(agents) != 1 || len(builders) != 1 || len(builders[0].Tags) != 1 {
		return fixture.Template{}, fmt.Errorf("found %d agent images and %d builders, expected one each", len(agents), len(builders))
	}
	base := strings.TrimPrefix(agents[0].BaseTag, registry.ForEngine+"/")
	_, tag, _ := strings.Cut(base, ":")
	img, err := h.Image(ctx, base)
	return fixture.Template{
		Builder: strings.TrimPrefix(builders[0].Tags[0], registry.ForEngine+"/"), Key: strings.TrimSuffix(tag, id), Base: img,
	}, err
}
