package registry

import (
	"context"
	"net/http"
	"net/url"
	"sync"

	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/status"
)

// mount makes a layer of one repository a layer of another. Registries refuse mounts in many ways,
// 401 and 403 among them: the layer is copied then, unless the repository has it already. The
// registry refuses the credentials only if it refuses the upload of that copy as well.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#mounting-a-blob-from-another-repository
func (c *Client) mount(ctx context.Context, to oci.Repository, layer oci.Layer) error {
	if layer.Repository == to {
		return nil
	}
	if c.mounts.hopeless(layer.Repository, to) {
		return c.carry(ctx, to, layer, nil)
	}
	query := url.Values{"mount": {layer.Descriptor.Digest.String()}, "from": {string(layer.Repository)}}
	got, err := c.ask(ctx, http.MethodPost, to, "blobs/uploads/", content{query: query}, stored...)
	switch {
	case err == nil && got.status == http.StatusCreated:
		c.mounts.worked(layer.Repository, to)
		return nil
	case err != nil && !status.Refused(err) && !c.mounts.failsAgain(layer.Repository, to):
		return err
	}
	if err := c.carry(ctx, to, layer, got); err != nil {
		return err // A registry that refuses everything, as in an outage, does not refuse mounts.
	}
	c.mounts.refused(layer.Repository, to)
	return nil
}

// Bring mounts or copies all layers of an image, or of an index's image for a platform, into the
// repository of another reference.
func (c *Client) Bring(ctx context.Context, from, to, platform string) error {
	ref, err := c.parse(to)
	if err != nil {
		return err
	}
	image, err := c.ImageFor(ctx, from, platform)
	if err != nil {
		return err
	}
	for _, layer := range image.Layers() {
		_, _, err := c.once(ctx, repositoryOf(ref), layer.Descriptor.Digest, func() error { return c.mount(ctx, repositoryOf(ref), layer) })
		if err != nil {
			return err
		}
	}
	return nil
}

// carry copies a layer to a repository, unless the repository has it. Begun is the answer to a
// mount that began an upload instead, or nil.
func (c *Client) carry(ctx context.Context, to oci.Repository, layer oci.Layer, begun *answer) error {
	has, err := c.has(ctx, to, layer)
	if err != nil {
		return err
	}
	if has {
		if begun != nil {
			c.giveUp(ctx, begun)
		}
		return nil
	}
	if begun != nil && begun.header.Get("Location") == "" {
		begun = nil // A proxy answered, and no upload began.
	}
	return c.copyLayer(ctx, to, layer, begun)
}

// has reports whether a repository has a layer.
func (c *Client) has(ctx context.Context, in oci.Repository, layer oci.Layer) (bool, error) {
	_, err := c.ask(ctx, http.MethodHead, in, "blobs/"+layer.Descriptor.Digest.String(), content{}, http.StatusOK)
	if status.Refused(err) {
		return false, nil
	}
	return err == nil, err
}

const (
	// refusedMounts is how many mounts the registry may refuse before the client stops asking for
	// them. A single layer may just be missing. One mount that works lifts the limit.
	refusedMounts = 3
	// failedMounts is how many mounts may fail, with a 500 for instance, before a failure counts as
	// a refusal. One mount that works lifts that limit too.
	failedMounts = 2
)

// mounts counts mounts by their source and target, and by their target alone. The zero value is
// ready to use.
type mounts struct {
	mu    sync.Mutex
	known map[[2]oci.Repository]*mounting
}

// mounting counts mounts by their outcome.
type mounting struct{ worked, refused, failed int }

// hopeless reports whether the registry mounts nothing into a repository, or nothing from the other
// one.
func (m *mounts) hopeless(from, to oci.Repository) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, of := range m.of(from, to) {
		if of.worked == 0 && of.refused >= refusedMounts {
			return true
		}
	}
	return false
}

func (m *mounts) worked(from, to oci.Repository) {
	m.note(from, to, func(of *mounting) { of.worked++ })
}

func (m *mounts) refused(from, to oci.Repository) {
	m.note(from, to, func(of *mounting) { of.refused++ })
}

// failsAgain counts a failure that may pass, and reports whether there were too many to ask again.
func (m *mounts) failsAgain(from, to oci.Repository) bool {
	m.note(from, to, func(of *mounting) { of.failed++ })
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, of := range m.of(from, to) {
		if of.worked == 0 && of.failed >= failedMounts {
			return true
		}
	}
	return false
}

func (m *mounts) note(from, to oci.Repository, count func(*mounting)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, of := range m.of(from, to) {
		count(of)
	}
}

// of returns the two counts that a mount belongs to. The caller holds the mutex.
func (m *mounts) of(from, to oci.Repository) (all [2]*mounting) {
	if m.known == nil {
		m.known = map[[2]oci.Repository]*mounting{}
	}
	for i, key := range [][2]oci.Repository{{from, to}, {"", to}} {
		if m.known[key] == nil {
			m.known[key] = new(mounting)
		}
		all[i] = m.known[key]
	}
	return all
}
