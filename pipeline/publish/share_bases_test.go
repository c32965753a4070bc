package publish

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSharingIsOnRequest: what images say of themselves is no evidence.
func TestSharingIsOnRequest(t *testing.T) {
	for value, shares := range map[string]bool{"never": false, "evidence": true, "audit": true, "trusted": true} {
		require.NoError(t, CheckShareBases(value))
		sharing := NewSharing(value, nil, "")
		assert.Equal(t, shares, sharing != nil, value)
		assert.Equal(t, value == "evidence" || value == "audit", shares && sharing.Evidence != nil, value)
	}
	require.EqualError(t, CheckShareBases("auto"),
		"--share-bases auto is no longer possible: use evidence, or trusted if you vouch for the official images")
	require.EqualError(t, CheckShareBases("x\x1b"), `--share-bases is "x\x1b": it must be never, evidence, audit or trusted`)
}
