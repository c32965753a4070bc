package registry

import (
	"encoding/json"
	"net/http"
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
	fill := func(start, repeated, end string) string {
		return start + strings.Repeat(repeated, (maxAnswer-len(start)-len(end))/len(repeated)) + end
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
			_, err = readManifest(ref, []byte(test.body), "")
			runtime.ReadMemStats(&after)
			require.ErrorContains(t, err, test.says)
			assertOneShortLine(t, err.Error())
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20))
		})
	}
}

func TestAManifestThatNamesNothingIsNoImage(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	for _, rest := range []string{
		`"layers":[]`, `"config":{},"layers":[]`, `"config":{"digest":"sha256:` + strings.Repeat("0", 64) + `"},"layers":[{}]`,
	} {
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusOK, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",`+rest+"}")})
		_, err := client.Image(ctx, b.Reference("agent:x"))
		require.ErrorContains(t, err, "a config or a layer without a digest")
		assert.Len(t, b.Proxy.Requests(), 1, "nothing is asked for by a digest that is none")
	}
}

// TestHostileConfigsAreRefused: what a manifest names by its digest may be anything that has it.
func TestHostileConfigsAreRefused(t *testing.T) {
	tests := map[string]struct{ body, says string }{
		"no JSON":                      {"nonsense", "invalid character"},
		"a million steps":              {`{"history":[` + strings.Repeat(`{},`, 1<<20) + `{}]}`, "more than 100000 elements"},
		"more layers":                  {`{"rootfs":{"diff_ids":["sha256:` + strings.Repeat("0", 64) + `"]}}`, "it has 1 layers, and the manifest 0"},
		"a layer of nothing":           {`{"rootfs":{"diff_ids":[null]}}`, "invalid syntax"},
		"a layer that is a path":       {`{"rootfs":{"diff_ids":["../../x"]}}`, "../../x"},
		"a year that there is not":     {`{"created":"99999-01-01T00:00:00Z"}`, "99999"},
		"an environment of one text":   {`{"config":{"Env":"PATH"}}`, "cannot unmarshal string"},
		"a number of a million digits": {`{"config":{"Healthcheck":{"Retries":` + strings.Repeat("9", 1<<20) + `}}}`, "cannot unmarshal number 999"},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			m := &imageManifest{}
			m.Config.Digest = digestOf([]byte(test.body))
			m.Layers = make([]v1.Descriptor, strings.Count(test.body, "null"))
			_, err := readConfig([]byte(test.body), m)
			require.ErrorContains(t, err, test.says)
			assertOneShortLine(t, err.Error())

			m.Config.Digest = digestOf([]byte("another"))
			_, err = readConfig([]byte(test.body), m)
			require.ErrorContains(t, err, "what the registry gives has the digest sha256:")
		})
	}
}

// TestAHostilePlaceToGoOn: an address that is none, or none of the web.
func TestAHostilePlaceToGoOn(t *testing.T) {
	for what, place := range map[string]string{
		"a file":              "file:///etc/passwd",
		"another scheme":      "gopher://127.0.0.1:1/x",
		"a scheme alone":      "http://",
		"an escape":           "/%zz",
		"a port that is none": "http://127.0.0.1:port/",
		"a password":          "http://me:" + registrytest.Password + "@127.0.0.1:1/x?signature=" + registrytest.Password,
	} {
		t.Run(what, func(t *testing.T) {
			b := registrytest.NewBed(t)
			client := connect(t, b, Access{Username: "me", Password: registrytest.Password})
			composed := composedOn(t, b, client, "one", addition(t, b, client))
			b.Proxy.Script(registrytest.Rule{Method: http.MethodPost, Skip: 3, Fault: registrytest.Answer(http.StatusAccepted, "", "Location", place)})
			err := client.Put(ctx, composed, b.Reference("agent:one"))
			require.ErrorContains(t, err, "uploading the config")
			assertOneShortLine(t, err.Error())
			assert.NotContains(t, err.Error(), registrytest.Password)
		})
	}
}

// assertOneShortLine asserts that a text is one line for a terminal.
func assertOneShortLine(t *testing.T, text string) {
	t.Helper()
	assert.Equal(t, text, strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r != '…' && r >= 0x200b && r <= 0x206f || r == 0xfffd {
			return -1
		}
		return r
	}, text))
	assert.Less(t, len(text), 1000)
}

// TestElementsOfRealImagesAreFarBelowTheLimit: an image of 500 layers, with a history and labels
// for each.
func TestElementsOfRealImagesAreFarBelowTheLimit(t *testing.T) {
	config := v1.ConfigFile{Config: v1.Config{Labels: map[string]string{}}}
	for i := range 500 {
		config.History = append(config.History, v1.History{CreatedBy: "RUN a, b, c", Comment: "buildkit.dockerfile.v0"})
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, digestOf([]byte{byte(i)}))
		config.Config.Labels[strings.Repeat("l", i+1)] = "value"
	}
	body, err := json.Marshal(config)
	require.NoError(t, err)
	require.NoError(t, decode(body, new(v1.ConfigFile)))
	assert.Less(t, 10*strings.Count(string(body), ","), maxElements)
}
