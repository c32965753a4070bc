package pipeline

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dagger/eval-images/dataset"
)

// A manifest is read from a file like any other, which may be anybody's.
const (
	// maxLine is the longest line that is read, in bytes: many times the longest record.
	maxLine = 1 << 20
	// maxRecords is the most records that a file may have: as many as a dataset may have rows.
	maxRecords = 250_000
)

// ReadJSONLines reads records as [WriteJSONLines] writes them. The name stands in errors, with the line's
// number. What [WriteJSONLines] would not have written is refused, or else made readable: ids and references
// are checked as those of a dataset are.
func ReadJSONLines(name, content string) ([]Record, error) {
	var records []Record
	lines := bufio.NewScanner(strings.NewReader(content))
	lines.Buffer(nil, maxLine)
	number := 1
	refuse := func(err error) error {
		return fmt.Errorf("reading %s, line %d: %s", dataset.QuoteName(name), number, reason(err.Error()))
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
		record.Error = text(readable(string(record.Error)))
		record.RebuildReason = text(reason(string(record.RebuildReason)))
		records = append(records, record)
	}
	if err := lines.Err(); err != nil {
		return nil, refuse(fmt.Errorf("the line is longer than %d MiB: %w", maxLine>>20, err))
	}
	return records, nil
}

// check says why a record cannot be one of ours.
func (r Record) check() error {
	if !slices.Contains([]Phase{"", PhaseBuilder, PhaseBase, PhaseAssemble}, r.Phase) {
		return fmt.Errorf("its phase is %s, and not %s, %s or %s", dataset.Quote(string(r.Phase)), PhaseBuilder, PhaseBase, PhaseAssemble)
	}
	if r.Phase != PhaseBuilder && r.InstanceID == "" {
		return errors.New("it has no instance_id")
	}
	if r.InstanceID != "" {
		if err := dataset.CheckID(string(r.InstanceID)); err != nil {
			return err
		}
	}
	if !slices.Contains([]Status{StatusBuilt, StatusSkipped, StatusFailed}, r.Status) {
		return fmt.Errorf("its status is %s, and not %s, %s or %s", dataset.Quote(string(r.Status)), StatusBuilt, StatusSkipped, StatusFailed)
	}
	if !slices.Contains([]text{"", SkipRemoteExists, SkipRemoteUnlabelled}, r.SkipReason) {
		return fmt.Errorf("its skip_reason is %s, and not %s or %s", dataset.Quote(string(r.SkipReason)), SkipRemoteExists, SkipRemoteUnlabelled)
	}
	if err := r.source().Check(); err != nil {
		return err
	}
	for _, reference := range r.references() {
		if err := dataset.CheckReference(reference); err != nil {
			return err
		}
	}
	return nil
}

// references are those that the record has.
func (r Record) references() []string {
	references := slices.Clone(r.Tags)
	for _, reference := range []text{r.BaseImage, r.BaseTag} {
		if reference != "" {
			references = append(references, string(reference))
		}
	}
	return references
}

// Merge puts the records of several runs together: shards of one, or a run and the one that did the rest. Of
// several records of one image the latest counts, but that a run found it there does not hide that another one
// built it. An image is of one phase, one instance and one first reference: two SDKs make two of them. They
// come in the order of the instances, and of time.
func Merge(records []Record) []Record {
	byTime := func(a, b Record) int { return a.Time.Compare(b.Time.Time) }
	images := map[string][]Record{}
	for _, record := range slices.SortedStableFunc(slices.Values(records), byTime) {
		images[record.Name()] = record.addTo(images[record.Name()])
	}
	var merged []Record
	for _, name := range slices.Sorted(maps.Keys(images)) {
		merged = append(merged, images[name]...)
	}
	return merged
}

// addTo adds a record to earlier ones of its instance, in the place of those that it supersedes.
func (r Record) addTo(earlier []Record) []Record {
	var kept []Record
	for _, old := range earlier {
		if !r.supersedes(old) {
			kept = append(kept, old)
		} else if r.Status == StatusSkipped && old.Status == StatusBuilt {
			r = old
		}
	}
	return append(kept, r)
}

// supersedes says whether a record is of the same image as an earlier one of its instance. One that failed
// without a reference may be of any: it stands until there is a later record, and beside those before it.
func (r Record) supersedes(old Record) bool {
	return len(old.Tags) == 0 || slices.Contains(r.Tags, old.Tags[0])
}
