package pipeline

import (
	"cmp"
	"regexp"

	"dagger/eval-images/reference"
)

// Labels of the images, as the annotations of the same names are defined:
// https://github.com/opencontainers/image-spec/blob/v1.1.0/annotations.md#pre-defined-annotation-keys
const (
	LabelBaseName   = "org.opencontainers.image.base.name"
	LabelBaseDigest = "org.opencontainers.image.base.digest"
	LabelRevision   = "org.opencontainers.image.revision"
	// LabelOfficialDigest is this project's own: the digest of the official image below.
	LabelOfficialDigest = "eval-images.official.digest"
	// LabelWrap is this project's own: the key of the wrap that a base image has, and so the agent image on
	// it, or "none".
	LabelWrap = "eval-images.wrap"
)

// Labels say what the image is made of; identity is the SDK's. An image is labelled with what it stands on
// directly: a base image with its official image, an agent image with its base image.
func (i Image) Labels(identity string) map[string]string {
	_, official := reference.CutDigest(i.Official)
	wrap := cmp.Or(i.Wrap.key(), noWrap) // Said in any case: an official image may bring a label of that name along.
	switch i.Phase {
	case PhaseBase:
		name, digest := reference.CutDigest(i.Official)
		return map[string]string{LabelBaseName: name, LabelBaseDigest: digest, LabelOfficialDigest: official, LabelWrap: wrap}
	case PhaseAssemble:
		name, digest := reference.CutDigest(i.Base)
		return map[string]string{
			LabelBaseName: name, LabelBaseDigest: digest, LabelOfficialDigest: official, LabelWrap: wrap, LabelRevision: identity,
		}
	default:
		return map[string]string{LabelRevision: identity}
	}
}

// sha256Digest is what a digest of an image is.
var sha256Digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// DigestIn is the digest that a label or an annotation of this name has. Empty: there is none, or something
// else, since anybody may have written it.
func DigestIn(labels map[string]string, name string) string {
	if digest := labels[name]; sha256Digest.MatchString(digest) {
		return digest
	}
	return ""
}

// LayerReference names the image of nothing but the layer that agent images get from this builder, a reference
// with its digest. It is kept beside the builder, and its name says which builder and which assembly it is of.
func LayerReference(builder string) string {
	name, digest := reference.CutDigest(builder)
	return name + "-layer-" + keyOf([]string{digest, DefaultAssembly.key()})
}
