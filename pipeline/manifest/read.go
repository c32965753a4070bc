package manifest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
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
		record.BuildReason = redact.Field(redact.Line(string(record.BuildReason)))
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
