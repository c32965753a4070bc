package registry

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"dagger/eval-images/pipeline/classify"
)

// StatusError is an answer of a registry that is none of those one could go on with.
type StatusError struct {
	// Method and Path are the request's.
	Method, Path string
	// Status is the answer's, such as 403.
	Status int
	// Reason is what the registry says, one line; empty if it says nothing that is meant for
	// programs.
	Reason string
	// After is how long the registry asks to wait, and at most 15 minutes; zero if it does not ask,
	// or not for how long.
	After time.Duration
	// Limited says that the registry refuses because of too many requests, whatever its status.
	Limited bool
	// Spent says that a quota of pulls is used up, and not for some minutes only.
	Spent bool
	// Full says that the registry has no room left.
	Full bool

	// ofTokens says that it is the token server's answer, and wantsToken that the registry asks for
	// another token than it was shown.
	ofTokens, wantsToken bool
	// final says of a 404 that what is missing will not be there in a moment.
	final bool
}

// Error gives request, status and reason.
func (e *StatusError) Error() string {
	text := strings.TrimSpace(fmt.Sprintf("%s %s: %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status)))
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// Cause tells what the answer means for a run. It can tell a limit from missing rights, because it
// has seen the answer.
func (e *StatusError) Cause() classify.Result {
	switch {
	case e.Full:
		return classify.Result{Class: classify.Fatal, Advice: classify.AdviceNoRoom}
	case e.Spent:
		return classify.Result{Class: classify.Spent, Advice: classify.AdvicePulls}
	case e.Limited:
		return classify.Result{Class: classify.Limited, Advice: classify.AdviceWait, Wait: e.After}
	case e.Status >= 500:
		return classify.Result{Class: classify.Unavailable}
	case e.advice() != "":
		return classify.Result{Class: classify.Permanent, Advice: e.advice(), OneTag: e.forbidsManifest()}
	case e.Status < 400 || e.Status == http.StatusRequestTimeout || e.Status == http.StatusNotFound:
		// A registry that stores in several places may not have everywhere what was put there just
		// now: 404 too may pass. Another good answer than that which the request gets is not the
		// registry's, but of something in front of it.
		return classify.Result{Class: classify.Transient}
	}
	return classify.Result{Class: classify.Permanent}
}

func newStatusError(method, path string, got *answer) *StatusError {
	reason := reasonIn(got.body)
	e := &StatusError{
		Method: method, Path: path, Status: got.status, Reason: reason,
		wantsToken: tokenChallenge(got.header) != "", After: waitIn(got.header.Get("Retry-After"), string(got.body)),
	}
	// GitHub's registry answers 403 to those who ask too often, and says so in the text only.
	// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
	e.Limited = got.status == http.StatusTooManyRequests || strings.Contains(strings.ToLower(string(got.body)), "secondary rate limit") ||
		strings.Contains(reason, "TOOMANYREQUESTS") || (got.status == http.StatusServiceUnavailable && e.After > 0)
	e.Spent = e.Limited && strings.Contains(strings.ToLower(string(got.body)), classify.PullLimit) && (e.After == 0 || e.After == maxWait)
	// The registry of the distribution project calls that an unknown error, and gives the operating
	// system's own words as a detail.
	e.Full = got.status == http.StatusInsufficientStorage ||
		got.status == http.StatusInternalServerError && strings.Contains(string(got.body), "no space left on device")
	return e
}

// maxWait bounds the wait that a registry may ask for. A limit by the hour is worth asking again in
// between; and a run that sits out a year, by a mistake of the registry's, looks like one that
// hangs.
const maxWait = 15 * time.Minute

// waitInBody is how ghcr.io asks for a wait: in the message of the error, "retry-after: 214.7ms,
// allowed: 2000/minute".
var waitInBody = regexp.MustCompile(`(?i)retry-after: *([0-9]+(?:\.[0-9]+)?(?:ms|µs|us|s|m|h))`)

// waitIn is how long a registry asks to wait, by its header or by its text, and at most maxWait.
func waitIn(header, body string) time.Duration {
	return min(max(0, askedWait(header, body)), maxWait)
}

// askedWait reads both forms of the header.
// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
func askedWait(header, body string) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(maxWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return time.Until(at)
	}
	if match := waitInBody.FindStringSubmatch(body); match != nil {
		if wait, err := time.ParseDuration(match[1]); err == nil {
			return wait
		}
	}
	return 0
}
