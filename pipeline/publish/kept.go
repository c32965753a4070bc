package publish

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"dagger/eval-images/pipeline/evidence"
	"dagger/eval-images/pipeline/memo"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/status"
)

// Kept evidence is an artifact beside the base images, one for each official image: a blob for each
// of its layers, in their order. Layers that images share have one blob.
const (
	keptType      = "application/vnd.eval-images.evidence.v1"
	keptBlobType  = keptType + "+gzip"
	keptReading   = "eval-images.evidence.reading" // has [evidence.Reading]
	keptLayer     = "eval-images.evidence.layer"   // on a blob: the layer's digest
	keptTagDigits = 32
)

// keptTag is the tag of what is kept of an official image, which is given by its digest. The
// artifact has the whole digest.
func keptTag(digest v1.Hash) string {
	return "evidence-" + digest.Hex[:min(keptTagDigits, len(digest.Hex))]
}

// keptEvidence knows what is kept already.
type keptEvidence struct {
	// images by their repositories and digests.
	images memo.Group[struct{}]
	// blobs by the repositories and the digests of the layers that they are about.
	blobs memo.Group[v1.Descriptor]
	// read are blobs that were read, by their digests.
	read memo.Group[*evidence.Layer]
	// coding is held by who encodes or decodes: that takes many times the memory of what is kept.
	coding sync.Mutex
	// refused says that the registry takes no such artifacts.
	refused atomic.Bool
}

// recall looks for what an earlier run learned of an image's layers, in the image's repository. An
// artifact that is absent, or is not as this program writes it, changes nothing: the layers are
// read then. Whoever may push to the repository could have written it, as he could the base images.
func (e *Evidence) recall(ctx context.Context, image *oci.Image) error {
	_, known := e.kept.images.Known(keptAt(image, image.Digest()))
	if known || e.Client.CountsPulls() { // A layer costs no pull, the artifact does.
		return nil
	}
	artifact, err := e.Client.Artifact(ctx, image.Repository, keptTag(image.Manifest.Digest))
	if err != nil {
		return fmt.Errorf("reading the evidence of %s: %w", image.Digest(), err)
	}
	if !isKept(artifact, image) {
		return fmt.Errorf("reading the evidence of %s: it is another one's", image.Digest())
	}
	for n, blob := range artifact.Blobs {
		if err := e.recallLayer(ctx, image, n, blob); err != nil {
			return fmt.Errorf("reading the evidence of layer %d of %s: %w", n+1, image.Digest(), err)
		}
	}
	_, _, err = e.kept.images.Do(ctx, keptAt(image, image.Digest()), func() (struct{}, error) { return struct{}{}, nil })
	return err
}

// isKept reports whether an artifact has what is kept of an image, by this version.
func isKept(artifact oci.Artifact, image *oci.Image) bool {
	if artifact.Type != keptType || artifact.Annotations[keptReading] != strconv.Itoa(evidence.Reading) ||
		artifact.Annotations[plan.LabelOfficialDigest] != image.Digest() || len(artifact.Blobs) != len(image.Manifest.Layers) {
		return false
	}
	for n, blob := range artifact.Blobs {
		if blob.Annotations[keptLayer] != image.Manifest.Layers[n].Digest.String() {
			return false
		}
	}
	return true
}

// keptAt is the key of something that is kept in an image's repository.
func keptAt(image *oci.Image, digest string) string { return string(image.Repository) + "@" + digest }

// recallLayer takes over what is kept of the nth layer of an image, unless the layer is known.
func (e *Evidence) recallLayer(ctx context.Context, image *oci.Image, n int, blob v1.Descriptor) error {
	digest := image.Manifest.Layers[n].Digest.String()
	if _, known := e.layers.Known(digest); !known {
		read, _, err := e.kept.read.Do(ctx, blob.Digest.String(), func() (*evidence.Layer, error) {
			data, err := e.Client.Blob(ctx, image.Repository, blob.Digest)
			if err != nil {
				return nil, err
			}
			e.kept.coding.Lock()
			defer e.kept.coding.Unlock()
			return evidence.ReadKept(data)
		})
		if err != nil {
			return err
		}
		if want := image.Config.RootFS.DiffIDs[n].String(); read.DiffID != want {
			return fmt.Errorf("it is of a layer with the diff ID %s, and not %s", read.DiffID, want)
		}
		if _, _, err := e.layers.Do(ctx, digest, func() (*evidence.Layer, error) { return read, nil }); err != nil {
			return err
		}
	}
	// The descriptor may have more than is needed.
	_, _, err := e.kept.blobs.Do(ctx, keptAt(image, digest), func() (v1.Descriptor, error) {
		return v1.Descriptor{Digest: blob.Digest, Size: blob.Size}, nil
	})
	return err
}

// keep publishes what is known of an image's layers, in the image's repository, unless that was
// recalled or kept before. It keeps nothing of an image with a layer that could not be read.
func (e *Evidence) keep(ctx context.Context, image *oci.Image) error {
	if e.kept.refused.Load() || e.Client.CountsPulls() || len(image.Manifest.Layers) == 0 {
		return nil
	}
	_, _, err := e.kept.images.Do(ctx, keptAt(image, image.Digest()), func() (none struct{}, err error) {
		artifact := oci.Artifact{Type: keptType, Annotations: map[string]string{
			keptReading: strconv.Itoa(evidence.Reading), plan.LabelOfficialDigest: image.Digest(),
		}}
		for _, layer := range image.Manifest.Layers {
			blob, err := e.keepLayer(ctx, image, layer.Digest.String())
			if err != nil {
				return none, err
			}
			artifact.Blobs = append(artifact.Blobs, blob)
		}
		return none, e.Client.PutArtifact(ctx, image.Repository, keptTag(image.Manifest.Digest), artifact)
	})
	if err != nil {
		e.kept.refused.CompareAndSwap(false, status.Refused(err))
		return fmt.Errorf("keeping the evidence of %s: %w", image.Digest(), err)
	}
	return nil
}

// keepLayer uploads what is known of a layer, once for all images that have it.
func (e *Evidence) keepLayer(ctx context.Context, image *oci.Image, digest string) (v1.Descriptor, error) {
	layer, known := e.layers.Known(digest)
	if !known {
		return v1.Descriptor{}, fmt.Errorf("the layer %s was not read", digest)
	}
	blob, _, err := e.kept.blobs.Do(ctx, keptAt(image, digest), func() (v1.Descriptor, error) {
		e.kept.coding.Lock()
		data, ok := layer.Keep()
		e.kept.coding.Unlock()
		if !ok {
			return v1.Descriptor{}, fmt.Errorf("nothing is known of the layer %s", digest)
		}
		return e.Client.PutBlob(ctx, image.Repository, data)
	})
	blob.MediaType, blob.Annotations = keptBlobType, map[string]string{keptLayer: digest}
	return blob, err
}
