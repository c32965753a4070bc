package dataset_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/families"
)

func TestSampleHasThreeInstancesOfSWEBenchVerified(t *testing.T) {
	family, err := families.ByName("swebench")
	require.NoError(t, err)
	result, err := dataset.Resolve(dataset.Sample(), dataset.Options{Family: family})
	require.NoError(t, err)
	assert.Equal(t, []string{"astropy__astropy-12907", "django__django-11099", "sympy__sympy-20590"}, ids(result))
}
