package publish

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSharingIsOnRequest: what images say of themselves is no evidence.
func TestSharingIsOnRequest(t *testing.T) {
	for value, shares := range map[string]bool{"never": false, "trusted": true} {
		got, err := SharesBases(value)
		require.NoError(t, err)
		assert.Equal(t, shares, got, value)
	}
	_, err := SharesBases("auto")
	require.EqualError(t, err, "--share-bases auto is no longer possible: use trusted if you vouch for the official images, or else never")
	_, err = SharesBases("x\x1b")
	require.EqualError(t, err, `--share-bases is "x\x1b": it must be never or trusted`)
}
