package registry

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestOpen: what is asked before a run is asked again after what may pass, and a few times at most.
func TestOpen(t *testing.T) {
	limit := registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"You have exceeded a secondary rate limit."}]}`)
	tests := map[string]struct {
		path   string // of the question
		times  int    // that the fault strikes it
		fault  registrytest.Fault
		opens  bool
		asked  int // how often it was asked: the handshake once, and for each of two repositories whether images may be pushed there
		reason string
	}{
		"all is well":                                      {path: "^/v2/$", opens: true, asked: 1},
		"a 503 at the handshake":                           {path: "^/v2/$", times: 1, fault: registrytest.Answer(http.StatusServiceUnavailable, ""), opens: true, asked: 2},
		"a page of HTML at the handshake":                  {path: "^/v2/$", times: 2, fault: registrytest.Page(http.StatusBadGateway), opens: true, asked: 3},
		"a handshake that is cut":                          {path: "^/v2/$", times: 1, fault: registrytest.Cut(0), opens: true, asked: 2},
		"a limit at the handshake":                         {path: "^/v2/$", times: 1, fault: limit, opens: true, asked: 2},
		"a cut question whether it may push":               {path: "/uploads/$", times: 1, fault: registrytest.Cut(0), opens: true, asked: 3},
		"a 503 for every upload: the first push will tell": {path: "/uploads/$", times: 9, fault: registrytest.Answer(http.StatusServiceUnavailable, ""), opens: true, asked: 6},
		"a 503 for good":                                   {path: "^/v2/$", times: 9, fault: registrytest.Answer(http.StatusServiceUnavailable, ""), asked: 3, reason: "503"},
		"missing rights, which stay missing":               {path: "/uploads/$", times: 9, fault: registrytest.Answer(http.StatusForbidden, ""), asked: 1, reason: ErrRefused.Error()},
		"an answer that nobody expects":                    {path: "^/v2/$", times: 9, fault: registrytest.Answer(http.StatusTeapot, ""), asked: 1, reason: "418"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := registrytest.NewBed(t)
			if test.fault != nil {
				b.Proxy.Script(registrytest.Rule{Path: test.path, Times: test.times, Fault: test.fault})
			}
			client, err := Access{Pause: time.Millisecond}.Open(ctx, b.Reference("agent"), b.Reference("base"))
			if test.opens {
				require.NoError(t, err)
				assert.NotNil(t, client)
			} else {
				require.ErrorContains(t, err, test.reason)
			}
			questions := 0
			for _, asked := range b.Proxy.Requests() {
				if regexp.MustCompile(test.path).MatchString(asked.Path) && (asked.Method == http.MethodGet || asked.Method == http.MethodPost) {
					questions++
				}
			}
			assert.Equal(t, test.asked, questions)
		})
	}
}

func TestOpenGivesUpAtOnceWhereNothingAnswers(t *testing.T) {
	access := Access{Pause: time.Hour}
	_, err := access.Open(ctx, "localhost:1/agent")
	require.ErrorContains(t, err, "connection refused")
	_, err = access.Open(ctx, "localhost:1/agent", "localhost:2/base")
	require.ErrorIs(t, err, ErrSeveral)
}
