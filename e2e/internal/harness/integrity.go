package harness

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
)

// Labels of an image, as its manifest's annotations have them too.
const (
	labelBaseName       = "org.opencontainers.image.base.name"
	labelBaseDigest     = "org.opencontainers.image.base.digest"
	labelRevision       = "org.opencontainers.image.revision"
	labelOfficialDigest = "eval-images.official.digest"
)

// AssertIntegrity asserts that no tag of the target's repositories names an image that is
// incomplete, or another one than its name says. That must hold at any time, whatever ended a run.
func (g Target) AssertIntegrity(t *testing.T) {
	t.Helper()
	assert.Empty(t, g.Broken(t), "a tag names an image that is not what it should be")
}

// Broken walks every tag of the target's repositories, and says what is wrong with the images that
// they name.
func (g Target) Broken(t *testing.T) (wrong []string) {
	t.Helper()
	added := map[string]string{} // the agent layer, by the SDK
	for _, kind := range []string{"builder", "base", "agent"} {
		for _, tag := range slices.DeleteFunc(Tags(t, g.Prefix+"/"+kind), isEvidence) {
			at := Reference(t, fmt.Sprintf("%s/%s/%s:%s", g.Registry, g.Prefix, kind, tag))
			if err := g.inspect(t, kind, at, added); err != nil {
				wrong = append(wrong, fmt.Sprintf("%s:%s: %v", kind, tag, err))
			}
		}
	}
	return wrong
}

// inspect looks at one image. A builder needs to be complete; the others have to stand on what
// their labels say as well.
func (g Target) inspect(t *testing.T, kind string, at name.Reference, added map[string]string) error {
	t.Helper()
	img, err := Complete(at)
	if err != nil || kind == "builder" {
		return err
	}
	own, err := labelsOf(img)
	if err != nil {
		return err
	}
	below := Reference(t, own[labelBaseName])
	onto, err := remote.Image(below.Context().Digest(own[labelBaseDigest]))
	if err != nil {
		return fmt.Errorf("reading what it stands on: %w", err)
	}
	all, under := Layers(t, img), Layers(t, onto)
	if len(all) < len(under) || !slices.Equal(under, all[:len(under)]) {
		return errors.New("its lowest layers are not those of what it says that it stands on")
	}
	if kind == "base" {
		return isBase(at, below, own)
	}
	return isAgent(at, below, own, onto, all[len(under):], added)
}

// isBase: the base image is named after the official image that it stands on.
func isBase(at, official name.Reference, own map[string]string) error {
	repository := official.Context().RepositoryStr()
	instance, custom := repository[strings.LastIndex(repository, "/")+1:], customOf(at.Identifier())
	if custom != instance {
		return fmt.Errorf("it stands on %s", official)
	}
	if own[labelOfficialDigest] != own[labelBaseDigest] {
		return fmt.Errorf("it names two official images: %s and %s", own[labelOfficialDigest], own[labelBaseDigest])
	}
	return nil
}

// isAgent: the agent image is its own base image, and the one layer that all agent images of that
// SDK have.
func isAgent(at, base name.Reference, own map[string]string, onto v1.Image, over []string, added map[string]string) error {
	if !strings.Contains(at.Identifier(), "-"+customOf(base.Identifier())+"-") {
		return fmt.Errorf("it stands on %s", base)
	}
	under, err := labelsOf(onto)
	if err != nil {
		return err
	}
	if under[labelOfficialDigest] != own[labelOfficialDigest] {
		return errors.New("it and its base image name two official images")
	}
	if len(over) != 1 {
		return fmt.Errorf("it has %d layers on its base image", len(over))
	}
	sdk := own[labelRevision]
	if known, ok := added[sdk]; ok && known != over[0] {
		return fmt.Errorf("its agent layer is %s, and another image's %s", over[0], known)
	}
	added[sdk] = over[0]
	return nil
}

// customOf is what a base image's tag has behind the Dockerfile's key. Tags that are shortened have
// it too, cut.
func customOf(baseTag string) string {
	_, custom, _ := strings.Cut(baseTag, "-")
	return custom
}

// Complete reads an image: the registry has its manifest and config, with the digests by which they
// go, and all its layers, as large as the manifest says.
func Complete(at name.Reference) (v1.Image, error) {
	img, err := remote.Image(at)
	if err != nil {
		return nil, fmt.Errorf("reading its manifest: %w", err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading its config: %w", err)
	}
	manifest, err := img.Manifest()
	if err != nil {
		return nil, err
	}
	if has := len(config.RootFS.DiffIDs); has != len(manifest.Layers) {
		return nil, fmt.Errorf("its config has %d layers, and its manifest %d", has, len(manifest.Layers))
	}
	for _, named := range manifest.Layers {
		layer, err := remote.Layer(at.Context().Digest(named.Digest.String()))
		if err != nil {
			return nil, err
		}
		size, err := layer.Size() // It asks for the head.
		if err != nil {
			return nil, fmt.Errorf("looking for its layer: %w", err)
		}
		if size != named.Size {
			return nil, fmt.Errorf("its layer %s has %d bytes, and should have %d", named.Digest, size, named.Size)
		}
	}
	return img, nil
}

// labelsOf are an image's labels, which its manifest's annotations repeat.
func labelsOf(img v1.Image) (map[string]string, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	manifest, err := img.Manifest()
	if err != nil {
		return nil, err
	}
	for _, label := range []string{labelBaseName, labelBaseDigest, labelOfficialDigest} {
		value := config.Config.Labels[label]
		if value == "" || value != manifest.Annotations[label] {
			return nil, fmt.Errorf("its label %s is %q, and the annotation %q", label, value, manifest.Annotations[label])
		}
	}
	return config.Config.Labels, nil
}
