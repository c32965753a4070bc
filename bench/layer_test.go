package main

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRandomBytes(t *testing.T) {
	bytes := func(seed int64, name string) []byte {
		all, err := io.ReadAll(randomBytes(seed, name, 100))
		require.NoError(t, err)
		require.Len(t, all, 100)
		return all
	}
	assert.Equal(t, bytes(1, "a"), bytes(1, "a"), "the same seed and name give the same bytes")
	assert.NotEqual(t, bytes(1, "a"), bytes(2, "a"), "another seed gives others")
	assert.NotEqual(t, bytes(1, "a"), bytes(1, "b"), "another name gives others")
}

func TestRandomLayerIsTheSameAgain(t *testing.T) {
	digest := func() string {
		layer, err := randomLayer(1, "a", 1000)
		require.NoError(t, err)
		digest, err := layer.Digest()
		require.NoError(t, err)
		return digest.String()
	}
	assert.Equal(t, digest(), digest())
}

func TestRandomLayerHasItsSize(t *testing.T) {
	layer, err := randomLayer(1, "a", 100_000)
	require.NoError(t, err)
	size, err := layer.Size()
	require.NoError(t, err)
	assert.InDelta(t, 100_000, size, 4000, "random data does not compress")
}

func TestLayerSizes(t *testing.T) {
	for name, test := range map[string]struct {
		baseMB      int
		common, own int64
	}{
		"a small image has a quarter of its own":    {1, 750_000, 250_000},
		"a large image has no more than 1 MB of it": {400, 399 * megabyte, megabyte},
	} {
		t.Run(name, func(t *testing.T) {
			common, own := layerSizes(point{100, test.baseMB})
			assert.Equal(t, test.common, common)
			assert.Equal(t, test.own, own)
		})
	}
}
