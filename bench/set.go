package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/sourcegraph/conc/pool"
)

// set is a number of base images in the registry whose data nothing has seen yet: each has a layer that all have in common, and one of
// its own.
type set struct {
	name   string
	images []image
}

// instance is an id, of the form that SWE-bench's have.
func instance(number int) string { return fmt.Sprintf("bench__image-%04d", number) }

// makeSet publishes base images under the names that the module would give them.
func (l *lab) makeSet(ctx context.Context, name string, p point, base func(layers []v1.Layer) (v1.Image, error)) (set, error) {
	s := set{name: name}
	repository := l.repository(name, "base")
	for number := 1; number <= p.images; number++ {
		id := instance(number)
		s.images = append(s.images, image{id: id, base: repository + ":" + l.first.key + id})
	}
	commonSize, ownSize := layerSizes(p)
	common, err := randomLayer(l.seed, name+"/common", commonSize)
	if err != nil {
		return s, err
	}
	write := func(image image) error {
		own, err := randomLayer(l.seed, name+"/"+image.id, ownSize)
		if err != nil {
			return err
		}
		img, err := base([]v1.Layer{common, own})
		if err != nil {
			return err
		}
		return l.push(ctx, image.base, img)
	}
	// The first goes ahead: the others find the common layer, and do not upload it as well.
	if err := write(s.images[0]); err != nil {
		return s, fmt.Errorf("publishing base images: %w", err)
	}
	pushing := pool.New().WithErrors().WithMaxGoroutines(4)
	for _, image := range s.images[1:] {
		pushing.Go(func() error { return write(image) })
	}
	if err := pushing.Wait(); err != nil {
		return s, fmt.Errorf("publishing base images: %w", err)
	}
	return s, nil
}

// asTemplate is a base image as the module made the template on other layers: the same config, and the same layer on
// top. It carries no labels and no annotations: they name the template's official image, and the module refuses a base
// image of another one.
func (l *lab) asTemplate(layers []v1.Layer) (v1.Image, error) {
	known, err := l.first.base.Layers()
	if err != nil {
		return nil, err
	}
	config, err := l.first.base.ConfigFile()
	if err != nil {
		return nil, err
	}
	add := *config.Config.DeepCopy()
	add.Labels = nil
	return imageOf(oci(), add, append(layers, known[len(known)-1])...)
}

// oci is an empty image with the media types that the module's images have.
func oci() v1.Image {
	return mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
}

// imageOf is an image for this platform of some layers on another image.
func imageOf(below v1.Image, add v1.Config, layers ...v1.Layer) (v1.Image, error) {
	img, err := mutate.AppendLayers(below, layers...)
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config = "linux", "amd64", add
	return mutate.ConfigFile(img, config)
}

// batch is the work of making agent images of the first images of the set, in a repository that nothing is in.
func (l *lab) batch(s set, images int, run string) (batch, error) {
	job := batch{images: s.images[:images], to: l.repository(s.name, run)}
	job.base, _, _ = strings.Cut(job.images[0].base, ":")
	var ids []string
	for _, image := range job.images {
		ids = append(ids, image.id)
	}
	job.dataset = filepath.Join(l.work, fmt.Sprintf("%d.txt", images))
	return job, os.WriteFile(job.dataset, []byte(strings.Join(ids, "\n")+"\n"), 0o644)
}
