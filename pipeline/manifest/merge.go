package manifest

import (
	"maps"
	"slices"

	"dagger/eval-images/redact"
)

// Merge combines the records of several runs: the shards of one run, or a broken run and the one
// that finished it. Phase, instance and main reference identify an image, so two SDKs make two
// images. The latest record of an image counts. An image that one run built and a later one skipped
// stays built if both have the same digest. The result is sorted by instance and time.
//
// The tags are those that the registry has after all runs, as far as the records tell: all tags
// that an image got with this digest, except those that a later record has with another digest.
func Merge(records []Record) []Record {
	byTime := func(a, b Record) int { return a.Time.Compare(b.Time.Time) }
	images, digests := map[string][]Record{}, map[string]redact.Field{}
	for _, record := range slices.SortedStableFunc(slices.Values(records), byTime) {
		images[record.Name()] = record.addTo(images[record.Name()])
		for _, tag := range record.Tags {
			digests[tag] = record.Digest
		}
	}
	var merged []Record
	for _, name := range slices.Sorted(maps.Keys(images)) {
		for _, image := range images[name] {
			image.Tags = slices.DeleteFunc(slices.Clone(image.Tags), func(tag string) bool { return digests[tag] != image.Digest })
			merged = append(merged, image)
		}
	}
	return merged
}

// addTo adds a record to earlier ones of its instance, and replaces those that it supersedes.
func (r Record) addTo(earlier []Record) []Record {
	var kept []Record
	counts, tags := r, slices.Clone(r.Tags)
	for _, old := range earlier {
		if !r.supersedes(old) {
			kept = append(kept, old)
			continue
		}
		if old.Digest != r.Digest {
			continue // It was rebuilt in between.
		}
		if r.Status == StatusSkipped && old.Status == StatusBuilt {
			counts = old
		}
		for _, tag := range old.Tags {
			if !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
		}
	}
	counts.Tags = tags
	return append(kept, counts)
}

// supersedes reports whether a record and an earlier one of its instance are of the same image. In
// manifests of older versions, which have no main reference, the first tag replaces it. A failed
// record without a tag may be of any image: it stays, beside those before it, until there is a
// later record.
func (r Record) supersedes(old Record) bool {
	switch {
	case r.Reference != "" && old.Reference != "":
		return r.Reference == old.Reference
	case old.Reference != "":
		return slices.Contains(r.Tags, string(old.Reference))
	case len(old.Tags) == 0:
		return true
	}
	return string(r.Reference) == old.Tags[0] || slices.Contains(r.Tags, old.Tags[0])
}
