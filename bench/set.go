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

// set is a number of base images in the registry whose data nothing has seen yet: each has the layer that all have in common, one of its
// own, and on top what the module's recipe adds.
type set struct {
	name   string // of the set
	images []image
}

// instance is an id, of the form that SWE-bench's have.
func instance(number int) string { return fmt.Sprintf("bench__image-%04d", number) }

// makeSet publishes base images as the module would have named them.
func (l *lab) makeSet(ctx context.Context, name string, p point) (set, error) {
	s := set{name: name}
	repository := l.repository(name, "base")
	for number := 1; number <= p.images; number++ {
		id := instance(number)
		s.images = append(s.images, image{id: id, base: repository + ":" + l.first.key + id})
	}
	write := func(image image) error {
		base, err := l.base(name, image.id, p.baseMB)
		if err != nil {
			return err
		}
		return l.push(ctx, image.base, base)
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

// base is made as the module made the template: the same config, and the same layer on top.
func (l *lab) base(set, id string, baseMB int) (v1.Image, error) {
	layers, err := l.official(set, id, baseMB)
	if err != nil {
		return nil, err
	}
	known, err := l.first.base.Layers()
	if err != nil {
		return nil, err
	}
	config, err := l.first.base.ConfigFile()
	if err != nil {
		return nil, err
	}
	manifest, err := l.first.base.Manifest()
	if err != nil {
		return nil, err
	}
	img, err := imageOf(oci(), config.Config, append(layers, known[len(known)-1])...)
	if err != nil {
		return nil, err
	}
	return mutate.Annotations(img, manifest.Annotations).(v1.Image), nil
}

// official are the layers of an official image.
func (l *lab) official(set, id string, baseMB int) ([]v1.Layer, error) {
	commonSize, ownSize := layerSizes(baseMB)
	common, err := randomLayer(l.seed, set+"/common", commonSize)
	if err != nil {
		return nil, err
	}
	own, err := randomLayer(l.seed, set+"/"+id, ownSize)
	return []v1.Layer{common, own}, err
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
