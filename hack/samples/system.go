package main

import (
	"context"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// system is layer 1: Debian, pushed straight from the tarball. It needs no engine, because nothing
// runs.
type system struct{}

func (system) name() string { return systemName }

func (img system) push(ctx context.Context, s *sampler) error {
	if s.rootfs == "" {
		return errors.New("the registry lacks it, and no --rootfs is given")
	}
	tag, err := s.tag(img)
	if err != nil {
		return err
	}
	debian, err := systemImage(s.rootfs)
	if err != nil {
		return err
	}
	return remote.Write(tag, debian, remote.WithContext(ctx))
}

// systemImage returns an image with the tarball as its only layer, configured like Docker Hub's
// debian.
func systemImage(rootfs string) (v1.Image, error) {
	layer, err := tarball.LayerFromFile(rootfs)
	if err != nil {
		return nil, fmt.Errorf("reading the root file system: %w", err)
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	config.Config = v1.Config{
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Cmd: []string{"/bin/bash"},
	}
	return mutate.ConfigFile(img, config)
}
