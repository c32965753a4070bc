package manifest

import (
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/redact"
)

// Status is what became of an image.
type Status string

const (
	// StatusBuilt means that this run made it (and published it, unless the run publishes nothing).
	StatusBuilt Status = "built"
	// StatusSkipped means that the registry had it. It may have got further tags.
	StatusSkipped Status = "skipped_remote_exists"
	// StatusFailed means that the run could not make it, or not publish it under all its
	// references. Tags are those that it has.
	StatusFailed Status = "failed"
)

// Reasons for which an image is skipped.
const (
	// SkipRemoteExists: the registry has it, and its labels say that it is the plan's.
	SkipRemoteExists = "remote_image_exists"
	// SkipRemoteUnlabelled: the registry has an image of that name, which was taken on trust. Its
	// labels do not say all that it is, or were not read.
	SkipRemoteUnlabelled = "remote_image_unlabelled"
)

// RebuildForced is the reason for which an image is made without a look at what the registry has.
const RebuildForced = "--force-build"

// Record is one line of manifest.jsonl: what became of one image. The names and their meaning are
// those of the manifests that the field's summarizers read; InstanceID, Phase, Reference, Digest,
// OfficialDigest, BaseTag, BaseDigest, GraftedFrom, RebuildReason, QueueSeconds, PushSeconds and
// the dataset's are added. Times are UTC, durations seconds.
type Record struct {
	Time       Time         `json:"time"`
	InstanceID redact.Field `json:"instance_id"`
	Phase      plan.Phase   `json:"phase"`
	Status     Status       `json:"status"`
	plan.SourceFields
	// BaseImage is the official image, and OfficialDigest the digest it was used by. Both are null
	// for the builder.
	BaseImage      redact.Field `json:"base_image"`
	OfficialDigest redact.Field `json:"official_digest"`
	// BaseTag and BaseDigest are the base image that an agent image stands on.
	BaseTag    redact.Field `json:"base_tag"`
	BaseDigest redact.Field `json:"base_digest"`
	// GraftedFrom is the instance whose base image the recipe's layers were taken from. Null: the
	// recipe ran for this one.
	GraftedFrom redact.Field `json:"grafted_from"`
	// Reference is the main name under which the image was to be published, whether or not the
	// registry has it. Null: the run publishes nothing.
	Reference redact.Field `json:"reference"`
	// Tags are the references that the registry has after the run: for a failed image those that
	// were not refused, and none where nothing was published.
	Tags []string `json:"tags"`
	// Digest is the image's in the registry. A failed image has one if this run published it under
	// some of its references, and none if it was there.
	Digest redact.Field `json:"digest"`

	Error      redact.Field `json:"error"`
	SkipReason redact.Field `json:"skip_reason"`
	// RebuildReason is why an image was made whatever the registry has: [RebuildForced]. Null: the
	// registry had none.
	RebuildReason redact.Field `json:"rebuild_reason"`
	// LogPath is always null: the engine keeps the logs.
	LogPath redact.Field `json:"log_path"`
	// AttemptCount is how often the image was tried: the most attempts that one question, or the
	// publication under one reference, took. An agent image without a base was tried as often as
	// its base. Zero: the run ended before it was started.
	AttemptCount int `json:"attempt_count"`

	// StartedAt and FinishedAt bound the work on the image. For an agent image that is to be made
	// this begins with its base, and its check was before.
	StartedAt  Time `json:"started_at"`
	FinishedAt Time `json:"finished_at"`
	// QueueSeconds are those from the start of the run to StartedAt in which the registry was not
	// asked for this image, DurationSeconds those from StartedAt to FinishedAt. The two and the
	// check before them never make more than the run took.
	QueueSeconds    Seconds `json:"queue_seconds"`
	DurationSeconds Seconds `json:"duration_seconds"`
	// RemoteCheckSeconds is spent asking the registry, BuildSeconds making the image, PushSeconds
	// publishing it and PostBuildSeconds after that: so far nothing. Failed attempts are included,
	// and what [throttle.Send] waited, but not the pauses between attempts.
	RemoteCheckSeconds Seconds `json:"remote_check_seconds"`
	BuildSeconds       Seconds `json:"build_seconds"`
	PushSeconds        Seconds `json:"push_seconds"`
	PostBuildSeconds   Seconds `json:"post_build_seconds"`
}

// Name is what the record is about: "assemble django__django-11099".
func (r Record) Name() string { return plan.Unit(r.Phase, string(r.InstanceID)) }

// Carry takes over from the check of an image what is told of the image as a whole. The check is
// not counted as queueing.
func (r *Record) Carry(check Record) {
	r.AttemptCount = check.AttemptCount
	r.RemoteCheckSeconds = check.RemoteCheckSeconds
	r.QueueSeconds -= check.RemoteCheckSeconds
}

// unpublished says whether the image was made by a run that publishes nothing.
func (r Record) unpublished() bool {
	return r.Status == StatusBuilt && len(r.Tags) == 0 && r.Digest == ""
}

// Failure says of an error which image it cost.
func (r *Record) Failure(err error) error {
	return &Failure{Phase: r.Phase, Instance: string(r.InstanceID), Err: err}
}
