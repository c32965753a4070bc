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

// Class says what an error means for the rest of a run.
type Class int

const (
	// Transient may pass: a broken connection, a registry's bad minute, and whatever is unknown. It
	// is tried again.
	Transient Class = iota
	// Unavailable may pass as well, and may meet everybody at once: a registry that does not
	// answer, or has a fault of its own.
	Unavailable
	// Limited is a registry that asks for fewer requests. All workers wait, then it is tried again.
	Limited
	// Permanent stays as it is however often it is tried. It costs its image.
	Permanent
	// Fatal would meet every other image as well. It ends the run.
	Fatal
	// Spent is a quota of pulls that is used up for hours. It costs every image that needs another
	// pull, and no other one.
	Spent
)

// Result is what is known of an error.
type Result struct {
	Class Class
	// Advice says in a sentence or two what to do. Empty where nobody knows.
	Advice string
	// Wait is how long a registry that limits requests asks to wait. Zero: it does not say.
	Wait time.Duration
	// Doubtful says that a limit may be none: the engine shows the status of a refusal and hides
	// its reason.
	Doubtful bool
	// OneTag says that the registry refused a tag and took the image: the tag may be protected.
	// That costs its image, and ends a run only if several in a row are refused.
	OneTag bool
}

// PullLimit is how Docker Hub says that the quota of pulls is used up, in lower case: "You have
// reached your pull rate limit", and for those without a login "… your unauthenticated pull rate
// limit". Its limit of requests has other words.
// https://docs.docker.com/docker-hub/usage/pulls/
const PullLimit = "pull rate limit"

// printed are the lines of an error that a command printed: they are not about the registry,
// whatever they say.
var printed = regexp.MustCompile(`(?m)^  \| .*$`)

// asked is the query of the upload that an error is about: which layer was to be mounted from
// where.
var asked = regexp.MustCompile(`(/blobs/uploads/)\?\S*(: \d{3} )`)

// Of tells what is known of an error. The zero [Result] is that of nil, and of an error of which
// nothing is known.
func Of(err error) Result {
	if err == nil {
		return Result{}
	}
	var timeout *stopwatch.TimeoutError
	if errors.As(err, &timeout) { // It ends with the cancellation of what was under way.
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
		return Result{Class: Unavailable} // A connection that ended in the middle of an answer.
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

// forbiddenTag is how an engine's error reads, in lower case, when a registry refuses a manifest
// for want of rights.
var forbiddenTag = regexp.MustCompile(`put request to \S*/manifests/\S+: 403 `)

// contains says whether a text has the pieces of a part, which are separated by stars, one after
// the other.
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

// whenPushing makes a refusal fatal: the next push would get the same answer, while a pull may fail
// for one private official image only. Not so for a refused tag, unless the words with it are about
// more than that.
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
		c.Advice = AdviceCredentials // What the registry hides from strangers is the user's own.
	}
	if c.Class == Permanent && c.Refusal() {
		c.Class = Fatal
	}
	return c
}
