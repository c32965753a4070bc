package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/sourcegraph/conc/pool"
)

func (l *lab) reference(path string) (name.Reference, error) {
	return name.ParseReference(l.registry.RegistryStr()+"/"+path, name.Insecure)
}

func (l *lab) image(ctx context.Context, path string) (v1.Image, error) {
	ref, err := l.reference(path)
	if err != nil {
		return nil, err
	}
	return remote.Image(ref, remote.WithContext(ctx))
}

func (l *lab) push(ctx context.Context, path string, img v1.Image) error {
	ref, err := l.reference(path)
	if err != nil {
		return err
	}
	return remote.Write(ref, img, remote.WithContext(ctx))
}

// tags of a repository; none if there is no such repository.
func (l *lab) tags(ctx context.Context, repository string) ([]string, error) {
	found, err := remote.List(l.registry.Repo(repository), remote.WithContext(ctx))
	var refused *transport.Error
	if errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound {
		return nil, nil
	}
	return found, err
}

// verify looks whether a run made what it should have: all the images, and each on its base. It is not measured.
func (l *lab) verify(ctx context.Context, job batch) error {
	tags, err := l.tags(ctx, job.to)
	if err != nil {
		return err
	}
	if len(tags) != len(job.images) {
		return fmt.Errorf("%s has %d images, and not %d", job.to, len(tags), len(job.images))
	}
	for _, image := range job.images {
		at := slices.IndexFunc(tags, func(tag string) bool { return strings.Contains(tag, image.id) })
		if at < 0 {
			return fmt.Errorf("%s has no image of %s", job.to, image.id)
		}
		below, err := l.layers(ctx, image.base)
		if err != nil {
			return err
		}
		all, err := l.layers(ctx, job.to+":"+tags[at])
		if err != nil {
			return err
		}
		if len(all) <= len(below) || !slices.Equal(below, all[:len(below)]) {
			return fmt.Errorf("%s:%s does not stand on %s", job.to, tags[at], image.base)
		}
	}
	return nil
}

// layers are the digests of an image's layers, uncompressed: Docker may have compressed them anew.
func (l *lab) layers(ctx context.Context, path string) ([]v1.Hash, error) {
	img, err := l.image(ctx, path)
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	return config.RootFS.DiffIDs, nil
}

// empty deletes all manifests of the run's repositories. Their blobs go when the registry collects its garbage.
func (l *lab) empty(ctx context.Context) error {
	for repository := range l.used {
		if err := l.emptyOne(ctx, l.registry.Repo(repository)); err != nil {
			return err
		}
	}
	return nil
}

// emptyOne deletes the tags first: with each manifest the registry looks through all tags that are left.
func (l *lab) emptyOne(ctx context.Context, repository name.Repository) error {
	tags, err := l.tags(ctx, repository.RepositoryStr())
	if err != nil {
		return err
	}
	digests := make([]string, len(tags))
	deleting := pool.New().WithErrors().WithMaxGoroutines(workers)
	for i, tag := range tags {
		deleting.Go(func() error {
			tag := repository.Tag(tag)
			descriptor, err := remote.Head(tag, remote.WithContext(ctx))
			if err != nil {
				return err
			}
			digests[i] = descriptor.Digest.String()
			return remote.Delete(tag, remote.WithContext(ctx))
		})
	}
	if err := deleting.Wait(); err != nil {
		return err
	}
	deleting = pool.New().WithErrors().WithMaxGoroutines(workers)
	slices.Sort(digests)
	for _, digest := range slices.Compact(digests) {
		deleting.Go(func() error { return remote.Delete(repository.Digest(digest), remote.WithContext(ctx)) })
	}
	return deleting.Wait()
}
