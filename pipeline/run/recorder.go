package run

import (
	"fmt"

	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/redact"
)

// begin starts the record of an item's image, or of the builder, which has no item.
func (r *run) begin(phase plan.Phase, item *plan.Item) manifest.Record {
	now := r.clock.Now()
	record := manifest.Record{Phase: phase, Tags: []string{}, StartedAt: manifest.Time{Time: now}, QueueSeconds: manifest.Seconds(now.Sub(r.started)), SourceFields: plan.FieldsOf(r.plan.Source)}
	reference := r.plan.Builder
	if item != nil {
		record.InstanceID, record.BaseImage = redact.Field(item.Instance.ID), redact.Field(item.Instance.OfficialImage)
		reference = item.Agent
		if phase == plan.PhaseBase {
			reference = item.Base
		}
	}
	if r.publishes() {
		record.Reference = redact.Field(reference)
	}
	return record
}

// end completes a record.
func (r *run) end(record *manifest.Record, status manifest.Status) {
	now := r.clock.Now()
	record.Status, record.Time, record.FinishedAt = status, manifest.Time{Time: now}, manifest.Time{Time: now}
	record.DurationSeconds = manifest.Seconds(now.Sub(record.StartedAt.Time))
}

// noteFound copies what the registry has into a record.
func noteFound(record *manifest.Record, found plan.Found, references ...string) {
	record.Tags, record.Digest, record.OfficialDigest = references, redact.Field(found.Digest), redact.Field(found.OfficialDigest)
}

// fail completes the record of an image that could not be made.
func (r *run) fail(record *manifest.Record, err error) {
	record.Error = redact.Field(redact.Text(err.Error()))
	r.end(record, manifest.StatusFailed)
}

// leave fails an agent image that the run does not start, and records the reason.
func (r *run) leave(i int, why error) {
	record := r.begin(plan.PhaseAssemble, &r.plan.Items[i])
	r.fail(&record, record.Failure(fmt.Errorf("not started: %w", why)))
	r.images[i] = record
}

// leaveRest fails every agent image that has no status yet.
func (r *run) leaveRest(why error) {
	for i, record := range r.images {
		if record.Status == "" {
			r.leave(i, why)
		}
	}
}
