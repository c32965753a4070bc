package manifest

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/redact"
)

func TestFailuresGiveEachReasonOnce(t *testing.T) {
	failed := func(id, why string) Record {
		return Record{Phase: plan.PhaseAssemble, InstanceID: redact.Field(id), Error: redact.Field("assemble " + id + ": " + why)}
	}
	assert.Equal(t, []string{
		"assemble a: 401 Unauthorized",
		"assemble b and 2 more: not started: the run ended early",
		"assemble d: its own error",
		"assemble f: not started: context canceled",
	}, Failures([]Record{
		failed("a", "401 Unauthorized"),
		failed("b", "not started: the run ended early"),
		failed("c", "not started: the run ended early"),
		failed("d", "its own error"),
		failed("e", "not started: the run ended early"),
		failed("f", "not started: context canceled"),
	}))
	assert.Empty(t, Failures(nil))
}
