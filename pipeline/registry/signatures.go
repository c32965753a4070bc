package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/signature"
)

// maxSignatures bounds the signatures that are checked in each of the two places where cosign puts
// them.
const maxSignatures = 16

// Signatures checks the signatures that cosign put beside images in the client's registry. It is a
// [run.Signatures].
//
// A signature of cosign before v3 takes two requests. A bundle of cosign v3 takes four, and one
// more if the registry does not know referrers.
type Signatures struct {
	// Client of the registry that has the images.
	Client *Client
	// Key that must have made the signatures.
	Key *signature.Key
}

// Verify returns nil if an image carries at least one signature by the key, and a
// [*classify.UnsignedError] if not. The reference must have a digest.
func (s *Signatures) Verify(ctx context.Context, reference string) error {
	ref, err := s.Client.parse(reference)
	if err != nil {
		return err
	}
	image, ok := ref.(name.Digest)
	if !ok {
		return fmt.Errorf("%s has no digest", reference)
	}
	look := &look{
		Signatures: s, in: repositoryOf(ref),
		image: signature.Image{Repository: ref.Context().Name(), Digest: image.DigestStr()},
	}
	for _, place := range []func(context.Context) (bool, error){look.besides, look.refers} {
		if signed, err := place(ctx); err != nil || signed {
			return err
		}
	}
	return &classify.UnsignedError{Reference: reference, Reason: look.reason()}
}

// look is the search for one image's signatures.
type look struct {
	*Signatures
	in    oci.Repository
	image signature.Image
	// seen counts the signatures.
	seen int
	// why a signature does not count. [signature.ErrOtherKey] is kept only if there is no other
	// reason.
	why error
}

// besides looks where cosign before v3 puts signatures by default: in the layers of an image with
// the tag "sha256-{hex}.sig".
// https://github.com/sigstore/cosign/blob/v2.6.5/specs/SIGNATURE_SPEC.md
func (l *look) besides(ctx context.Context) (bool, error) {
	manifest, err := l.manifest(ctx, l.tag()+".sig")
	if err != nil {
		return false, err
	}
	return l.any(ctx, manifest, signature.PayloadType, func(of v1.Descriptor, payload []byte) error {
		return l.Key.CheckPayload(payload, of.Annotations[signature.SignatureAnnotation], l.image)
	})
}

// refers looks where cosign v3 puts signatures: in artifacts that refer to the image, with a bundle
// in each.
// https://github.com/sigstore/cosign/blob/v3.1.3/specs/BUNDLE_SPEC.md
func (l *look) refers(ctx context.Context) (bool, error) {
	index, err := l.referrers(ctx)
	if err != nil {
		return false, err
	}
	for _, artifact := range index[:min(len(index), maxSignatures)] {
		manifest, err := l.manifest(ctx, artifact.Digest.String())
		if err != nil {
			return false, err
		}
		signed, err := l.any(ctx, manifest, signature.BundleType, func(_ v1.Descriptor, bundle []byte) error {
			return l.Key.CheckBundle(bundle, l.image)
		})
		if err != nil || signed {
			return signed, err
		}
	}
	return false, nil
}

// referrers are the artifacts that may have a bundle. In a registry that does not know referrers,
// an index with the tag "sha256-{hex}" lists them.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#listing-referrers
func (l *look) referrers(ctx context.Context) ([]v1.Descriptor, error) {
	send := content{
		accept: []string{string(types.OCIImageIndex)}, query: url.Values{"artifactType": {signature.BundleType}},
	}
	unknown := []int{http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed}
	got, err := l.Client.ask(ctx, http.MethodGet, l.in, "referrers/"+l.image.Digest, send, append(unknown, http.StatusOK)...)
	if err == nil && got.status != http.StatusOK {
		send.query = nil
		got, err = l.Client.ask(ctx, http.MethodGet, l.in, "manifests/"+l.tag(), send, http.StatusOK, http.StatusNotFound)
	}
	if err != nil || got.status != http.StatusOK {
		return nil, err
	}
	var index v1.IndexManifest
	if err := oci.Decode(got.body, &index); err != nil {
		return nil, fmt.Errorf("reading the referrers of %s: %w", l.image.Digest, err)
	}
	return slices.DeleteFunc(index.Manifests, func(of v1.Descriptor) bool { return !mayBeBundle(of) }), nil
}

// mayBeBundle reports whether an artifact may have a bundle. With cosign v2, its type is that of
// its empty config.
func mayBeBundle(of v1.Descriptor) bool {
	types := []string{"", signature.BundleType, "application/vnd.oci.empty.v1+json"}
	return slices.Contains(types, of.ArtifactType) && of.Digest != v1.Hash{}
}

// any reports whether one of the layers with this media type passes the check.
func (l *look) any(
	ctx context.Context, manifest *v1.Manifest, media types.MediaType, check func(of v1.Descriptor, content []byte) error,
) (bool, error) {
	for _, layer := range manifest.Layers[:min(len(manifest.Layers), maxSignatures)] {
		if layer.MediaType != media || layer.Digest == (v1.Hash{}) || layer.Size > signature.MaxPayload {
			continue
		}
		got, err := l.Client.ask(ctx, http.MethodGet, l.in, "blobs/"+layer.Digest.String(), content{}, http.StatusOK, http.StatusNotFound)
		if err != nil {
			return false, err
		}
		if got.status != http.StatusOK {
			continue
		}
		l.seen++
		err = check(layer, got.body)
		if err == nil {
			return true, nil
		}
		if l.why == nil || !errors.Is(err, signature.ErrOtherKey) {
			l.why = err
		}
	}
	return false, nil
}

// manifest reads a manifest with signatures. It is empty if there is none. The client does not
// remember it: it remembers images only.
func (l *look) manifest(ctx context.Context, identifier string) (*v1.Manifest, error) {
	accept := []string{string(types.OCIManifestSchema1), string(types.DockerManifestSchema2)}
	got, err := l.Client.ask(ctx, http.MethodGet, l.in, "manifests/"+identifier, content{accept: accept}, http.StatusOK, http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	manifest := new(v1.Manifest)
	if got.status != http.StatusOK {
		return manifest, nil
	}
	if err := oci.Decode(got.body, manifest); err != nil {
		return nil, fmt.Errorf("reading the signatures of %s: %w", l.image.Digest, err)
	}
	return manifest, nil
}

// tag is the image's digest in the form of a tag.
func (l *look) tag() string { return strings.Replace(l.image.Digest, ":", "-", 1) }

// reason says why the image does not count as signed.
func (l *look) reason() string {
	switch l.seen {
	case 0:
		return "it carries no signature"
	case 1:
		return fmt.Sprintf("it carries a signature, but %s", l.why)
	default:
		return fmt.Sprintf("it carries %d signatures; of one of them, %s", l.seen, l.why)
	}
}
