package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Put publishes a composed image under a reference: its layers are mounted, or copied where the registry does
// not mount them, its config is uploaded, and its manifest put by its digest first and then by the reference,
// which so never names something incomplete. What this client put in the repository before is not put there
// again.
func (c *Client) Put(ctx context.Context, image *Composed, reference string) error {
	ref, err := c.parse(reference)
	if err != nil {
		return err
	}
	to := repositoryOf(ref)
	for _, layer := range image.layers {
		err := c.once(ctx, to, layer.descriptor.Digest, func() error { return c.mount(ctx, to, layer) })
		if err != nil {
			return fmt.Errorf("mounting the layer %s: %w", layer.descriptor.Digest, err)
		}
	}
	err = c.once(ctx, to, image.configDigest, func() error { return c.upload(ctx, to, image.config, image.configDigest) })
	if err != nil {
		return fmt.Errorf("uploading the config: %w", err)
	}
	byDigest := ref.Context().Digest(image.Digest())
	err = c.once(ctx, to, image.manifestDigest, func() error {
		_, err := c.putManifest(ctx, image, byDigest)
		return err
	})
	if err != nil {
		return fmt.Errorf("putting the manifest: %w", err)
	}
	if err := c.tag(ctx, image, ref); err != nil {
		return fmt.Errorf("tagging the manifest: %w", err)
	}
	return nil
}

// once puts something in a repository, unless this client did so before.
func (c *Client) once(ctx context.Context, in repository, digest v1.Hash, put func() error) error {
	_, _, err := c.blobs.Do(ctx, string(in)+"@"+digest.String(), func() (struct{}, error) { return struct{}{}, put() })
	return err
}

// giveUp tells the registry that an upload will not go on. It would find out by itself, later: so nothing follows from
// its answer. Another host is not told: the [route] refuses that.
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

// stored are the statuses that mean success. The specification has 202 for the beginning of an upload, and 201
// for what is put. Quay answered 202 to that.
var stored = []int{http.StatusCreated, http.StatusOK, http.StatusAccepted}

func (c *Client) putManifest(ctx context.Context, image *Composed, ref name.Reference) (*answer, error) {
	return c.ask(ctx, http.MethodPut, repositoryOf(ref), "manifests/"+ref.Identifier(), content{
		body: image.manifest, media: string(image.media),
	}, stored...)
}
