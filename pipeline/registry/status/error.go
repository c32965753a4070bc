package status

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/transport"
)

// Error is an answer with an unexpected status.
type Error struct {
	// Method and Path of the request.
	Method, Path string
	// Status of the answer, such as 403.
	Status int
	// Reason that the answer gives, in one line; empty if it gives none, or only a page of HTML.
	Reason string
	// After is how long the registry asks to wait, at most 15 minutes. Zero: it does not say.
	After time.Duration
	// Limited says that there were too many requests, whatever the status.
	Limited bool
	// Spent says that a quota of pulls is used up, for more than some minutes.
	Spent bool
	// Again and Window of a quota of pulls: see [classify.Result].
	Again, Window time.Duration
	// Full says that the registry has no disk space left.
	Full bool
	// Final says of a 404 that it will stay: the missing repository was not created just now.
	Final bool

	// ofTokens says that the token server answered; wantsToken, that the registry asks for another
	// token.
	ofTokens, wantsToken bool
}

// Error returns request, status and reason.
func (e *Error) Error() string {
	text := strings.TrimSpace(fmt.Sprintf("%s %s: %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status)))
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// Cause classifies the answer.
func (e *Error) Cause() classify.Result {
	switch {
	case e.Full:
		return classify.Result{Class: classify.Fatal, Advice: classify.AdviceNoRoom}
	case e.Spent:
		return classify.Result{Class: classify.Spent, Advice: classify.AdvicePulls, Again: e.Again, Window: e.Window}
	case e.Limited:
		return classify.Result{Class: classify.Limited, Advice: classify.AdviceWait, Wait: e.After}
	case e.Status >= 500:
		return classify.Result{Class: classify.Unavailable}
	case e.advice() != "":
		return classify.Result{Class: classify.Permanent, Advice: e.advice(), OneTag: e.forbidsManifest()}
	case e.Status < 400 || e.Status == http.StatusRequestTimeout || e.Status == http.StatusNotFound:
		// A 404 may pass: a registry with several stores may not have copied to all of them what
		// was just put. An unexpected success comes from a proxy in front of the registry.
		return classify.Result{Class: classify.Transient}
	}
	return classify.Result{Class: classify.Permanent}
}

// New is the error for an answer to a request. The path must be one line.
func New(method, path string, status int, header http.Header, body []byte) *Error {
	reason := reasonIn(body)
	text := string(body)
	lower := strings.ToLower(text)
	e := &Error{
		Method: method, Path: path, Status: status, Reason: reason,
		wantsToken: transport.TokenChallenge(header) != "", After: waitIn(header.Get("Retry-After"), text),
	}
	// GitHub's registry answers 403 to too many requests: only the text tells.
	// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
	e.Limited = status == http.StatusTooManyRequests || strings.Contains(lower, "secondary rate limit") ||
		strings.Contains(reason, "TOOMANYREQUESTS") || (status == http.StatusServiceUnavailable && e.After > 0)
	e.Spent = e.Limited && strings.Contains(lower, classify.PullLimit) && (e.After == 0 || e.After == maxWait)
	if e.Spent {
		e.Again, e.Window = againIn(header), cmp.Or(windowIn(header), classify.PullWindow)
	}
	// The distribution project's registry answers with an unknown error, whose detail is the
	// operating system's error.
	e.Full = status == http.StatusInsufficientStorage ||
		status == http.StatusInternalServerError && strings.Contains(text, "no space left on device")
	return e
}
