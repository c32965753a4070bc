package oci

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestHostileManifestsAreRefused: in one short line, and with little memory.
func TestHostileManifestsAreRefused(t *testing.T) {
	const head = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",`
	const large = 4 << 20
	fill := func(start, repeated, end string) string {
		return start + strings.Repeat(repeated, (large-len(start)-len(end))/len(repeated)) + end
	}
	tests := map[string]struct{ body, says string }{
		"no JSON":                      {"<html>", "reading the manifest of"},
		"half a manifest":              {head, "unexpected end of JSON"},
		"lists in lists":               {fill(head+`"layers":`, "[", ""), "exceeded max depth"},
		"a million layers of nothing":  {fill(head+`"layers":[`, "{},", `{}]}`), "more than 100000 elements"},
		"a million layers that are no": {fill(head+`"layers":[`, "null,", `null]}`), "more than 100000 elements"},
		"a number of 4 million digits": {fill(`{"schemaVersion":`, "9", "}"), "cannot unmarshal number 999"},
		"a digest of 4 MB":             {fill(head+`"config":{"digest":"`, "x", `"}}`), "cannot parse hash"},
		"a digest that is a path":      {head + `"config":{"digest":"sha256:../../../etc/passwd"}}`, "non-hex character in hash"},
		"a digest with an escape":      {head + `"config":{"digest":"sha256:\u001b[2J\u202e"}}`, "non-hex character in hash"},
		"a media type with an escape":  {`{"schemaVersion":2,"mediaType":"\u001b[2J\u202e"}`, "not an image"},
		"a media type of 4 MB":         {fill(`{"mediaType":"`, "x", `"}`), "not an image"},
		"a text where there is a list": {head + `"layers":"x"}`, "cannot unmarshal string"},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			ref, err := name.ParseReference("localhost:5000/agent:x")
			require.NoError(t, err)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err = ReadManifest(ref, []byte(test.body), "")
			runtime.ReadMemStats(&after)
			require.ErrorContains(t, err, test.says)
			registrytest.RequireLine(t, err.Error(), registrytest.MaxText)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20))
		})
	}
}

// TestHostileConfigsAreRefused: what a manifest names by its digest may be anything that has it.
func TestHostileConfigsAreRefused(t *testing.T) {
	tests := map[string]struct{ body, says string }{
		"no JSON":                      {"nonsense", "invalid character"},
		"a million steps":              {`{"history":[` + strings.Repeat(`{},`, 1<<20) + `{}]}`, "more than 100000 elements"},
		"more layers":                  {`{"rootfs":{"diff_ids":["sha256:` + strings.Repeat("0", 64) + `"]}}`, "its config has 1 layers, and its manifest 0"},
		"a layer of nothing":           {`{"rootfs":{"diff_ids":[null]}}`, "invalid syntax"},
		"a layer that is a path":       {`{"rootfs":{"diff_ids":["../../x"]}}`, "../../x"},
		"a year that there is not":     {`{"created":"99999-01-01T00:00:00Z"}`, "99999"},
		"an environment of one text":   {`{"config":{"Env":"PATH"}}`, "cannot unmarshal string"},
		"a number of a million digits": {`{"config":{"Healthcheck":{"Retries":` + strings.Repeat("9", 1<<20) + `}}}`, "cannot unmarshal number 999"},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			m := &Manifest{}
			m.Config.Digest = DigestOf([]byte(test.body))
			m.Layers = make([]v1.Descriptor, strings.Count(test.body, "null"))
			_, err := ReadImage("agent", m, []byte(test.body))
			require.ErrorContains(t, err, test.says)
			registrytest.RequireLine(t, err.Error(), registrytest.MaxText)

			m.Config.Digest = DigestOf([]byte("another"))
			_, err = ReadImage("agent", m, []byte(test.body))
			require.ErrorContains(t, err, "the registry's answer has the digest sha256:")
		})
	}
}

// TestElementsOfRealImagesAreFarBelowTheLimit: an image of 500 layers, with a history and labels
// for each.
func TestElementsOfRealImagesAreFarBelowTheLimit(t *testing.T) {
	config := v1.ConfigFile{Config: v1.Config{Labels: map[string]string{}}}
	for i := range 500 {
		config.History = append(config.History, v1.History{CreatedBy: "RUN a, b, c", Comment: "buildkit.dockerfile.v0"})
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, DigestOf([]byte{byte(i)}))
		config.Config.Labels[strings.Repeat("l", i+1)] = "value"
	}
	body, err := json.Marshal(config)
	require.NoError(t, err)
	require.NoError(t, Decode(body, new(v1.ConfigFile)))
	assert.Less(t, 10*strings.Count(string(body), ","), maxElements)
}
