package harness

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheModulesFlagsStandBeforeTheFunction(t *testing.T) {
	assert.Equal(t, []string{"--tags", "nightly", "--plain-http", "--limit", "3", "check", "--trust-unlabelled", "total"},
		arranged("check", "--tags", "nightly", "--trust-unlabelled", "--plain-http", "--limit", "3", "total"))
}
