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

// Error is an answer of the hub, or of its storage, with a status other than 200.
type Error struct {
	// Status of the answer, such as 403.
	Status int
	// Code is the hub's name for the error, such as "GatedRepo"; empty if it gives none.
	Code string
	// Message from the hub for people, one line of printable ASCII; empty if there is none.
	Message string
	// Wait is the time that the hub asks to wait, at most five minutes; zero if it does
	// not ask.
	Wait time.Duration

	storage bool // The storage of the hub's files answered, not the hub.
	advice  string
}

// Codes of the hub's own header.
// https://github.com/huggingface/huggingface_hub/blob/v1.2.0/src/huggingface_hub/utils/_http.py
const (
	codeGated      = "GatedRepo"
	codeNoRepo     = "RepoNotFound"
	codeNoRevision = "RevisionNotFound"
	codeNoEntry    = "EntryNotFound"
)

// Error has the status and the hub's message.
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

// Advice for the user; empty if there is none.
func (e *Error) Advice() string { return e.advice }

// Advice returns what a user can do about an error of [Client.Read]; empty if there is
// nothing.
func Advice(err error) string {
	var known interface{ Advice() string }
	if errors.As(err, &known) {
		return known.Advice()
	}
	return ""
}

// passes reports whether the same request may succeed later. A URL of the storage expires,
// and the next attempt gets another one.
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

// maxExplanation is how much of an answer is read for the hub's message, in bytes.
const maxExplanation = 64 << 10

// refusal returns the error of an answer.
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

// explanation returns the hub's message, from a header or from JSON in one of two forms. It ignores
// the HTML pages of proxies.
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

// redact removes the token from an error, since a hub may repeat it.
func (c *connection) redact(err error) error { return redact.Error(err, c.token) }

// reset matches the seconds until the hub's limit ends: `"api";r=0;t=55`.
// https://huggingface.co/docs/hub/rate-limits
var reset = regexp.MustCompile(`;\s*t=([0-9]{1,9})\b`)

// waitOf returns the time that an answer asks to wait, by either of two headers.
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

// adviceFor returns the advice for an answer of the hub itself. Without a token the hub
// answers 401 both for private datasets and for those that do not exist.
func (c *connection) adviceFor(e *Error) string {
	page := redact.Name(c.files)
	switch {
	case e.Code == codeGated || (e.Status == 401 || e.Status == 403) && strings.Contains(e.Message, "is restricted"):
		if c.token == "" {
			return "Request access on " + page + ", and pass a token of that user with --hub-token"
		}
		return "Request access on " + page + " as the user of --hub-token; the token must be allowed to read gated datasets"
	case e.Status == http.StatusUnauthorized && c.token != "":
		return "Check --hub-token: the hub rejects it"
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
