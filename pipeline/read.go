package pipeline

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ReadJSONLines reads records as [JSONLines] writes them. The name stands in errors, with the line's number.
func ReadJSONLines(name, text string) ([]Record, error) {
	var records []Record
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, max(len(text), bufio.MaxScanTokenSize)+1)
	for number := 1; lines.Scan(); number++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var record Record
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			return nil, fmt.Errorf("reading %s, line %d: %w", name, number, err)
		}
		if err := record.check(); err != nil {
			return nil, fmt.Errorf("reading %s, line %d: %w", name, number, err)
		}
		records = append(records, record)
	}
	return records, lines.Err()
}

// check says why a record cannot be one of ours.
func (r Record) check() error {
	if r.Phase != PhaseBuilder && r.InstanceID == "" {
		return fmt.Errorf("it has no instance_id")
	}
	if !slices.Contains([]Status{StatusBuilt, StatusSkipped, StatusFailed}, r.Status) {
		return fmt.Errorf("its status is %q, and not %s, %s or %s", r.Status, StatusBuilt, StatusSkipped, StatusFailed)
	}
	return nil
}

// Merge puts the records of several runs together: shards of one, or a run and the one that did the rest. Of several records of one
// image the latest counts, but that a run found it there does not hide that another one built it. An image is of one phase, one instance
// and one first reference: two SDKs make two of them. They come in the order of the instances, and of time.
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

// supersedes says whether a record is of the same image as an earlier one of its instance. One that failed without a reference may be of
// any: it stands until there is a later record, and beside those before it.
func (r Record) supersedes(old Record) bool {
	return len(old.Tags) == 0 || slices.Contains(r.Tags, old.Tags[0])
}
