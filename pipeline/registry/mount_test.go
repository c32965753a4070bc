package registry

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// refusedMount are the ways in which registries refuse to mount a layer, with the reports of those who met them.
var refusedMount = map[string]registrytest.Fault{
	"202, as the specification has it":               registrytest.NoMount(),
	"200 with a page of something in front":          registrytest.Page(http.StatusOK),
	"400 (go-containerregistry#1741)":                registrytest.Answer(http.StatusBadRequest, `{"errors":[{"code":"UNSUPPORTED"}]}`),
	"401, Harbor for another project (harbor#17097)": registrytest.Answer(http.StatusUnauthorized, `{"errors":[{"code":"UNAUTHORIZED","message":"unauthorized to access repository"}]}`),
	"403 (containerd#14086)":                         registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`),
	"404":                                            registrytest.Answer(http.StatusNotFound, `{"errors":[{"code":"BLOB_UNKNOWN"}]}`),
	"405":                                            registrytest.Answer(http.StatusMethodNotAllowed, ""),
	"415":                                            registrytest.Answer(http.StatusUnsupportedMediaType, ""),
	"500, always":                                    registrytest.Answer(http.StatusInternalServerError, ""),
	"501":                                            registrytest.Answer(http.StatusNotImplemented, ""),
	"a connection that is cut, always":               registrytest.Cut(0),
}

// TestAFleetWhoseRegistryRefusesMounts: the client copies what the registry does not mount, each layer once. No
// image fails, the run goes on, and the client soon stops asking for mounts.
func TestAFleetWhoseRegistryRefusesMounts(t *testing.T) {
	for name, refuse := range refusedMount {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			f.direct(t, Access{})
			f.withAllBases(t)
			f.runner.Retry.Attempts = pipeline.DefaultRetry.Attempts
			var mounts atomic.Int32
			result := f.run(t, registrytest.Rule{Fault: registrytest.Mounts(func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
				mounts.Add(1)
				refuse(w, r, registry)
			})})
			f.built(t, result)
			f.holds(t, result)
			most := 3 * pipeline.DefaultMaxWorkers
			if strings.HasPrefix(name, "5") || strings.HasSuffix(name, "always") { // A request is sent again where the registry is unavailable.
				most *= pipeline.DefaultRetry.RequestAttempts
			}
			assert.LessOrEqual(t, int(mounts.Load()), most, "only what the workers had begun by then")
			read := map[string]int{}
			for _, request := range f.proxy.Requests() {
				if request.Method == http.MethodGet && strings.Contains(request.Path, "/blobs/") {
					read[request.Path]++
				}
			}
			for path, n := range read {
				assert.Equal(t, 1, n, path)
			}
		})
	}
}

// TestARefusedMount follows a client request by request.
func TestARefusedMount(t *testing.T) {
	denied := registrytest.Answer(http.StatusForbidden, "")
	open := func(t *testing.T) (testbed, *Client, []*Composed) {
		b := newTestbed(t)
		client := b.connect(t, Access{})
		add := b.addition(t, client)
		var images []*Composed
		for _, id := range []string{"one", "two", "three", "four"} {
			images = append(images, b.composed(t, client, id, add))
		}
		return b, client, images
	}
	copied, rest := []string{"HEAD blob", "POST upload", "GET blob", "PUT upload"}, func(image *Composed, tag string) []string {
		return []string{"POST upload", "PUT upload", "PUT manifest " + image.Digest(), "PUT manifest " + tag}
	}
	t.Run("is a copy of the layer, and after three the registry is not asked again", func(t *testing.T) {
		b, client, images := open(t)
		b.proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(denied)})
		require.NoError(t, client.Put(ctx, images[0], b.reference("agent:one")))
		var expected []string
		for range 3 {
			expected = append(append(expected, "POST mount"), copied...)
		}
		assert.Equal(t, append(expected, rest(images[0], "one")...), steps(b.proxy))

		b.proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(denied)})
		require.NoError(t, client.Put(ctx, images[1], b.reference("agent:two")))
		assert.Equal(t, append(slices.Clone(copied), rest(images[1], "two")...), steps(b.proxy), "only its own layer is copied")
		for i, tag := range []string{"one", "two"} {
			assert.Equal(t, images[i].Digest(), digestOfImage(t, b.pull(t, "agent:"+tag)))
		}
	})
	t.Run("with 202 is the beginning of the upload", func(t *testing.T) {
		b, client, images := open(t)
		b.proxy.Script(registrytest.Rule{Times: 1, Fault: registrytest.Mounts(registrytest.NoMount())})
		require.NoError(t, client.Put(ctx, images[0], b.reference("agent:one")))
		assert.Equal(t, []string{"POST mount", "HEAD blob", "GET blob", "PUT upload", "POST mount"}, steps(b.proxy)[:5])
	})
	t.Run("is one of the credentials, if a plain upload is refused too, in the registry's words", func(t *testing.T) {
		b, client, images := open(t)
		b.proxy.Script(
			registrytest.Rule{Method: http.MethodPost, Times: 1, Fault: registrytest.Answer(http.StatusUnauthorized, "")},
			registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"read only mode"}]}`)},
		)
		err := client.Put(ctx, images[0], b.reference("agent:one"))
		require.ErrorContains(t, err, "403 Forbidden: DENIED read only mode")
		assert.Equal(t, []string{"POST mount", "HEAD blob", "POST upload"}, steps(b.proxy))
	})
	t.Run("is a limit, if it says so", func(t *testing.T) {
		b, client, images := open(t)
		b.proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"TOOMANYREQUESTS"}]}`))})
		err := client.Put(ctx, images[0], b.reference("agent:one"))
		assert.Equal(t, pipeline.KindLimited, pipeline.CauseOf(err).Kind)
	})
	t.Run("costs a question where the layer is already", func(t *testing.T) {
		b, client, images := open(t)
		b.push(t, "agent:before", layered(t, types.OCIManifestSchema1, "common", "one", "agent"))
		b.proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(denied)})
		require.NoError(t, client.Put(ctx, images[0], b.reference("agent:one")))
		assert.Equal(t, []string{"POST mount", "HEAD blob", "POST mount", "HEAD blob", "POST mount", "HEAD blob"}, steps(b.proxy)[:6])
	})
	t.Run("of one layer says nothing of others, once any was mounted", func(t *testing.T) {
		b, client, images := open(t)
		require.NoError(t, client.Put(ctx, images[3], b.reference("agent:four")))
		b.proxy.Script(registrytest.Rule{Times: 3, Fault: registrytest.Mounts(denied)})
		for i := range 2 {
			require.NoError(t, client.Put(ctx, images[i], b.reference("agent:x")))
		}
		assert.Contains(t, steps(b.proxy)[4:], "POST mount")
	})
	t.Run("with 500 costs an image one attempt, from however many repositories its layers are", func(t *testing.T) {
		b, client, images := open(t)
		b.proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(registrytest.Answer(http.StatusInternalServerError, ""))})
		require.Error(t, client.Put(ctx, images[0], b.reference("agent:one")))
		require.NoError(t, client.Put(ctx, images[0], b.reference("agent:one")))
	})
	t.Run("says nothing of mounts while the registry is unavailable", func(t *testing.T) {
		b, client, images := open(t)
		b.proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusBadGateway, "")})
		for range failedMounts + refusedMounts {
			require.Error(t, client.Put(ctx, images[0], b.reference("agent:one")))
		}
		b.proxy.Script()
		require.NoError(t, client.Put(ctx, images[0], b.reference("agent:one")))
		assert.Equal(t, []string{"POST mount", "POST mount", "POST mount"}, steps(b.proxy)[:3])
	})
	t.Run("that may pass is an attempt of the image's, once any was mounted", func(t *testing.T) {
		b, client, images := open(t)
		require.NoError(t, client.Put(ctx, images[3], b.reference("agent:four")))
		b.proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(registrytest.Answer(http.StatusBadGateway, ""))})
		for range 3 {
			err := client.Put(ctx, images[0], b.reference("agent:one"))
			assert.Equal(t, pipeline.KindUnavailable, pipeline.CauseOf(err).Kind)
		}
	})
}

// TestAMountsTokenIsForBothRepositories: the token lets the client read the source and write to the target.
func TestWhichAnswersRefuseForGood(t *testing.T) {
	for name, test := range map[string]struct {
		answer  StatusError
		refused bool
	}{
		"missing rights":                   {StatusError{Status: http.StatusForbidden}, true},
		"a request that it does not know":  {StatusError{Status: http.StatusMethodNotAllowed}, true},
		"not one that took too long":       {StatusError{Status: http.StatusRequestTimeout}, false},
		"not a limit, whatever its status": {StatusError{Status: http.StatusForbidden, Limited: true}, false},
		"not a full disk":                  {StatusError{Status: http.StatusForbidden, Full: true}, false},
		"not a fault of its own":           {StatusError{Status: http.StatusInternalServerError}, false},
		"not success":                      {StatusError{Status: http.StatusOK}, false},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.refused, refused(&test.answer)) })
	}
}

func TestAMountsTokenIsForBothRepositories(t *testing.T) {
	r := newTokenRegistry(t)
	client := r.connect(t, Access{Username: "me", Password: password})
	add := r.addition(t, client)
	r.push(t, "official:x", layered(t, types.OCIManifestSchema1, "common", "x"))
	official, err := client.Image(ctx, r.reference("official:x"))
	require.NoError(t, err)
	composed, err := Compose(official, add)
	require.NoError(t, err)
	require.NoError(t, client.Put(ctx, composed, r.reference("agent:x")))
	last := strings.Fields(r.scopes[len(r.scopes)-1])
	assert.Contains(t, last, "repository:official:pull")
	assert.Contains(t, last, "repository:agent:push,pull")
}
