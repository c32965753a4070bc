package manifest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/plan"
)

func TestFailureSaysWhatToDo(t *testing.T) {
	failure := &Failure{Phase: plan.PhaseBase, Instance: "django__django-11099", Err: errors.New("x: connection refused")}
	assert.Equal(t, "base django__django-11099: x: connection refused\n  → "+classify.AdviceAddress, failure.Error())
	full := &Failure{Phase: plan.PhaseBuilder, Err: &classify.DiskError{Err: errors.New("exit code: 1")}}
	assert.Equal(t, "builder: exit code: 1 (no space left on the engine's disk)\n  → "+classify.AdviceDisk, full.Error())
	assert.Equal(t, "builder: boom", (&Failure{Phase: plan.PhaseBuilder, Err: errors.New("boom")}).Error(), "and nothing where nobody knows")
}
