package classify

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"time"

	"dagger/eval-images/pipeline/stopwatch"
)

// Class tells what an error means for the rest of a run.
type Class int

const (
	// Transient errors may pass: a broken connection, a short failure of a registry, and anything
	// unknown. The run retries them.
	Transient Class = iota
	// Unavailable errors may pass too, but may affect every image at once: a registry does not
	// answer, or fails itself.
	Unavailable
	// Limited means that a registry asks for fewer requests. All workers wait, then the run
	// retries.
	Limited
	// Permanent errors stay, however often the run retries. They fail their image.
	Permanent
	// Fatal errors would affect every other image too. They end the run.
	Fatal
	// Spent means that a pull quota is used up for hours. Only the images that need another pull
	// fail.
	Spent
)

// Result is the classification of an error.
type Result struct {
	Class Class
	// Advice tells in a sentence or two what to do. Empty: unknown.
	Advice string
	// Wait is how long the registry asks to wait. Zero: it does not say.
	Wait time.Duration
	// Again is when a used-up quota allows pulls again, counted from the answer, and Window the time
	// that the quota counts over: it allows pulls again within that. Zero: unknown.
	Again, Window time.Duration
	// Doubtful marks a limit that may be a missing right: the engine shows the status of a refusal,
	// but hides its reason.
	Doubtful bool
	// OneTag reports that the registry accepted the image's blobs but refused its manifest under
	// this tag, which may be protected. That fails the image, and ends a run only after several in
	// a row.
	OneTag bool
}

// PullLimit is Docker Hub's text for a used-up pull quota, in lower case: "You have reached your
// pull rate limit", and without a login "… your unauthenticated pull rate limit". Its limit of
// requests has a different text.
// https://docs.docker.com/docker-hub/usage/pulls/
const PullLimit = "pull rate limit"

// PullWindow is the time that Docker Hub's quota counts over: "100 per 6 hours", as its header says,
// "ratelimit-limit: 100;w=21600".
// https://docs.docker.com/docker-hub/usage/pulls/#view-hourly-pull-rate-and-limit
const PullWindow = 6 * time.Hour

// printed matches lines of an error that a command printed. They say nothing about the registry.
var printed = regexp.MustCompile(`(?m)^  \| .*$`)

// asked matches the query of an upload: the layer to mount, and its repository.
var asked = regexp.MustCompile(`(/blobs/uploads/)\?\S*(: \d{3} )`)

// Of classifies an error. The result of nil, and of an unknown error, is the zero [Result].
func Of(err error) Result {
	if err == nil {
		return Result{}
	}
	var timeout *stopwatch.TimeoutError
	if errors.As(err, &timeout) { // It also cancels the work under way.
		return Result{Class: Permanent, Advice: AdviceTimeout}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Result{Class: Permanent}
	}
	var caused Classified
	if errors.As(err, &caused) {
		return caused.Cause().whenPushing(err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Result{Class: Unavailable} // The connection ended within an answer.
	}
	text := strings.ToLower(asked.ReplaceAllString(printed.ReplaceAllString(err.Error(), ""), "$1$2"))
	for _, known := range causes {
		if contains(text, known.part) {
			cause := known.cause
			cause.OneTag = forbiddenTag.MatchString(text)
			return cause.whenPushing(err)
		}
	}
	return Result{Class: Transient}
}

// forbiddenTag matches the engine's error, in lower case, when a registry answers a manifest with
// 403.
var forbiddenTag = regexp.MustCompile(`put request to \S*/manifests/\S+: 403 `)

// contains reports whether a text has the pieces of a part, separated by stars, in order.
func contains(text, part string) bool {
	for _, piece := range strings.Split(part, "*") {
		_, rest, found := strings.Cut(text, piece)
		if !found {
			return false
		}
		text = rest
	}
	return true
}

// whenPushing makes a refusal fatal: the next push would get the same answer, while a failed pull
// may concern one private official image only. A refused tag stays with its image, unless the
// registry's words concern more than the tag.
func (c Result) whenPushing(err error) Result {
	var push *PushError
	if !errors.As(err, &push) {
		c.OneTag = false
		return c
	}
	if c.OneTag && (c.Advice == AdviceNoRight || c.Advice == AdviceRefused) {
		c.Advice = AdviceTag
	}
	if c.OneTag = c.OneTag && c.Advice == AdviceTag; c.OneTag {
		return c
	}
	if c.Advice == adviceImage {
		c.Advice = AdviceCredentials // A push goes to the user's own repository, so it is private rather than missing.
	}
	if c.Class == Permanent && c.Refusal() {
		c.Class = Fatal
	}
	return c
}
