package plan

// Found is an image that a registry has.
type Found struct {
	// Digest is its manifest's digest, "sha256:…".
	Digest string
	// BaseDigest and OfficialDigest are those of the base image and of the official image that it
	// stands on, as its labels tell. Empty for images that something else made.
	BaseDigest, OfficialDigest string
	// Identity is what the image says of itself.
	Identity Identity
	// HeadOnly says that the registry was asked for the head of the manifest only, which tells the
	// digest and nothing else.
	HeadOnly bool
	// Unlabelled says that a run trusts the image without all of its labels: see
	// [run.Runner.TrustUnlabelled].
	Unlabelled bool
}

// FoundLabels are the labels and annotations from which [NewFound] tells what an image is.
var FoundLabels = func() []string {
	labels := []string{LabelBaseDigest}
	for _, part := range identityParts {
		labels = append(labels, part.label)
	}
	return labels
}()

// NewFound is an image with this digest and at least those of its labels, or annotations, that are
// in [FoundLabels].
func NewFound(digest string, labels map[string]string) Found {
	found := Found{
		Digest:         digest,
		BaseDigest:     DigestIn(labels, LabelBaseDigest),
		OfficialDigest: DigestIn(labels, LabelOfficialDigest),
	}
	for _, part := range identityParts {
		*part.of(&found.Identity) = labels[part.label] // Anybody may have written it: errors quote it, and cut it.
	}
	found.Identity.Official = officialName(found.Identity.Official)
	return found
}
