package registry

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
)

// ErrNoMount says that a registry does not mount a layer from another of its repositories. Somebody has to upload it.
var ErrNoMount = errors.New("the registry does not mount layers between repositories")

// mount makes a layer of one repository a layer of another. Registries refuse that in many ways, 401 and 403 among them. Only one that
// refuses a plain upload as well refuses the credentials.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#mounting-a-blob-from-another-repository
func (c *Client) mount(ctx context.Context, to repository, layer Layer) error {
	if layer.in == to {
		return nil
	}
	if c.mounts.hopeless(layer.in, to) {
		return c.present(ctx, to, layer)
	}
	query := url.Values{"mount": {layer.descriptor.Digest.String()}, "from": {layer.in.String()}}
	got, err := c.ask(ctx, http.MethodPost, to, "blobs/uploads/", content{query: query},
		http.StatusCreated, http.StatusAccepted, http.StatusOK)
	switch {
	case err == nil && got.status == http.StatusCreated:
		c.mounts.worked(layer.in, to)
		return nil
	case err == nil:
		c.giveUp(ctx, got) // The registry takes it for the beginning of an upload.
	case refused(err) || c.mounts.failsAgain(layer.in, to):
		if err := c.mayUpload(ctx, to); err != nil {
			return err
		}
	default:
		return err
	}
	c.mounts.refused(layer.in, to)
	return c.present(ctx, to, layer)
}

// mayUpload begins a plain upload and gives it up.
func (c *Client) mayUpload(ctx context.Context, to repository) error {
	begun, err := c.ask(ctx, http.MethodPost, to, "blobs/uploads/", content{}, stored...)
	if err != nil {
		return err
	}
	c.giveUp(ctx, begun)
	return nil
}

// present returns [ErrNoMount] unless the repository has the layer already: it does once anybody has uploaded an image with that layer.
func (c *Client) present(ctx context.Context, in repository, layer Layer) error {
	_, err := c.ask(ctx, http.MethodHead, in, "blobs/"+layer.descriptor.Digest.String(), content{}, http.StatusOK)
	if refused(err) {
		return ErrNoMount
	}
	return err
}

// refused says whether a registry refuses a request for good: not for a limit, a full disk or a fault of its own.
func refused(err error) bool {
	var answer *StatusError
	return errors.As(err, &answer) && answer.Status >= 400 && answer.Status < 500 && answer.Status != http.StatusRequestTimeout &&
		!answer.Limited && !answer.Full
}

const (
	// refusedMounts is how many mounts a registry may refuse before the client stops asking. A single layer may just be missing. One mount
	// that works lifts the limit.
	refusedMounts = 3
	// failedMounts is how many mounts may fail, with 500 for instance, before that counts as a refusal. One mount that works lifts it too.
	failedMounts = 2
)

// mounts counts a registry's mounts by their source and target, and by their target alone. Its zero value is ready to use.
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
	pair := m.of(from, to)[0]
	return pair.worked == 0 && pair.failed >= failedMounts
}

func (m *mounts) note(from, to repository, count func(*mounting)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, of := range m.of(from, to) {
		count(of)
	}
}

// of returns the two counts that a mount belongs to, that of the pair first. The caller holds the mutex.
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
