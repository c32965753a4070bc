package plan

// Found is an image that a registry has.
type Found struct {
	// Digest is its manifest's digest, "sha256:…".
	Digest string
	// BaseDigest and OfficialDigest come from the image's labels: the digests of its base image and
	// official image. Empty if another tool made the image.
	BaseDigest, OfficialDigest string
	// Identity comes from the image's labels.
	Identity Identity
	// HeadOnly: the run read only the head of the manifest, which has the digest and nothing else.
	HeadOnly bool
	// Unlabelled: the run trusts the image although labels are missing, as
	// [run.Runner.TrustUnlabelled] allows.
	Unlabelled bool
}

// FoundLabels are the labels and annotations that [NewFound] reads.
var FoundLabels = func() []string {
	labels := []string{LabelBaseDigest}
	for _, part := range identityParts {
		labels = append(labels, part.label)
	}
	return labels
}()

// NewFound makes a Found of an image's digest and labels, or annotations. It reads those in
// [FoundLabels].
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
