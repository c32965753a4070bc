package hub

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/hub/hubtest"
	"dagger/eval-images/dial"
)

// status answers with a status, and with headers given as names and values in turn.
func status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}
}

// hangUp cuts the connection without an answer.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// hangUpAfter cuts the connection within an answer.
func hangUpAfter(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		_, _ = w.Write([]byte(text))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

func TestTemporaryErrorsAreRetried(t *testing.T) {
	tests := map[string]struct {
		faults   []http.HandlerFunc
		min, max time.Duration // of the first pause
	}{
		"a limit with a time to wait":               {[]http.HandlerFunc{status(429, "Retry-After", "7")}, 7 * time.Second, 7 * time.Second},
		"in the hub's own header":                   {[]http.HandlerFunc{status(429, "RateLimit", `"api";r=0;t=55`)}, 55 * time.Second, 55 * time.Second},
		"a limit of an hour":                        {[]http.HandlerFunc{status(429, "Retry-After", "3600")}, 5 * time.Minute, 5 * time.Minute},
		"a limit until a distant date":              {[]http.HandlerFunc{status(429, "Retry-After", "Fri, 31 Dec 2100 23:59:59 GMT")}, 5 * time.Minute, 5 * time.Minute},
		"a limit until a past date":                 {[]http.HandlerFunc{status(429, "Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT")}, 15 * time.Second, 23 * time.Second},
		"a limit without a time":                    {[]http.HandlerFunc{status(429)}, 15 * time.Second, 23 * time.Second},
		"an error of the hub":                       {[]http.HandlerFunc{status(500)}, time.Second, 2 * time.Second},
		"a bad gateway":                             {[]http.HandlerFunc{status(502)}, time.Second, 2 * time.Second},
		"a hub that is busy for some seconds":       {[]http.HandlerFunc{status(503, "Retry-After", "3")}, 3 * time.Second, 3 * time.Second},
		"a gateway timeout":                         {[]http.HandlerFunc{status(504)}, time.Second, 2 * time.Second},
		"a connection that is cut":                  {[]http.HandlerFunc{hangUp}, time.Second, 2 * time.Second},
		"a connection that is cut within an answer": {[]http.HandlerFunc{hangUpAfter(`{"sha":`)}, time.Second, 2 * time.Second},
		"four faults in a row":                      {[]http.HandlerFunc{status(500), hangUp, status(429), status(503)}, time.Second, 2 * time.Second},
	}
	for what, test := range tests {
		// A run sends three requests: about the commit, to the hub for a file, and to its storage.
		for i, where := range []string{"the commit's", "the file's", "the storage's"} {
			t.Run(where+": "+what, func(t *testing.T) {
				bed := newTestbed(t)
				bed.Commit("o/n", "main", hubtest.Files{"test.jsonl": lines("a", "b")})
				var reports []string
				bed.client.Report = func(line string) { reports = append(reports, line) }
				for range i {
					bed.Fail(nil)
				}
				bed.Fail(test.faults[0])
				for _, fault := range test.faults[1:] {
					if where == "the storage's" {
						bed.Fail(nil) // Each attempt begins at the hub.
					}
					bed.Fail(fault)
				}
				ids, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
				require.NoError(t, err)
				assert.Equal(t, []string{"a", "b"}, ids)
				require.Len(t, bed.waited, len(test.faults))
				assert.GreaterOrEqual(t, bed.waited[0], test.min)
				assert.LessOrEqual(t, bed.waited[0], test.max)
				require.Len(t, reports, len(test.faults))
				assert.Regexp(t, `attempt 2 of 5 follows in (\d+m)?\d+(\.\d)?s$`, reports[0], "to a tenth of a second")
			})
		}
	}
}

func TestACutFileIsDownloadedAnew(t *testing.T) {
	bed := newTestbed(t)
	bed.Commit("o/n", "main", hubtest.Files{"test.jsonl": lines("a")})
	bed.Fail(nil, nil, hangUpAfter(lines("half", "of", "it", "and", "more")))
	ids, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
	require.NoError(t, err)
	assert.Equal(t, []string{"a"}, ids)
}

func TestAnExpiredStorageURLIsRequestedAgain(t *testing.T) {
	bed := newTestbed(t)
	bed.Commit("o/n", "main", hubtest.Files{"test.jsonl": lines("a")})
	bed.Fail(nil, nil, status(http.StatusForbidden))
	ids, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
	require.NoError(t, err)
	assert.Equal(t, []string{"a"}, ids)
}

func TestPermanentErrorsAreNotRetried(t *testing.T) {
	for _, code := range []int{400, 401, 403, 404, 410, 501} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			bed := newTestbed(t)
			bed.Fail(status(code))
			_, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
			require.ErrorContains(t, err, fmt.Sprintf("the hub answers %d %s", code, http.StatusText(code)))
			assert.Empty(t, bed.waited)
		})
	}
	const advice = "Check --hub, and that the machine of the Dagger engine reaches it"
	t.Run("nobody at the address", func(t *testing.T) {
		bed := newTestbed(t)
		bed.client.Address = "http://127.0.0.1:1"
		_, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
		require.ErrorContains(t, err, "connection refused")
		assert.Empty(t, bed.waited)
		assert.Equal(t, advice, Advice(err))
	})
	t.Run("https where there is none", func(t *testing.T) {
		bed := newTestbed(t)
		bed.client.Address = "https" + bed.client.Address[len("http"):]
		_, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
		require.ErrorContains(t, err, "server gave HTTP response to HTTPS client")
		assert.Empty(t, bed.waited)
		assert.Equal(t, advice, Advice(err))
	})
}

