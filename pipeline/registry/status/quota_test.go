package status

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/pipeline/classify"
)

// TestWhenAQuotaAllowsPullsAgain: the registry names the time, or the time that it counts over, or
// nothing; then the quota is Docker Hub's.
func TestWhenAQuotaAllowsPullsAgain(t *testing.T) {
	const day = 24 * time.Hour
	date := func(in time.Duration) string { return time.Now().Add(in).UTC().Format(http.TimeFormat) }
	for name, test := range map[string]struct {
		header, value string
		again, window time.Duration
	}{
		"no header":                            {"", "", 0, 6 * time.Hour},
		"Docker Hub's window":                  {"ratelimit-limit", "100;w=21600", 0, 6 * time.Hour},
		"another window":                       {"ratelimit-limit", "5000;w=3600", 0, time.Hour},
		"the window of a policy":               {"RateLimit-Policy", `"pulls";q=100;w=7200`, 0, 2 * time.Hour},
		"seconds to wait":                      {"Retry-After", "12000", 12000 * time.Second, 6 * time.Hour},
		"a date":                               {"Retry-After", date(3 * time.Hour), 3 * time.Hour, 6 * time.Hour},
		"a date that has passed":               {"Retry-After", date(-time.Hour), 0, 6 * time.Hour},
		"seconds to the reset":                 {"RateLimit-Reset", "3600", time.Hour, 6 * time.Hour},
		"the time of the reset, since 1970":    {"RateLimit-Reset", strconv.FormatInt(time.Now().Add(2*time.Hour).Unix(), 10), 2 * time.Hour, 6 * time.Hour},
		"the header of an old draft":           {"RateLimit", "limit=100, remaining=0, reset=1800", 30 * time.Minute, 6 * time.Hour},
		"that of a new one":                    {"RateLimit", `"default";r=0;t=900`, 15 * time.Minute, 6 * time.Hour},
		"what remains is no time":              {"RateLimit", `"default";r=50`, 0, 6 * time.Hour},
		"a year":                               {"Retry-After", "31536000", 0, 6 * time.Hour},
		"a window of a year":                   {"ratelimit-limit", "100;w=31536000", 0, 6 * time.Hour},
		"less than nothing":                    {"RateLimit-Reset", "-5", 0, 6 * time.Hour},
		"more seconds than a number holds":     {"RateLimit-Reset", "92233720368547758070", 0, 6 * time.Hour},
		"more seconds than a time can hold":    {"RateLimit-Reset", "9223372036854775807", 0, 6 * time.Hour},
		"a window of more than a number holds": {"ratelimit-limit", "1;w=92233720368547758070", 0, 6 * time.Hour},
		"words":                                {"RateLimit-Reset", "soon", 0, 6 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			if test.header != "" {
				header.Set(test.header, test.value)
			}
			err := New(http.MethodGet, "/v2/o/i/manifests/latest", http.StatusTooManyRequests, header, []byte("toomanyrequests: You have reached your pull rate limit"))
			cause := classify.Of(err)
			assert.Equal(t, classify.Spent, cause.Class)
			assert.InDelta(t, test.again.Seconds(), cause.Again.Seconds(), 30)
			assert.Equal(t, test.again > 0, cause.Again > 0)
			assert.Equal(t, test.window, cause.Window)
			assert.Less(t, cause.Again, 7*day)
		})
	}
	t.Run("another limit has none", func(t *testing.T) {
		err := New(http.MethodGet, "/v2/o/i/manifests/latest", http.StatusTooManyRequests, http.Header{"Ratelimit-Limit": {"100;w=21600"}}, nil)
		assert.Equal(t, classify.Result{Class: classify.Limited, Advice: classify.AdviceWait}, classify.Of(err))
	})
}
