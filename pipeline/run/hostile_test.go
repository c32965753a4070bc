package run

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/throttle"
)

// TestOutputOfCommandsIsSafeToShow: in a written manifest, in one that was read, and so on the
// terminal and on the page.
func TestOutputOfCommandsIsSafeToShow(t *testing.T) {
	printed := "failed\r\n  | \x1b[31mred\x1b[0m\x07\x00 \u202etxt\u2066 50%\b\b\b100%\u2028x é\xff" + strings.Repeat("y", 64<<10)
	registry := withBuilder(map[string][]error{"r/base:i0": {errors.New(printed)}})
	retry := quick
	retry.Attempts = 1
	result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: retry}}.Run(context.Background(), planOf(1))
	require.NoError(t, err)
	require.Len(t, result.Failed(), 1)
	assertReadable := func(text string) {
		t.Helper()
		assert.NotRegexp(t, "[\x00-\x09\x0b-\x1f\x7f\u0080-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]", text)
		assert.Less(t, len(text), 20<<10)
		assert.Contains(t, text, "[31mred[0m", "what is left of it can be read")
	}
	assertReadable(string(result.Failed()[0].Error))
	assertReadable(manifest.Summary(result))
	assert.Contains(t, string(result.Failed()[0].Error), "\n  | ", "lines stay lines")

	foreign, err := json.Marshal(map[string]string{"instance_id": "a", "status": "failed", "error": printed})
	require.NoError(t, err)
	read, err := manifest.ReadJSONLines("m", string(foreign))
	require.NoError(t, err)
	assertReadable(string(read[0].Error))
	assertReadable(manifest.Summary(&manifest.Result{Images: read}))
}
