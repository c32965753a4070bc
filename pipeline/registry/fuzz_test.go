package registry

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/redact"
)

// The seeds of all targets are files in testdata/fuzz, named by what they are.

// FuzzReasonAndWait: whatever a registry answers, what stands in the error is one short line for a
// terminal, and the wait is one that can be waited.
func FuzzReasonAndWait(f *testing.F) {
	f.Fuzz(func(t *testing.T, header, body string) {
		for _, text := range []string{reasonIn([]byte(body)), redact.Line(body)} {
			registrytest.RequireLine(t, text, redact.MaxLine)
		}
		if wait := waitIn(header, body); wait < 0 || wait > maxWait {
			t.Errorf("waits %s", wait)
		}
	})
}

// FuzzStatus: any status has a cause, and no answer makes a run end that another attempt could
// save, or go on that none can.
func FuzzStatus(f *testing.F) {
	f.Fuzz(func(t *testing.T, status int, header, body string) {
		answered := &answer{status: status, header: http.Header{"Retry-After": {header}}, body: []byte(body)}
		err := newStatusError(http.MethodGet, redact.Line(body), answered)
		registrytest.RequireLine(t, err.Error(), 3*redact.MaxLine)
		cause := err.Cause()
		switch {
		case err.Limited:
			assert.Equal(t, classify.Limited, cause.Class)
		case status == http.StatusUnauthorized, status == http.StatusForbidden:
			assert.Equal(t, classify.Permanent, cause.Class)
			assert.NotEmpty(t, cause.Advice)
		case status >= 500:
			assert.Equal(t, classify.Unavailable, cause.Class)
		}
		assert.True(t, cause.Wait >= 0 && cause.Wait <= maxWait, cause.Wait)
	})
}

// wholeIdentity has all parts.
func wholeIdentity() plan.Identity {
	hash := strings.Repeat("a", 64)
	return plan.Identity{
		Official: "docker.io/swebench/x:latest", OfficialDigest: "sha256:" + hash, Revision: hash[:40], Dockerfile: hash,
		Wrap: hash, Assembly: hash, Builder: "sha256:" + hash, Platform: plan.Platform,
	}
}

// FuzzManifest: what is accepted for a manifest can be composed and rebased, or says that it
// cannot. Read as an index, it names an image by its digest, or none.
func FuzzManifest(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		ref, err := name.ParseReference("localhost:5000/agent:x")
		require.NoError(t, err)
		if digest, err := readIndex(ref, body, "linux/amd64"); err != nil {
			registrytest.RequireLine(t, err.Error(), 3*redact.MaxLine)
		} else {
			require.Regexp(t, `^[a-z0-9]+:[0-9a-f]+$`, digest.String())
		}
		m, err := readManifest(ref, body, contentType)
		if err != nil {
			require.Nil(t, m)
			registrytest.RequireLine(t, err.Error(), 3*redact.MaxLine)
			return
		}
		require.True(t, m.MediaType.IsImage())
		for _, label := range []string{plan.LabelBaseDigest, plan.LabelOfficialDigest} {
			require.Regexp(t, `^(sha256:[0-9a-f]{64})?$`, plan.DigestIn(m.Annotations, label))
		}
		if err := wholeIdentity().Check("agent:x", plan.NewFound("sha256:d", m.Annotations).Identity); err != nil {
			registrytest.RequireLine(t, err.Error(), 16<<10)
		}
		if m.check() != nil {
			return
		}
		// The config of such a manifest has a digest for each layer, and no more need be true of
		// it.
		config := &v1.ConfigFile{}
		for _, layer := range m.Layers {
			config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, layer.Digest)
		}
		compose(t, &Image{repository: "agent", manifest: m, config: config})
	})
}

// FuzzConfig: the same for a config, with as many layers as the manifest is told to have.
func FuzzConfig(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte, layers uint8) {
		m := &imageManifest{}
		m.MediaType = types.OCIManifestSchema1
		m.Config.Digest = digestOf(body)
		for range layers {
			m.Layers = append(m.Layers, v1.Descriptor{MediaType: types.OCILayer, Digest: digestOf(body)})
		}
		config, err := readConfig(body, m)
		if err != nil {
			require.Nil(t, config)
			registrytest.RequireLine(t, err.Error(), 3*redact.MaxLine)
			return
		}
		compose(t, &Image{repository: "agent", manifest: m, config: config})
	})
}

// compose does with an image all that is ever done with one.
func compose(t *testing.T, image *Image) {
	t.Helper()
	_ = image.Platform()
	require.Regexp(t, `^sha256:[0-9a-f]{64}$`, image.Below(func(string) bool { return true }))
	_, err := image.OnlyLayer()
	require.Equal(t, len(image.manifest.Layers) == 1, err == nil)
	one := digestOf([]byte("layer"))
	layer := Layer{in: "builder", descriptor: v1.Descriptor{MediaType: types.OCILayer, Digest: one}, diffID: one}
	composed, err := Compose(image, Addition{
		Layer: layer, Env: map[string]string{"SDK": "new"}, Entrypoint: []string{"/agent"}, Labels: map[string]string{"a": "b"},
	})
	if err == nil {
		requireWhole(t, composed, len(image.manifest.Layers)+1)
	}
	if composed, err = Rebase(image, image, image, map[string]string{"a": "b"}); err == nil {
		requireWhole(t, composed, len(image.manifest.Layers))
	}
}

// requireWhole: what is put in a registry can be read back from there, and has so many layers.
func requireWhole(t *testing.T, composed *Composed, layers int) {
	t.Helper()
	var m v1.Manifest
	require.NoError(t, json.Unmarshal(composed.manifest, &m))
	var config v1.ConfigFile
	require.NoError(t, json.Unmarshal(composed.config, &config))
	require.Len(t, m.Layers, layers)
	require.Len(t, config.RootFS.DiffIDs, layers)
	require.Len(t, composed.layers, layers)
	require.Equal(t, digestOf(composed.config), m.Config.Digest)
}

// FuzzLocation: the place where an upload goes on is an address, or an error, and a relative one
// stays at the registry.
func FuzzLocation(f *testing.F) {
	f.Fuzz(func(t *testing.T, location string) {
		asked := &url.URL{Scheme: "https", Host: "registry.example", Path: "/v2/agent/blobs/uploads/"}
		begun := &answer{header: http.Header{"Location": {location}}, url: asked}
		place, err := begun.location()
		if err != nil {
			return
		}
		registrytest.RequireLine(t, redact.Line(place.EscapedPath()), redact.MaxLine)
		if strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "//") {
			require.Equal(t, "registry.example", place.Host)
			require.Equal(t, "https", place.Scheme)
		}
		client := &Client{http: &http.Client{Transport: nowhere{}}}
		_, err = client.exchange(ctx, http.MethodPut, place, content{body: []byte("x"), query: url.Values{"digest": {"d"}}})
		require.Error(t, err)
	})
}

// nowhere answers nobody.
type nowhere struct{}

// RoundTrip fails.
func (nowhere) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed }
