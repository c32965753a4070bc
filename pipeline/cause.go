package pipeline

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"time"
)

// Kind says what an error means for the rest of a run.
type Kind int

const (
	// KindTransient may pass: a broken connection, a registry's bad minute, and whatever is unknown. It is tried again.
	KindTransient Kind = iota
	// KindUnavailable may pass as well, and may meet everybody at once: a registry that does not answer, or has a fault of its own.
	KindUnavailable
	// KindLimited is a registry that asks for fewer requests. All workers wait, then it is tried again.
	KindLimited
	// KindPermanent stays as it is however often it is tried. It costs its image.
	KindPermanent
	// KindFatal would meet every other image as well. It ends the run.
	KindFatal
	// KindSpent is a quota of pulls that is used up for hours. It costs every image that needs another pull, and no other one.
	KindSpent
)

// Cause is what is known of an error.
type Cause struct {
	Kind Kind
	// Advice says in a sentence or two what to do. Empty where nobody knows.
	Advice string
	// Wait is how long a registry that limits requests asks to wait. Zero: it does not say.
	Wait time.Duration
}

// Advice for errors that know their own cause.
const (
	AdviceWait = "The registry limits requests. Wait a few minutes and run the same command again; finished images are skipped. " +
		"Fewer --max-workers send fewer requests."
	AdviceCredentials = "The registry rejected the credentials. Log in with `docker login HOST` where the Dagger CLI runs, " +
		"or pass --registry-username and --registry-password."
	AdviceNoRight = "The registry does not let these credentials do this. Give them the right to (on ghcr.io: write:packages), " +
		"or pass others with --registry-username and --registry-password."
	AdviceHidden = "The registry does not say whether it has the image. Let the credentials read there. " +
		"Where it answers so to every tag that it lacks, as Artifactory's virtual repositories do, use --force-build: it builds without asking."
	AdviceRepository = "Create the repository or project first; this registry does not create it on push. Or check its name."
	AdviceName       = "The registry takes no repository of this name. Check --builder-repo, --base-repo and --agent-repo. " +
		"Google's Artifact Registry needs HOST/PROJECT/REPOSITORY/IMAGE."
	AdviceReadOnly = "The registry is read-only. Wait until its maintenance ends, then run the same command again; finished images are skipped."
	AdviceQuota    = "The registry's quota is used up. Delete images there or raise the quota, then run the same command again; finished images are skipped."
	AdvicePlan     = "The registry's plan allows no further repository. Delete one there, or extend the plan."
	AdvicePulls    = "Docker Hub allows 100 pulls in 6 hours without a login, and 200 with a free account. Log in with `docker login`, " +
		"or run the same command again later; finished images are skipped."
	AdviceNoRoom = "The registry's disk is full. Free space there, then run the same command again; finished images are skipped."
)

const (
	adviceRefused = "The registry refused this. Check that the credentials may push there. If other images were published in this run, " +
		"it may be a rate limit that does not say so, as on ghcr.io: wait and run the same command again."
	adviceDisk = "The disk of the machine that runs the engine is full. Free space there, then run the same command again; " +
		"finished images are skipped."
	adviceServer = "The registry failed. If it is yours, check its log and its disk space. Then run the same command again; " +
		"finished images are skipped."
	adviceAddress  = "Nothing listens at that address. The engine connects from its own container, where localhost is the container itself."
	advicePlatform = "The image must be for linux/amd64."
	adviceName     = "This is not a valid image name. Check the repositories, --image-template and --tags."
)

// PullLimit is how Docker Hub says that the quota of pulls is used up, in lower case: "You have reached your pull rate limit", and for those
// without a login "… your unauthenticated pull rate limit". Its limit of requests has other words.
// https://docs.docker.com/docker-hub/usage/pulls/
const PullLimit = "pull rate limit"

