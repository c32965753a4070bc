package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Put publishes a composed image under a reference: its layers are mounted, or copied where the
// registry does not mount them, its config is uploaded, and its manifest put by its digest first
// and then by the reference, which so never names something incomplete. What this client put in the
// repository before is not put there again, unless the registry has lost it: then all of the image
// is put anew, once.
func (c *Client) Put(ctx context.Context, image *Composed, reference string) error {
	ref, err := c.parse(reference)
	if err != nil {
		return err
	}
	remembered, err := c.put(ctx, image, ref)
	if remembered && lacksBlob(err) {
		_, err = c.put(ctx, image, ref)
	}
	return err
}

// put uploads the parts of an image that the client has not uploaded yet, and reports whether it
// left any out as uploaded before. If the registry says that a blob is missing, the client forgets
// all parts of the image.
func (c *Client) put(ctx context.Context, image *Composed, ref name.Reference) (remembered bool, err error) {
	to := repositoryOf(ref)
	var known []known
	defer func() {
		if lacksBlob(err) {
			c.forget(known)
		}
	}()
	once := func(digest v1.Hash, put func() error) error {
		one, mine, err := c.once(ctx, to, digest, put)
		known, remembered = append(known, one), remembered || err == nil && !mine
		return err
	}
	for _, layer := range image.layers {
		if err := once(layer.descriptor.Digest, func() error { return c.mount(ctx, to, layer) }); err != nil {
			return remembered, fmt.Errorf("mounting the layer %s: %w", layer.descriptor.Digest, err)
		}
	}
	err = once(image.configDigest, func() error { return c.upload(ctx, to, image.config, image.configDigest) })
	if err != nil {
		return remembered, fmt.Errorf("uploading the config: %w", err)
	}
	err = once(image.manifestDigest, func() error {
		_, err := c.putManifest(ctx, image, ref.Context().Digest(image.Digest()))
		return err
	})
	if err != nil {
		return remembered, fmt.Errorf("putting the manifest: %w", err)
	}
	if err := c.tag(ctx, image, ref); err != nil {
		return remembered, fmt.Errorf("tagging the manifest: %w", err)
	}
	return remembered, nil
}

// known is something that this client put in a repository.
type known struct {
	key string
	// put is the one time that it was put there.
	put *putting
}

// putting is not empty, so that each has an address of its own.
type putting struct{ _ byte }

// once puts something in a repository, unless this client did so before. Mine reports whether this
// call put it.
func (c *Client) once(ctx context.Context, in repository, digest v1.Hash, put func() error) (one known, mine bool, err error) {
	one.key = string(in) + "@" + digest.String()
	one.put, mine, err = c.blobs.Do(ctx, one.key, func() (*putting, error) { return new(putting), put() })
	return one, mine, err
}

// forget has these put again by whoever needs them next, unless somebody did so meanwhile.
func (c *Client) forget(all []known) {
	for _, one := range all {
		c.blobs.Forget(one.key, func(put *putting) bool { return put == one.put })
	}
}

// lacksBlob says whether a registry refuses a manifest because it lacks what the manifest names.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#error-codes
func lacksBlob(err error) bool {
	var answer *StatusError
	return errors.As(err, &answer) && answer.Method == http.MethodPut && strings.Contains(answer.Path, "/manifests/") &&
		strings.Contains(answer.Reason, "BLOB_UNKNOWN")
}

// giveUp tells the registry that an upload will not go on. It would find out by itself, later: so
// nothing follows from its answer. Another host is not told: the [route] refuses that.
func (c *Client) giveUp(ctx context.Context, begun *answer) {
	if place, err := begun.location(); err == nil {
		_, _ = c.sendOnce(ctx, http.MethodDelete, place, content{}, http.StatusNoContent)
	}
}

// upload uploads a blob in one piece.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#post-then-put
func (c *Client) upload(ctx context.Context, to repository, blob []byte, digest v1.Hash) error {
	begun, err := c.ask(ctx, http.MethodPost, to, "blobs/uploads/", content{}, stored...)
	if err != nil {
		return err
	}
	place, err := begun.location()
	if err != nil {
		return err
	}
	_, err = c.send(ctx, http.MethodPut, place, content{
		body: blob, media: octets, query: url.Values{"digest": {digest.String()}},
	}, stored...)
	return err
}

// location is where an upload goes on.
func (a *answer) location() (*url.URL, error) {
	location := a.header.Get("Location")
	if location == "" {
		return nil, errors.New("the registry does not say where the upload goes on")
	}
	place, err := a.url.Parse(location)
	if err != nil { // Without the place itself: its query may be a signature.
		return nil, fmt.Errorf("the registry gives no address where the upload goes on: %w", presentable(err))
	}
	return place, nil
}

// stored are the statuses that mean success. The specification has 202 for the beginning of an
// upload, and 201 for what is put. Quay answered 202 to that.
var stored = []int{http.StatusCreated, http.StatusOK, http.StatusAccepted}

func (c *Client) putManifest(ctx context.Context, image *Composed, ref name.Reference) (*answer, error) {
	return c.ask(ctx, http.MethodPut, repositoryOf(ref), "manifests/"+ref.Identifier(), content{
		body: image.manifest, media: string(image.media),
	}, stored...)
}
