package status

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/redact"
)

func TestError(t *testing.T) {
	const (
		ghcr      = `{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 214.7ms, allowed: 44000/minute"}]}`
		secondary = `{"errors":[{"code":"DENIED","message":"You have exceeded a secondary rate limit. Please wait."}]}`
		pulls     = `{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}`
		denied    = `{"errors":[{"code":"DENIED","message":"permission denied"},{"code":"UNAUTHORIZED"}]}`
		full      = `{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":"filesystem: write /var/x: no space left on device"}]}`
		html      = "<html><body>\n<h1>500 Internal Server Error</h1>\n</body></html>"
	)
	limited := func(wait time.Duration) classify.Result {
		return classify.Result{Class: classify.Limited, Advice: classify.AdviceWait, Wait: wait}
	}
	spent := classify.Result{Class: classify.Spent, Advice: classify.AdvicePulls, Window: 6 * time.Hour}
	spentFor := spent
	spentFor.Again = 6 * time.Hour
	credentials := classify.Result{Class: classify.Permanent, Advice: classify.AdviceCredentials}
	noRight := classify.Result{Class: classify.Permanent, Advice: classify.AdviceNoRight, OneTag: true}
	noRoom := classify.Result{Class: classify.Fatal, Advice: classify.AdviceNoRoom}
	unavailable := classify.Result{Class: classify.Unavailable}
	transient, permanent := classify.Result{Class: classify.Transient}, classify.Result{Class: classify.Permanent}
	tests := map[string]struct {
		status      int
		after, body string
		cause       classify.Result
		text        string
	}{
		"429 with seconds":                        {429, "17", "", limited(17 * time.Second), "429 Too Many Requests"},
		"429 for Docker Hub's quota of pulls":     {429, "", pulls, spent, "429 Too Many Requests: TOOMANYREQUESTS You have reached your pull rate limit."},
		"the same for hours":                      {429, "21600", pulls, spentFor, "429 Too Many Requests: TOOMANYREQUESTS You have reached your pull rate limit."},
		"the same for a minute":                   {429, "60", pulls, limited(time.Minute), "429 Too Many Requests: TOOMANYREQUESTS You have reached your pull rate limit."},
		"429 as ghcr.io says it":                  {429, "", ghcr, limited(214700 * time.Microsecond), "429 Too Many Requests: TOOMANYREQUESTS retry-after: 214.7ms, allowed: 44000/minute"},
		"429 that asks for a year":                {429, "31536000", "", limited(15 * time.Minute), "429 Too Many Requests"},
		"429 with more seconds than a time holds": {429, "18446744073709551615", "", limited(15 * time.Minute), "429 Too Many Requests"},
		"429 with a date that has passed":         {429, "Mon, 01 Jan 2024 00:00:00 GMT", "", limited(0), "429 Too Many Requests"},
		"429 with a date far away":                {429, "Mon, 01 Jan 2996 00:00:00 GMT", "", limited(15 * time.Minute), "429 Too Many Requests"},
		"429 with something else":                 {429, "-5", "retry-after: -5s", limited(0), "429 Too Many Requests: retry-after: -5s"},
		"403 as GitHub limits":                    {403, "60", secondary, limited(time.Minute), "403 Forbidden: DENIED You have exceeded a secondary rate limit. Please wait."},
		"403 with the code of a limit":            {403, "", `{"errors":[{"code":"TOOMANYREQUESTS"}]}`, limited(0), "403 Forbidden: TOOMANYREQUESTS"},
		"403 as GitHub limits, in its other form": {403, "", `{"message":"You have exceeded a secondary rate limit"}`, limited(0), "403 Forbidden: You have exceeded a secondary rate limit"},
		"403":                     {403, "", denied, noRight, "403 Forbidden: DENIED permission denied; UNAUTHORIZED"},
		"401":                     {401, "", "", credentials, "401 Unauthorized"},
		"500 with a page of HTML": {500, "", html, unavailable, "500 Internal Server Error"},
		"500 without room":        {500, "", full, noRoom, "500 Internal Server Error: UNKNOWN unknown error"},
		"507":                     {507, "", "", noRoom, "507 Insufficient Storage"},
		"400 with those words":    {400, "", full, permanent, "400 Bad Request: UNKNOWN unknown error"},
		"503 with a wait":         {503, "3", "", limited(3 * time.Second), "503 Service Unavailable"},
		"503 without":             {503, "", "", unavailable, "503 Service Unavailable"},
		"200 with a page of HTML": {200, "", html, transient, "200 OK"},
		"408":                     {408, "", "", transient, "408 Request Timeout"},
		"404":                     {404, "", "", transient, "404 Not Found"},
		"400 with another JSON":   {400, "", `{"errors":"none"}`, permanent, "400 Bad Request"},
		"a status without a name": {599, "", "", unavailable, "599"},
		"a text in several lines": {
			400, "", `{"errors":[{"code":"A\r\nB","message":"one\n\ntwo\u2028three"}]}`, permanent, "400 Bad Request: A B one two three",
		},
		"control characters": {
			400, "", `{"errors":[{"code":"A","message":"\u001b[31mred\u0000 \u0007bell\u202e \u009b2J"}]}`, permanent, "400 Bad Request: A [31mred bell 2J",
		},
		"a long text": {
			400, "", `{"errors":[{"message":"` + strings.Repeat("ä", 1<<20) + `"}]}`, permanent, "400 Bad Request: " + strings.Repeat("ä", (redact.MaxLine-len("…"))/2) + "…",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			header.Set("Retry-After", test.after)
			err := New(http.MethodPut, "/v2/agent/manifests/x", test.status, header, []byte(test.body))
			assert.Equal(t, test.cause, err.Cause())
			assert.Equal(t, "PUT /v2/agent/manifests/x: "+test.text, err.Error())
		})
	}
	t.Run("429 with a date", func(t *testing.T) {
		wait := waitIn(time.Now().Add(time.Minute).UTC().Format(http.TimeFormat), "")
		assert.InDelta(t, time.Minute, wait, float64(2*time.Second), "dates have no fractions of a second")
	})
}
