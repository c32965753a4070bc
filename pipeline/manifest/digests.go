package manifest

import (
	"regexp"
	"slices"

	"dagger/eval-images/reference"
)

// imageDigest matches a digest as registries give it. A record that was read back may have anything
// in its place.
var imageDigest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// Digests returns the images that the runs published, as "repository@sha256:…": builders, base
// images and agent images, sorted and without duplicates. The list is meant to be signed, so it
// omits skipped images: somebody else may have published them.
func (r *Result) Digests() []string {
	var images []string
	for _, record := range slices.Concat(r.Builders, r.Bases, r.Images) {
		if record.Status == StatusSkipped || !imageDigest.MatchString(string(record.Digest)) {
			continue
		}
		for _, tag := range record.Tags {
			images = append(images, reference.WithDigest(reference.Name(tag), string(record.Digest)))
		}
	}
	slices.Sort(images)
	return slices.Compact(images)
}
