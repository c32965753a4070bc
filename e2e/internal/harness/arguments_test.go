package harness

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheModulesFlagsStandBeforeTheFunction(t *testing.T) {
	assert.Equal(t, []string{"--tags", "nightly", "--plain-http", "--limit", "3", "check", "--trust-unlabelled", "total"},
		arranged("check", "--tags", "nightly", "--trust-unlabelled", "--plain-http", "--limit", "3", "total"))
}

func TestPublishingCallsShareWhatTheySay(t *testing.T) {
	assert.Equal(t, []string{"assemble-all", "--share-bases", "never", "--publish"}, arranged("assemble-all", "--publish"))
	assert.Equal(t, []string{"assemble-all", "--publish", "--share-bases", "trusted"}, arranged("assemble-all", "--publish", "--share-bases", "trusted"))
	assert.Equal(t, []string{"assemble-all", "--publish", "total"}, arranged("assemble-all", "--publish", "--share-bases", "default", "total"))
}
