package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/redact"
	"dagger/eval-images/reference"
)

// Found is a manifest that a registry has.
type Found struct {
	// Digest of the manifest, "sha256:…".
	Digest string
	// Annotations of the manifest. Nil for an index, and for a head.
	Annotations map[string]string
	// HeadOnly says that only the head was asked for, which tells the digest and nothing else.
	HeadOnly bool
}

// manifestTypes are the media types that requests for manifests accept. Indexes are among them: a
// registry that has an index, and may not send it, answers as if it had nothing.
var manifestTypes = []string{
	string(types.OCIManifestSchema1), string(types.DockerManifestSchema2), string(types.OCIImageIndex), string(types.DockerManifestList),
}

// ErrElsewhere says that a reference is to another registry than the client's.
var ErrElsewhere = errors.New("in another registry")

// Find asks the registry for an image, with one request. The error is [classify.ErrAbsent] if the
// registry has none.
//
// It asks for the whole manifest, because the annotations tell what the image is. Docker Hub counts
// that as a pull: with [Access.Heads], Find asks it for the head only, unless the reference has a
// digest, which is all that a head tells.
//
// An index is found as well, without annotations. The module publishes none: somebody else uses the
// name.
func (c *Client) Find(ctx context.Context, image string) (Found, error) {
	ref, err := c.parse(image)
	if err != nil {
		return Found{}, err
	}
	if _, byDigest := ref.(name.Digest); c.access.Heads && reference.AtDockerHub(image) && !byDigest {
		return c.head(ctx, ref)
	}
	found, err := c.findImage(ctx, ref)
	var index *oci.IndexError
	if errors.As(err, &index) {
		return Found{Digest: index.Digest}, nil
	}
	return found, err
}

// FindImage is [Client.Find] for images only: an index is [oci.ErrNoImage].
func (c *Client) FindImage(ctx context.Context, image string) (Found, error) {
	ref, err := c.parse(image)
	if err != nil {
		return Found{}, err
	}
	return c.findImage(ctx, ref)
}

func (c *Client) findImage(ctx context.Context, ref name.Reference) (Found, error) {
	got, err := c.manifest(ctx, ref)
	if err != nil {
		return Found{}, err
	}
	return Found{Digest: got.Digest.String(), Annotations: got.Annotations}, nil
}

// Head is [Client.Find] by the head of the manifest.
func (c *Client) Head(ctx context.Context, image string) (Found, error) {
	ref, err := c.parse(image)
	if err != nil {
		return Found{}, err
	}
	return c.head(ctx, ref)
}

func (c *Client) head(ctx context.Context, ref name.Reference) (Found, error) {
	got, err := c.ask(ctx, http.MethodHead, repositoryOf(ref), "manifests/"+ref.Identifier(), content{accept: manifestTypes}, http.StatusOK, http.StatusNotFound)
	if err != nil {
		return Found{}, err
	}
	if got.status == http.StatusNotFound {
		return Found{}, classify.ErrAbsent
	}
	digest, err := v1.NewHash(got.header.Get("Docker-Content-Digest"))
	if err != nil {
		return Found{}, fmt.Errorf("asking for %s: the answer has no digest: %s", ref, redact.Line(err.Error()))
	}
	return Found{Digest: digest.String(), HeadOnly: true}, nil
}

// parse parses a reference, which must be to the client's registry. If it has both a tag and a
// digest, the digest counts.
func (c *Client) parse(reference string) (name.Reference, error) {
	ref, err := parseReference(reference)
	if err != nil {
		return nil, err
	}
	if ref.Context().Registry != c.host {
		return nil, fmt.Errorf("%s is %w than %s", reference, ErrElsewhere, c.host.Name())
	}
	return ref, nil
}