// TestWhichConnectionErrorsAreRetried: the library's errors, and the text for the user.
func TestWhichConnectionErrorsAreRetried(t *testing.T) {
	dialing := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	const reach, refer = "Check --hub, and that the machine of the Dagger engine reaches it",
		"Use a hub that serves its files itself, or from public addresses"
	tests := map[string]struct {
		err    error
		passes bool
		advice string
	}{
		"a name that does not exist":         {dialing(&net.DNSError{IsNotFound: true}), false, reach},
		"a name server that fails":           {dialing(&net.DNSError{IsTemporary: true}), true, reach},
		"a proxy's name that does not exist": {&net.DNSError{IsNotFound: true}, false, reach},
		"an address that refuses":            {dialing(syscall.ECONNREFUSED), false, reach},
		"an address that does not answer":    {dialing(os.ErrDeadlineExceeded), true, reach},
		"a connection that is reset":         {&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, true, ""},
		"an answer that is cut":              {io.ErrUnexpectedEOF, true, ""},
		"a certificate that is not valid":    {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, false, ""},
		"no TLS":                             {http.ErrSchemeMismatch, false, reach},
		"too many redirects":                 {errRedirect, false, ""},
		"a referral inside":                  {&dial.ReferralError{}, false, refer},
		"a referral inside, when dialing":    {dialing(&dial.ReferralError{}), false, refer},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			err := &cutError{err: test.err}
			assert.Equal(t, test.passes, passes(err))
			assert.Equal(t, test.advice, Advice(err))
		})
	}
}

func TestAttemptsEnd(t *testing.T) {
	bed := newTestbed(t)
	for range 100 {
		bed.Fail(status(503))
	}
	_, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
	require.ErrorContains(t, err, "dataset o/n: tried 5 times: the hub answers 503 Service Unavailable")
	assert.Len(t, bed.Requests(), 5)
	require.Len(t, bed.waited, 4)
	for i, pause := range bed.waited {
		assert.GreaterOrEqual(t, pause, time.Second<<i)
	}
	assert.Contains(t, Advice(err), "Try again later")
}

