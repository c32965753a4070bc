package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"dagger/eval-images/redact"
)

// Error is an answer of the hub that is not what was asked for.
type Error struct {
	// Status of the answer, such as 403.
	Status int
	// Code is the hub's name for what is wrong, such as "GatedRepo"; empty if it gives
	// none.
	Code string
	// Message is what the hub says, one line of printable ASCII; empty if it says
	// nothing that is meant for people.
	Message string
	// Wait is how long the hub asks to wait, and at most five minutes; zero if it does
	// not ask.
	Wait time.Duration

	storage bool // It is no answer of the hub's, but of where its files are.
	advice  string
}

// Codes that the hub gives in a header of its own.
// https://github.com/huggingface/huggingface_hub/blob/v1.2.0/src/huggingface_hub/utils/_http.py
const (
	codeGated      = "GatedRepo"
	codeNoRepo     = "RepoNotFound"
	codeNoRevision = "RevisionNotFound"
	codeNoEntry    = "EntryNotFound"
)

// Error gives the status and the hub's own words.
func (e *Error) Error() string {
	who := "the hub answers"
	if e.storage {
		who = "the hub's storage answers"
	}
	text := strings.TrimSpace(fmt.Sprintf("%s %d %s", who, e.Status, http.StatusText(e.Status)))
	if e.Message != "" {
		text += `: "` + e.Message + `"`
	}
	return text
}

// Advice says what to do; empty if that is not known.
func (e *Error) Advice() string { return e.advice }

// Advice says what to do about an error of [Client.Read]; empty if that is not known.
func Advice(err error) string {
	var known interface{ Advice() string }
	if errors.As(err, &known) {
		return known.Advice()
	}
	return ""
}

// passes reports whether the same request may be answered later. The address of a file
// in a storage is valid for some time only, and the next attempt gets another one.
func (e *Error) passes() bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		return true
	case http.StatusForbidden:
		return e.storage
	case http.StatusNotImplemented:
		return false
	}
	return e.Status >= 500
}

func hasStatus(err error, status int) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Status == status
}

// maxExplanation is how much of an answer is read for the hub's words, in bytes.
const maxExplanation = 64 << 10

// refusal makes an error of an answer.
func (c *connection) refusal(answer *http.Response, body io.Reader) error {
	text, _ := io.ReadAll(io.LimitReader(body, maxExplanation)) // The status says enough.
	e := &Error{Status: answer.StatusCode, Wait: waitOf(answer.Header)}
	if from := answer.Request.URL; from.Scheme+"://"+from.Host != c.origin {
		e.storage = true // It speaks XML, about addresses that nobody knows.
		return e
	}
	if code := answer.Header.Get("X-Error-Code"); word.MatchString(code) {
		e.Code = code
	}
	e.Message = redact.ASCII(explanation(answer.Header.Get("X-Error-Message"), text), c.token)
	e.advice = c.adviceFor(e)
	return e
}

var word = regexp.MustCompile(`^[A-Za-z]{1,40}$`)

// explanation is what the hub says in words: in a header, or in JSON of one of two
// forms. Pages of proxies are left out.
func explanation(header string, body []byte) string {
	if header != "" {
		return header
	}
	var one struct{ Error string }
	if json.Unmarshal(body, &one) == nil && one.Error != "" {
		return one.Error
	}
	var several struct {
		Error  []string
		Errors []struct{ Message string }
	}
	_ = json.Unmarshal(body, &several) // What it has read so far counts.
	for _, e := range several.Errors {
		several.Error = append(several.Error, e.Message)
	}
	return strings.Join(several.Error, "; ")
}

// redact leaves the token out of an error, where a hub that repeats it may have put it.
func (c *connection) redact(err error) error { return redact.Error(err, c.token) }

// reset is how the hub says when its limit ends: `"api";r=0;t=55`.
// https://huggingface.co/docs/hub/rate-limits
var reset = regexp.MustCompile(`;\s*t=([0-9]{1,9})\b`)

// waitOf is how long an answer asks to wait, by either header that says so.
// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
func waitOf(header http.Header) time.Duration {
	after := header.Get("Retry-After")
	if at, err := http.ParseTime(after); err == nil {
		return min(max(0, time.Until(at)), longestPause)
	}
	if match := reset.FindStringSubmatch(header.Get("RateLimit")); match != nil && after == "" {
		after = match[1]
	}
	seconds, err := strconv.ParseUint(after, 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(min(seconds, uint64(longestPause/time.Second))) * time.Second
}

// adviceFor says what to do about an answer of the hub's own. It answers 401 without a
// token for what is private and for what does not exist alike.
func (c *connection) adviceFor(e *Error) string {
	page := redact.Name(c.files)
	switch {
	case e.Code == codeGated || (e.Status == 401 || e.Status == 403) && strings.Contains(e.Message, "is restricted"):
		if c.token == "" {
			return "Request access on " + page + ", and pass a token of that user with --hub-token"
		}
		return "Request access on " + page + " as the user of --hub-token; the token must be allowed to read gated datasets"
	case e.Status == http.StatusUnauthorized && c.token != "":
		return "Check --hub-token: the hub does not accept it"
	case e.Code == codeNoRevision:
		return "Check --revision: the commits are on " + page + "/commits/main"
	case e.Code == codeNoEntry:
		return ""
	case e.Code == codeNoRepo || e.Status == http.StatusUnauthorized || e.Status == http.StatusNotFound:
		if c.token == "" {
			return "Check the name in --dataset. A private dataset needs --hub-token"
		}
		return "Check the name in --dataset, and that the user of --hub-token may read it"
	case e.Status == http.StatusForbidden && c.token != "":
		return "Check that --hub-token is allowed to read this dataset"
	case e.Status == http.StatusTooManyRequests && c.token == "":
		return "Try again in some minutes, or pass --hub-token: users have a higher limit"
	case e.Status == http.StatusTooManyRequests:
		return "Try again in some minutes"
	case e.Status == http.StatusNotImplemented:
		return adviceFile
	case e.Status >= 500:
		return "Try again later; https://status.huggingface.co reports outages"
	}
	return ""
}
