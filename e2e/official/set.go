// Package official makes sample official images that are layered as SWE-bench layers its own, for the
// end-to-end tests and the benchmark. They run, if the system below them does. What is in them depends
// on the seed only.
//
// There are two generations, see [Classic] and [Flat]. In both an image has, above the system:
//
//   - conda, the same in all images: /opt/miniconda3, and lines in /root/.bashrc
//   - an environment, the same in several images: /opt/miniconda3/envs/testbed, with hard links into
//     /opt/miniconda3/pkgs, and caches in /root
//   - a repository of its own: /testbed, and a package in the environment
//   - an empty layer, for a working directory that is there already
//
// Each layer repeats the directories above its files, as the differences of overlayfs do.
//
// The scripts are those of SWE-bench, as far as they make layers:
// https://github.com/SWE-bench/SWE-bench/tree/v4.1.0/swebench/harness
package official

import (
	"fmt"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Generation is how images are built.
type Generation int

const (
	// Classic images are built by Docker's classic builder from three Dockerfiles, one on the other,
	// with a layer for each small step.
	Classic Generation = iota
	// Flat images are built by BuildKit from one Dockerfile, whose steps are whole scripts.
	Flat
)

// Set is a number of official images on one system.
type Set struct {
	// System is below all images. It needs the directories /opt, /root and /tmp of Debian.
	System     v1.Image
	Generation Generation
	// Zstd compresses layers by zstd in place of gzip.
	Zstd bool
	Seed int64
	// Environments is how many there are. The images take turns.
	Environments int
	// Environment is the size of each environment, Repository that of each repository.
	Environment, Repository Size

	mu sync.Mutex
	// common are the layers that several images have, by what they are made of.
	common map[string]v1.Layer
}

// Size of what an image has.
type Size struct {
	// Files is the number of small ones.
	Files int
	// Bytes that one large file has at least, however it is compressed.
	Bytes int64
}

// Image is the official image of an instance, by its number.
func (s *Set) Image(instance int) (v1.Image, error) { return s.compose(s.steps(instance)) }

// environment of an instance.
func (s *Set) environment(instance int) int { return instance % max(s.Environments, 1) }

// steps make the image of an instance on the system.
func (s *Set) steps(instance int) []step {
	if s.Generation == Flat {
		return s.flat(instance)
	}
	return s.classic(instance)
}

// compose makes an image of the system and these steps.
func (s *Set) compose(steps []step) (v1.Image, error) {
	img := s.System
	if s.Generation == Flat {
		img = mutate.ConfigMediaType(mutate.MediaType(img, types.OCIManifestSchema1), types.OCIConfigJSON)
	}
	for _, step := range steps {
		history := v1.History{CreatedBy: step.command, Created: v1.Time{Time: built}, EmptyLayer: step.entries == nil}
		if s.Generation == Flat {
			history.Comment = "buildkit.dockerfile.v0"
		}
		added := mutate.Addendum{History: history}
		if step.entries != nil {
			layer, err := s.layer(step)
			if err != nil {
				return nil, fmt.Errorf("making the layer of %.60q: %w", step.command, err)
			}
			if added.MediaType, err = layer.MediaType(); err != nil {
				return nil, err
			}
			added.Layer = layer
		}
		var err error
		if img, err = mutate.Append(img, added); err != nil {
			return nil, err
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	config.Config = v1.Config{
		Env: []string{
			"PATH=/opt/miniconda3/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TZ=Etc/UTC",
		},
		Cmd: []string{"/bin/bash"}, WorkingDir: "/testbed",
	}
	return mutate.ConfigFile(img, config)
}

func (s *Set) media() types.MediaType {
	switch {
	case s.Zstd:
		return types.OCILayerZStd
	case s.Generation == Flat:
		return types.OCILayer
	}
	return types.DockerLayer
}

// layer makes a step's layer, once if several images have it.
func (s *Set) layer(step step) (v1.Layer, error) {
	if step.common == "" {
		return s.archive(step)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.common[step.common]; ok {
		return known, nil
	}
	made, err := s.archive(step)
	if err != nil {
		return nil, err
	}
	if s.common == nil {
		s.common = map[string]v1.Layer{}
	}
	s.common[step.common] = made
	return made, nil
}

// Unique are the sizes of all layers of these images, by their digests: what has to be moved to have
// them all.
func Unique(images ...v1.Image) (map[string]int64, error) {
	sizes := map[string]int64{}
	for _, img := range images {
		manifest, err := img.Manifest()
		if err != nil {
			return nil, err
		}
		for _, layer := range manifest.Layers {
			sizes[layer.Digest.String()] = layer.Size
		}
	}
	return sizes, nil
}