func TestACancelledClientStops(t *testing.T) {
	stop := errors.New("told to stop")
	t.Run("while it waits for another attempt", func(t *testing.T) {
		bed := newTestbed(t)
		bed.Fail(status(503))
		ctx, cancel := context.WithCancelCause(context.Background())
		bed.client.Report = func(string) { cancel(stop) }
		bed.client.sleep = nil
		_, _, err := bed.client.Read(ctx, Part{Name: "o/n", Split: "test"})
		require.ErrorIs(t, err, stop)
		assert.Len(t, bed.Requests(), 1)
	})
	t.Run("while it waits for an answer", func(t *testing.T) {
		bed := newTestbed(t)
		ctx, cancel := context.WithCancelCause(context.Background())
		bed.Fail(func(_ http.ResponseWriter, r *http.Request) {
			cancel(stop)
			<-r.Context().Done()
		})
		_, _, err := bed.client.Read(ctx, Part{Name: "o/n", Split: "test"})
		require.ErrorIs(t, err, stop)
		assert.Len(t, bed.Requests(), 1)
	})
}

func TestAPauseThatFailsIsTheLast(t *testing.T) {
	stop := errors.New("told to stop")
	bed := newTestbed(t)
	bed.Fail(status(503), status(503))
	bed.client.sleep = func(context.Context, time.Duration) error { return stop }
	_, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
	require.ErrorIs(t, err, stop)
	assert.Len(t, bed.Requests(), 1)
}

func TestACancelledClientAnnouncesNoAttempt(t *testing.T) {
	stop := errors.New("told to stop")
	ctx, cancel := context.WithCancelCause(context.Background())
	busy := transportFunc(func(r *http.Request) (*http.Response, error) {
		cancel(stop)
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Body: http.NoBody, Request: r}, nil
	})
	client := Client{Transport: busy, Report: func(line string) { t.Error(line) }}
	_, _, err := client.Read(ctx, Part{Name: "o/n", Split: "test"})
	require.ErrorIs(t, err, stop)
}

// handTimer is a timer that expires on demand.
type handTimer struct{ resets int }

func (h *handTimer) Reset(time.Duration) bool { h.resets++; return true }
func (h *handTimer) Stop() bool               { return true }

// TestASilentHubIsRetried: before its answer, and within it.
func TestASilentHubIsRetried(t *testing.T) {
	bed := newTestbed(t)
	bed.Commit("o/n", "main", hubtest.Files{"test.jsonl": lines("a")})
	var runOut func()
	var timers []*handTimer
	bed.client.watch = func(wait time.Duration, stalled func()) timer {
		assert.Equal(t, idle, wait)
		runOut = stalled
		timers = append(timers, &handTimer{})
		return timers[len(timers)-1]
	}
	silent := func(_ http.ResponseWriter, r *http.Request) {
		runOut()
		<-r.Context().Done()
	}
	bed.Fail(silent, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("{"))
		w.(http.Flusher).Flush()
		silent(w, r)
	})
	ids, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
	require.NoError(t, err)
	assert.Equal(t, []string{"a"}, ids)
	assert.Len(t, bed.waited, 2)
	require.Len(t, timers, 4)
	assert.Zero(t, timers[0].resets)
	for _, timer := range timers[2:] {
		assert.Positive(t, timer.resets, "what arrives puts the end off")
	}

	t.Run("and given up in the end", func(t *testing.T) {
		bed := newTestbed(t)
		bed.client.idle = time.Millisecond
		for range attempts {
			bed.Fail(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		}
		_, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
		assert.ErrorContains(t, err, "tried 5 times: no complete answer: nothing arrived within 1ms")
	})
}

func TestAnAnswerIsBounded(t *testing.T) {
	for what, header := range map[string]string{"says how long it is": fmt.Sprint(maxAnswer + 1), "does not say": ""} {
		t.Run("one that "+what, func(t *testing.T) {
			bed := newTestbed(t)
			bed.Fail(func(w http.ResponseWriter, r *http.Request) {
				if header != "" {
					w.Header().Set("Content-Length", header)
				}
				block := []byte(strings.Repeat(" ", 1<<20))
				for r.Context().Err() == nil {
					if _, err := w.Write(block); err != nil {
						return
					}
				}
			})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
			runtime.ReadMemStats(&after)
			require.ErrorContains(t, err, "it is larger than 32 MiB")
			assert.Empty(t, bed.waited)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(256<<20))
		})
	}
}
