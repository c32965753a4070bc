package workflow_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/workflow"
)

func TestValues(t *testing.T) {
	values := map[string]string{"inputs.a": "A", "inputs.none": "", "inputs.more": `{"timeout": "30m || 1h"}`}
	for text, want := range map[string]string{
		"no expression":                                                   "no expression",
		"${{ inputs.a }}-${{ inputs.a }}":                                 "A-A",
		"${{ inputs.none || inputs.a }}":                                  "A",
		"${{ inputs.none || 'text || more' }}":                            "text || more",
		"${{ inputs.a && inputs.none }}":                                  "",
		"${{ inputs.none && 'x' || 'y' }}":                                "y",
		"${{ fromJSON(inputs.more || '{}').timeout }}":                    "30m || 1h",
		"${{ inputs.none || fromJSON(inputs.none || '{}').timeout }}":     "",
		"${{ format('{0}', inputs.a) || fromJSON(inputs.more).timeout }}": "A",
	} {
		got, err := workflow.Values(text, values)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"${{ inputs.b }}", "${{ startsWith(inputs.a, 'A') }}", "${{ inputs.a", "${{ fromJSON(inputs.a).b }}"} {
		_, err := workflow.Values(text, values)
		assert.Error(t, err, text)
	}
}
