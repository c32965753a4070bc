package registry

import (
	"context"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newClient(t *testing.T) *Client {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "registry")
	require.NoError(t, os.WriteFile(file, []byte(strings.TrimPrefix(server.URL, "http://")), 0o644))
	client, err := Open(file)
	require.NoError(t, err)
	return client
}

func randomImage(t *testing.T) v1.Image {
	t.Helper()
	img, err := random.Image(100, 2)
	require.NoError(t, err)
	return img
}

func TestStandsOn(t *testing.T) {
	ctx, client := context.Background(), newClient(t)
	base := randomImage(t)
	more, err := random.Layer(100, "application/vnd.oci.image.layer.v1.tar+gzip")
	require.NoError(t, err)
	agent, err := mutate.AppendLayers(base, more)
	require.NoError(t, err)
	for path, img := range map[string]v1.Image{"agents:base": base, "agents:agent": agent, "agents:other": randomImage(t)} {
		require.NoError(t, client.Push(ctx, path, img))
	}
	for name, test := range map[string]struct {
		image, base string
		want        bool
	}{
		"an image with a layer more": {"agents:agent", "agents:base", true},
		"an image with nothing more": {"agents:base", "agents:base", false},
		"an image of other layers":   {"agents:other", "agents:base", false},
		"an image with a layer less": {"agents:base", "agents:agent", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := client.StandsOn(ctx, test.image, test.base)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestEmptyDeletesWhatSeveralTagsName(t *testing.T) {
	ctx, client := context.Background(), newClient(t)
	img := randomImage(t)
	require.NoError(t, client.Push(ctx, "agents:1", img))
	require.NoError(t, client.Push(ctx, "agents:2", img))
	require.NoError(t, client.Push(ctx, "others:1", img))
	require.NoError(t, client.Empty(ctx, "agents"))
	tags, err := client.Tags(ctx, "agents")
	require.NoError(t, err)
	assert.Empty(t, tags)
	tags, err = client.Tags(ctx, "others")
	require.NoError(t, err)
	assert.Equal(t, []string{"1"}, tags, "the others stay")
}

func TestNoRepositoryHasNoTags(t *testing.T) {
	tags, err := newClient(t).Tags(context.Background(), "nowhere")
	require.NoError(t, err)
	assert.Empty(t, tags)
}