// causes are the errors that people meet most, by a part of their text: below the engine's API an error is nothing but text. The
// first match counts, so the more particular stand first.
var causes = []struct {
	part  string
	cause Cause
}{
	// What the command was, and what it printed before, may hold any of the texts below.
	{"exit code: ", Cause{Kind: KindPermanent, Advice: "A command that makes the image fails. What one of the Dockerfile printed is in the call's progress."}},
	{"507 insufficient storage", Cause{Kind: KindFatal, Advice: AdviceNoRoom}},
	{"no space left on device", Cause{Kind: KindFatal, Advice: adviceDisk}},
	{"secondary rate limit", Cause{Kind: KindLimited, Advice: AdviceWait}},
	{PullLimit, Cause{Kind: KindSpent, Advice: AdvicePulls}},
	{"429 too many requests", Cause{Kind: KindLimited, Advice: AdviceWait}},
	{"toomanyrequests", Cause{Kind: KindLimited, Advice: AdviceWait}},
	{"401 unauthorized", Cause{Kind: KindPermanent, Advice: AdviceCredentials}},
	{"authorization failed", Cause{Kind: KindPermanent, Advice: AdviceCredentials}},
	{"authentication required", Cause{Kind: KindPermanent, Advice: AdviceCredentials}},
	{"403 forbidden", Cause{Kind: KindLimited, Advice: adviceRefused}},
	// A push begins with an upload. A registry that creates repositories by itself takes it for any of them.
	{"/blobs/uploads/: 404 not found", Cause{Kind: KindPermanent, Advice: AdviceRepository}},
	{"/blobs/uploads/: 400 bad request", Cause{Kind: KindPermanent, Advice: AdviceName}},
	{"/blobs/uploads/: 405 method not allowed", Cause{Kind: KindPermanent, Advice: AdviceReadOnly}},
	{"pull access denied", Cause{Kind: KindPermanent, Advice: "There is no such repository, or these credentials may not read it."}},
	{"invalid reference format", Cause{Kind: KindPermanent, Advice: adviceName}},
	{"server gave http response to https client", Cause{Kind: KindPermanent, Advice: "The engine speaks plain HTTP only to localhost, and to registries with `http = true` in its engine.toml."}},
	{"target stage", Cause{Kind: KindPermanent, Advice: "The SDK's Dockerfile lacks a target."}},
	{"dockerfile parse error", Cause{Kind: KindPermanent, Advice: "The SDK's Dockerfile has a mistake."}},
	{"500 internal server error", Cause{Kind: KindUnavailable, Advice: adviceServer}},
	{"502 bad gateway", Cause{Kind: KindUnavailable}},
	{"503 service unavailable", Cause{Kind: KindUnavailable}},
	{"504 gateway timeout", Cause{Kind: KindUnavailable}},
	{"connection refused", Cause{Kind: KindUnavailable, Advice: adviceAddress}},
	{"connection reset by peer", Cause{Kind: KindUnavailable}},
	{"no answer within", Cause{Kind: KindUnavailable}},
	{"i/o timeout", Cause{Kind: KindUnavailable}},
	{"no such host", Cause{Kind: KindUnavailable, Advice: "The engine cannot resolve that host name."}},
	{noPlatform, Cause{Kind: KindPermanent, Advice: advicePlatform}},
	{ErrPlatform.Error(), Cause{Kind: KindPermanent, Advice: advicePlatform}},
	{": not found", Cause{Kind: KindPermanent, Advice: ""}},
}

// printed are the lines of an error that a command printed: they are not about the registry, whatever they say.
var printed = regexp.MustCompile(`(?m)^  \| .*$`)

// asked is the query of the upload that an error is about: which layer was to be mounted from where.
var asked = regexp.MustCompile(`(/blobs/uploads/)\?\S*(: \d{3} )`)

// CauseOf tells what is known of an error.
func CauseOf(err error) Cause {
	if errors.Is(err, context.Canceled) {
		return Cause{Kind: KindPermanent}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Cause{Kind: KindPermanent, Advice: "The image took longer than --timeout allows."}
	}
	var caused Caused
	if errors.As(err, &caused) {
		return caused.Cause().whenPushing(err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Cause{Kind: KindUnavailable} // A connection that ended in the middle of an answer.
	}
	text := strings.ToLower(asked.ReplaceAllString(printed.ReplaceAllString(err.Error(), ""), "$1$2"))
	for _, known := range causes {
		if strings.Contains(text, known.part) {
			return known.cause.whenPushing(err)
		}
	}
	return Cause{Kind: KindTransient}
}

// PushError is an image that was built and could not be pushed.
type PushError struct {
	// Reference is the name that the registry did not take.
	Reference string
	// Err is why.
	Err error
}

// Error names the reference.
func (e *PushError) Error() string { return "publishing " + e.Reference + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *PushError) Unwrap() error { return e.Err }

// whenPushing makes a refusal fatal: the next push would get the same answer, while a pull may fail for one private official image only.
func (c Cause) whenPushing(err error) Cause {
	var push *PushError
	if c.Kind == KindPermanent && c.refusal() && errors.As(err, &push) {
		c.Kind = KindFatal
	}
	return c
}

// refusal says whether the registry refuses who asks, or everything there, rather than one image.
func (c Cause) refusal() bool {
	switch c.Advice {
	case AdviceCredentials, AdviceNoRight, AdviceHidden, AdviceRepository, AdviceName, AdviceReadOnly, AdviceQuota, AdvicePlan:
		return true
	}
	return false
}
