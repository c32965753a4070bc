package pipeline

import (
	"fmt"

	"dagger/eval-images/redact"
)

// begin begins the record of an item's image, or of the builder, which belongs to no item.
func (r *run) begin(phase Phase, item *Item) Record {
	now := r.clock.Now()
	record := Record{Phase: phase, Tags: []string{}, StartedAt: Time{now}, QueueSeconds: Seconds(now.Sub(r.started)), sourceFields: fieldsOf(r.plan.Source)}
	reference := r.plan.Builder
	if item != nil {
		record.InstanceID, record.BaseImage = text(item.Instance.ID), text(item.Instance.OfficialImage)
		reference = item.Agent
		if phase == PhaseBase {
			reference = item.Base
		}
	}
	if r.publishes() {
		record.Reference = text(reference)
	}
	return record
}

// end completes a record.
func (r *run) end(record *Record, status Status) {
	now := r.clock.Now()
	record.Status, record.Time, record.FinishedAt = status, Time{now}, Time{now}
	record.DurationSeconds = Seconds(now.Sub(record.StartedAt.Time))
}

// has notes what the registry has.
func (r *Record) has(found Found, references ...string) {
	r.Tags, r.Digest, r.OfficialDigest = references, text(found.Digest), text(found.OfficialDigest)
}

// skip completes the record of an image that the registry has.
func (r *run) skip(record *Record, found Found, references ...string) {
	record.has(found, references...)
	record.SkipReason = found.skipReason()
	r.end(record, StatusSkipped)
}

// skipReason is why an image that was found is skipped.
func (f Found) skipReason() text {
	if f.Unlabelled {
		return SkipRemoteUnlabelled
	}
	return SkipRemoteExists
}

// fail completes the record of an image that could not be made.
func (r *run) fail(record *Record, err error) {
	record.Error = text(redact.Text(err.Error()))
	r.end(record, StatusFailed)
}

// leave fails an agent image that is not started any more, and says why.
func (r *run) leave(i int, why error) {
	record := r.begin(PhaseAssemble, &r.plan.Items[i])
	r.fail(&record, record.failure(fmt.Errorf("not started: %w", why)))
	r.images[i] = record
}

// leaveRest fails every agent image that is not decided yet.
func (r *run) leaveRest(why error) {
	for i, record := range r.images {
		if record.Status == "" {
			r.leave(i, why)
		}
	}
}
