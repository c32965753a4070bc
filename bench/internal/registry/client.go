// Package registry is the benchmark's access to the local registry, apart from what it measures.
package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/sourcegraph/conc/pool"
)

// ForEngine is the local registry's address for the engine, with which it shares a network.
const ForEngine = "localhost:5000"

// Client reads and writes images. It names them without the registry's address.
type Client struct{ registry name.Registry }

// Open returns a client for the registry whose address is in a file.
func Open(path string) (*Client, error) {
	address, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("finding the local registry: %w", err)
	}
	registry, err := name.NewRegistry(strings.TrimSpace(string(address)), name.Insecure)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return &Client{registry}, nil
}

// Address returns the registry's host and port.
func (c *Client) Address() string { return c.registry.RegistryStr() }

func (c *Client) reference(path string) (name.Reference, error) {
	return name.ParseReference(c.Address()+"/"+path, name.Insecure)
}

// Image reads an image.
func (c *Client) Image(ctx context.Context, path string) (v1.Image, error) {
	ref, err := c.reference(path)
	if err != nil {
		return nil, err
	}
	return remote.Image(ref, remote.WithContext(ctx))
}

// Push writes an image.
func (c *Client) Push(ctx context.Context, path string, img v1.Image) error {
	ref, err := c.reference(path)
	if err != nil {
		return err
	}
	return remote.Write(ref, img, remote.WithContext(ctx))
}

// Tags lists the tags of a repository; none if there is no such repository.
func (c *Client) Tags(ctx context.Context, repository string) ([]string, error) {
	found, err := remote.List(c.registry.Repo(repository), remote.WithContext(ctx))
	var refused *transport.Error
	if errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound {
		return nil, nil
	}
	return found, err
}

// StandsOn reports whether an image begins with all layers of its base.
func (c *Client) StandsOn(ctx context.Context, image, base string) (bool, error) {
	below, err := c.diffIDs(ctx, base)
	if err != nil {
		return false, err
	}
	all, err := c.diffIDs(ctx, image)
	if err != nil {
		return false, err
	}
	return len(all) > len(below) && slices.Equal(below, all[:len(below)]), nil
}

// diffIDs returns the digests of an image's uncompressed layers: Docker may compress them anew.
func (c *Client) diffIDs(ctx context.Context, path string) ([]v1.Hash, error) {
	img, err := c.Image(ctx, path)
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	return config.RootFS.DiffIDs, nil
}

// deletions is the number of requests in progress while a repository is emptied.
const deletions = 12

// Empty deletes all manifests of a repository. The registry's garbage collection deletes their
// blobs.
func (c *Client) Empty(ctx context.Context, repository string) error {
	repo := c.registry.Repo(repository)
	tags, err := c.Tags(ctx, repository)
	if err != nil {
		return err
	}
	// Tags go first: with each manifest the registry looks through all tags that are left.
	digests := make([]string, len(tags))
	deleting := pool.New().WithErrors().WithMaxGoroutines(deletions)
	for i, tag := range tags {
		deleting.Go(func() error {
			tag := repo.Tag(tag)
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
	deleting = pool.New().WithErrors().WithMaxGoroutines(deletions)
	slices.Sort(digests)
	for _, digest := range slices.Compact(digests) {
		deleting.Go(func() error { return remote.Delete(repo.Digest(digest), remote.WithContext(ctx)) })
	}
	return deleting.Wait()
}
