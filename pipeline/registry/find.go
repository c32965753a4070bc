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
	"dagger/eval-images/redact"
	"dagger/eval-images/reference"
)

// manifestTypes are what is asked for: the manifests of images, and also the indexes that this
// package does not read. A registry that may not give an index answers as if there were nothing.
var manifestTypes = []string{
	string(types.OCIManifestSchema1), string(types.DockerManifestSchema2), string(types.OCIImageIndex), string(types.DockerManifestList),
}

var (
	// ErrNoImage says that what a reference names is no image: most likely an index of images for
	// several platforms.
	ErrNoImage = errors.New("not an image")
	// ErrElsewhere says that a reference is to another registry than the client's.
	ErrElsewhere = errors.New("in another registry")
)

// Find tells whether the registry has an image, with one request.
//
// It asks for the manifest rather than for its head, because the manifest's annotations tell what
// the image is. Docker Hub counts that as a pull. With [Access.Heads] it asks for the head there,
// unless the reference has a digest: a head would add nothing to that.
//
// An index is found too, without labels: the module publishes none, so somebody else has the name.
func (c *Client) Find(ctx context.Context, image string) (Found, error) {
	ref, err := c.parse(image)
	if err != nil {
		return Found{}, err
	}
	if _, byDigest := ref.(name.Digest); c.access.Heads && reference.AtDockerHub(image) && !byDigest {
		return c.head(ctx, ref)
	}
	found, err := c.findImage(ctx, ref)
	var index *indexError
	if errors.As(err, &index) {
		return Found{Digest: index.digest}, nil
	}
	return found, err
}

// FindImage is [Client.Find] for an image only: an index is [ErrNoImage].
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
	return Found{Digest: got.digest.String(), Annotations: got.Annotations}, nil
}

// Head asks for the head of a manifest only.
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
		return Found{}, fmt.Errorf("asking for %s: the registry gives no digest: %s", ref, redact.Line(err.Error()))
	}
	return Found{Digest: digest.String(), HeadOnly: true}, nil
}

// imageManifest is an image's manifest, and its digest.
type imageManifest struct {
	v1.Manifest
	raw    []byte // as the registry gave it
	digest v1.Hash
}

// known is an image's manifest, which is not read again if it was read lately by a digest.
func (c *Client) known(ctx context.Context, ref name.Reference) (*imageManifest, error) {
	if m, ok := c.manifests.Get(ref.Name()); ok {
		return m, nil
	}
	return c.manifest(ctx, ref)
}

// manifest reads an image's manifest; the error is [classify.ErrAbsent] if there is none.
func (c *Client) manifest(ctx context.Context, ref name.Reference) (*imageManifest, error) {
	got, err := c.ask(ctx, http.MethodGet, repositoryOf(ref), "manifests/"+ref.Identifier(), content{accept: manifestTypes}, http.StatusOK, http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	if got.status == http.StatusNotFound {
		return nil, classify.ErrAbsent
	}
	m, err := readManifest(ref, got.body, got.header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	c.manifests.Add(ref.Context().Digest(m.digest.String()).Name(), m)
	return m, nil
}

// readManifest reads what a registry gives for a reference.
func readManifest(ref name.Reference, body []byte, contentType string) (*imageManifest, error) {
	m := &imageManifest{raw: body, digest: digestOf(body)}
	if digest, ok := ref.(name.Digest); ok && digest.DigestStr() != m.digest.String() {
		return nil, fmt.Errorf("reading %s: what the registry gives has the digest %s", ref, m.digest)
	}
	if err := decode(body, &m.Manifest); err != nil {
		return nil, fmt.Errorf("reading the manifest of %s: %w", ref, err)
	}
	if m.MediaType == "" { // OCI leaves it to the header.
		m.MediaType = types.MediaType(contentType)
	}
	if !m.MediaType.IsImage() {
		err := fmt.Errorf("%w: the media type of %s is %s", ErrNoImage, ref, redact.Quote(string(m.MediaType)))
		if m.MediaType.IsIndex() {
			return nil, &indexError{error: err, digest: m.digest.String()}
		}
		return nil, err
	}
	return m, nil
}

// indexError is [ErrNoImage] for an index, whose digest it knows.
type indexError struct {
	error
	digest string
}

// Unwrap gives the error.
func (e *indexError) Unwrap() error { return e.error }

// check says whether the manifest names all that its image is made of.
func (m *imageManifest) check() error {
	for _, of := range append([]v1.Descriptor{m.Config}, m.Layers...) {
		if of.Digest == (v1.Hash{}) {
			return errors.New("its manifest has a config or a layer without a digest")
		}
	}
	return nil
}

// parse reads a reference, which must be to the client's registry. What has a digest and a tag goes
// by its digest.
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
