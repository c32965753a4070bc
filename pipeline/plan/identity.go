package plan

import (
	"cmp"

	"dagger/eval-images/dataset"
	"dagger/eval-images/reference"
)

// Platform of all images: SWE-bench's official images are built for it.
const Platform = "linux/amd64"

// Identity is what an image is: the whole of what its name shortens, and what its name leaves out.
// A plan has an identity for each image, and an image carries its own in labels and annotations. An
// empty part is unknown to the plan, or missing on the image.
type Identity struct {
	// Official is the official image under a base image and under the agent image on it: the name
	// as Docker writes it in full, without a digest.
	Official string
	// OfficialDigest is that image's digest, "sha256:…". A plan knows it only after
	// [run.Runner.Pin].
	OfficialDigest string
	// Revision is the SDK's commit, the digest of its files, or the caller's name for it, uncut.
	Revision string
	// Dockerfile is the SHA-256 of the SDK Dockerfile's text, 64 hexadecimal digits.
	Dockerfile string
	// Wrap is the key of the base image's wrap, 64 hexadecimal digits, or "none".
	Wrap string
	// Assembly is the key of what an agent image adds to its base, 64 hexadecimal digits.
	Assembly string
	// Builder is the digest of the builder that an agent layer comes from.
	Builder string
	// Platform is "linux/amd64".
	Platform string
}

// identityParts are the parts of an [Identity]: what people call each, its label, and where it
// stands.
var identityParts = []struct {
	name, label string
	of          func(*Identity) *string
}{
	{"official image", LabelOfficialName, func(i *Identity) *string { return &i.Official }},
	{"official image's digest", LabelOfficialDigest, func(i *Identity) *string { return &i.OfficialDigest }},
	{"SDK", LabelRevision, func(i *Identity) *string { return &i.Revision }},
	{"SDK's Dockerfile", LabelDockerfile, func(i *Identity) *string { return &i.Dockerfile }},
	{"wrap", LabelWrap, func(i *Identity) *string { return &i.Wrap }},
	{"assembly", LabelAssembly, func(i *Identity) *string { return &i.Assembly }},
	{"builder", LabelBuilderDigest, func(i *Identity) *string { return &i.Builder }},
	{"platform", LabelPlatform, func(i *Identity) *string { return &i.Platform }},
}

// NoWrap is the value of [LabelWrap] on an image without a wrap. It is always written, because an
// official image may bring a label of that name along.
const NoWrap = "none"

// builderIdentity is that of the run's builder.
func (n Names) builderIdentity() Identity {
	return Identity{Revision: n.Keys.Revision, Dockerfile: n.Keys.Dockerfile, Platform: Platform}
}

// agentIdentity is that of an instance's agent image.
func (n Names) agentIdentity(instance dataset.Instance) Identity {
	identity := n.builderIdentity()
	identity.Official = officialName(instance.OfficialImage)
	_, identity.OfficialDigest = reference.CutDigest(instance.OfficialImage)
	identity.Wrap = cmp.Or(WrapOf(instance).Key(), NoWrap)
	identity.Assembly = AgentServer.hash()
	return identity
}

// Base is the identity of the base image under an agent image of this identity. A base image has
// nothing of the SDK but its Dockerfile.
func (i Identity) Base() Identity {
	i.Revision, i.Assembly = "", ""
	return i
}

// LayerIdentity is the identity of the image of nothing but the layer that agent images get from
// this builder, a reference with its digest.
func LayerIdentity(builder string) Identity {
	_, digest := reference.CutDigest(builder)
	return Identity{Builder: digest, Assembly: AgentServer.hash(), Platform: Platform}
}

// Labels are the labels and annotations that carry the identity.
func (i Identity) Labels() map[string]string {
	labels := map[string]string{}
	for _, part := range identityParts {
		if value := *part.of(&i); value != "" {
			labels[part.label] = value
		}
	}
	return labels
}

// Check compares what an image says of itself with what the plan wants under its name. The error is
// a [*TakenError] if a part differs, and otherwise an [*UnlabelledError] if a part is missing. A
// part that the plan does not know is not compared.
func (i Identity) Check(reference string, found Identity) error {
	var differ []Difference
	var missing []string
	for _, part := range identityParts {
		switch want, has := *part.of(&i), *part.of(&found); {
		case want == "" || want == has:
		case has == "":
			missing = append(missing, part.name)
		default:
			differ = append(differ, Difference{Part: part.name, Registry: has, Plan: want})
		}
	}
	switch {
	case len(differ) > 0:
		return &TakenError{Reference: reference, Differences: differ}
	case len(missing) > 0:
		return &UnlabelledError{Reference: reference, Missing: missing}
	}
	return nil
}

// officialName is the name of an official image as Docker writes it in full, without its digest:
// with docker.io, library/ and, unless there is a tag, latest. What it returns it leaves as it is,
// since labels are read by it, too.
func officialName(image string) string {
	ref, err := reference.Parse(image)
	if err != nil {
		return image
	}
	name, _ := reference.CutDigest(ref.Normalized())
	if ref.Tag() == "" {
		name += ":latest"
	}
	return name
}
