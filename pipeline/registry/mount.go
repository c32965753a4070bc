package registry

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
)

// mount makes a layer of one repository a layer of another. Registries refuse that in many ways,
// 401 and 403 among them. Then the layer is copied, unless the repository has it already. Only a
// registry that refuses a plain upload as well refuses the credentials.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#mounting-a-blob-from-another-repository
func (c *Client) mount(ctx context.Context, to repository, layer Layer) error {
	if layer.in == to {
		return nil
	}
	if c.mounts.hopeless(layer.in, to) {
		return c.carry(ctx, to, layer, nil)
	}
	query := url.Values{"mount": {layer.descriptor.Digest.String()}, "from": {layer.in.String()}}
	got, err := c.ask(ctx, http.MethodPost, to, "blobs/uploads/", content{query: query}, stored...)
	switch {
	case err == nil && got.status == http.StatusCreated:
		c.mounts.worked(layer.in, to)
		return nil
	case err != nil && !Refused(err) && !c.mounts.failsAgain(layer.in, to):
		return err
	}
	if err := c.carry(ctx, to, layer, got); err != nil {
		return err // Who refuses everything, as in an outage, has said nothing of mounts.
	}
	c.mounts.refused(layer.in, to)
	return nil
}

// Bring has all layers of an image, or of an index's image for a platform, in the repository of
// another reference.
func (c *Client) Bring(ctx context.Context, from, to, platform string) error {
	ref, err := c.parse(to)
	if err != nil {
		return err
	}
	image, err := c.ImageFor(ctx, from, platform)
	if err != nil {
		return err
	}
	for _, descriptor := range image.manifest.Layers {
		layer := Layer{in: image.repository, descriptor: descriptor}
		_, _, err := c.once(ctx, repositoryOf(ref), descriptor.Digest, func() error { return c.mount(ctx, repositoryOf(ref), layer) })
		if err != nil {
			return err
		}
	}
	return nil
}

// carry copies a layer to a repository that lacks it. The answer to a mount may be the beginning of
// that upload; nil, if there is none.
func (c *Client) carry(ctx context.Context, to repository, layer Layer, begun *answer) error {
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
		begun = nil // It is none of the registry's.
	}
	return c.copyLayer(ctx, to, layer, begun)
}

// has says whether a repository has a layer.
func (c *Client) has(ctx context.Context, in repository, layer Layer) (bool, error) {
	_, err := c.ask(ctx, http.MethodHead, in, "blobs/"+layer.descriptor.Digest.String(), content{}, http.StatusOK)
	if Refused(err) {
		return false, nil
	}
	return err == nil, err
}

// Refused says whether a registry refuses a request for good: not for a limit, a full disk or a
// fault of its own.
func Refused(err error) bool {
	var answer *StatusError
	return errors.As(err, &answer) && answer.Status >= 400 && answer.Status < 500 && answer.Status != http.StatusRequestTimeout &&
		!answer.Limited && !answer.Full
}

const (
	// refusedMounts is how many mounts a registry may refuse before the client stops asking. A
	// single layer may just be missing. One mount that works lifts the limit.
	refusedMounts = 3
	// failedMounts is how many mounts may fail, with 500 for instance, before that counts as a
	// refusal. One mount that works lifts it too.
	failedMounts = 2
)

// mounts counts a registry's mounts by their source and target, and by their target alone. Its zero
// value is ready to use.
type mounts struct {
	mu    sync.Mutex
	known map[[2]repository]*mounting
}

// mounting counts mounts by how they ended.
type mounting struct{ worked, refused, failed int }

// hopeless says whether the registry mounts nothing in a repository, or nothing from the other one.
func (m *mounts) hopeless(from, to repository) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, of := range m.of(from, to) {
		if of.worked == 0 && of.refused >= refusedMounts {
			return true
		}
	}
	return false
}

func (m *mounts) worked(from, to repository) { m.note(from, to, func(of *mounting) { of.worked++ }) }

func (m *mounts) refused(from, to repository) { m.note(from, to, func(of *mounting) { of.refused++ }) }

// failsAgain counts a failure that may pass, and says whether it failed too often for that.
func (m *mounts) failsAgain(from, to repository) bool {
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

func (m *mounts) note(from, to repository, count func(*mounting)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, of := range m.of(from, to) {
		count(of)
	}
}

// of returns the two counts that a mount belongs to. The caller holds the mutex.
func (m *mounts) of(from, to repository) (all [2]*mounting) {
	if m.known == nil {
		m.known = map[[2]repository]*mounting{}
	}
	for i, key := range [][2]repository{{from, to}, {"", to}} {
		if m.known[key] == nil {
			m.known[key] = new(mounting)
		}
		all[i] = m.known[key]
	}
	return all
}
