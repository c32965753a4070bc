package manifest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dagger/eval-images/dataset/families"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/redact"
	"dagger/eval-images/reference"
)

// Limits for manifests, which may be foreign files.
const (
	// maxLine is the maximum length of a line in bytes: many times the longest record.
	maxLine = 1 << 20
	// maxRecords is the maximum number of records in a file: as many as a dataset may have rows.
	maxRecords = 250_000
)

// ReadJSONLines reads records as [WriteJSONLines] writes them. Errors contain the name and the
// line's number. It refuses input that [WriteJSONLines] would not have written, or makes it safe to
// show: it checks ids and references like those of a dataset.
func ReadJSONLines(name, content string) ([]Record, error) {
	var records []Record
	lines := bufio.NewScanner(strings.NewReader(content))
	lines.Buffer(nil, maxLine)
	number := 1
	refuse := func(err error) error {
		return fmt.Errorf("reading %s, line %d: %s", redact.Name(name), number, redact.Line(err.Error()))
	}
	for ; lines.Scan(); number++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var record Record
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			return nil, refuse(err)
		}
		if err := record.check(); err != nil {
			return nil, refuse(err)
		}
		if len(records) == maxRecords {
			return nil, refuse(fmt.Errorf("the manifest has more than %d records", maxRecords))
		}
		record.Error = redact.Field(redact.Text(string(record.Error)))
		record.RebuildReason = redact.Field(redact.Line(string(record.RebuildReason)))
		records = append(records, record)
	}
	if err := lines.Err(); err != nil {
		return nil, refuse(fmt.Errorf("the line is longer than %d MiB: %w", maxLine>>20, err))
	}
	return records, nil
}

// check returns an error if [WriteJSONLines] cannot have written the record.
func (r Record) check() error {
	if !slices.Contains([]plan.Phase{"", plan.PhaseBuilder, plan.PhaseBase, plan.PhaseAssemble}, r.Phase) {
		return fmt.Errorf("its phase is %s; want %s, %s or %s", redact.Quote(string(r.Phase)), plan.PhaseBuilder, plan.PhaseBase, plan.PhaseAssemble)
	}
	if r.Phase != plan.PhaseBuilder && r.InstanceID == "" {
		return errors.New("it has no instance_id")
	}
	if r.InstanceID != "" {
		if err := families.CheckID(string(r.InstanceID)); err != nil {
			return err
		}
	}
	if !slices.Contains([]Status{StatusBuilt, StatusSkipped, StatusFailed}, r.Status) {
		return fmt.Errorf("its status is %s; want %s, %s or %s", redact.Quote(string(r.Status)), StatusBuilt, StatusSkipped, StatusFailed)
	}
	if !slices.Contains([]redact.Field{"", SkipRemoteExists, SkipRemoteUnlabelled}, r.SkipReason) {
		return fmt.Errorf("its skip_reason is %s; want %s or %s", redact.Quote(string(r.SkipReason)), SkipRemoteExists, SkipRemoteUnlabelled)
	}
	if err := r.Source().Check(); err != nil {
		return err
	}
	for _, image := range r.references() {
		if err := reference.Check(image); err != nil {
			return err
		}
	}
	return nil
}

// references returns all references in the record.
func (r Record) references() []string {
	references := slices.Clone(r.Tags)
	for _, reference := range []redact.Field{r.BaseImage, r.BaseTag, r.Reference} {
		if reference != "" {
			references = append(references, string(reference))
		}
	}
	return references
}

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
