package registry

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"time"

	"dagger/eval-images/pipeline/classify"
)

// How often registries are asked each of the questions that come before a run, and the pause after
// an answer that may pass.
const (
	Openings  = 3
	openPause = 2 * time.Second
)

// Open connects, and asks [Client.MayPush] for each repository unless the access is read-only, so
// that a refusal is known before anything is built. It repeats a question after an answer that may
// pass, three times in all: there is no run yet that would try again.
//
// The error is [ErrRefused] or [ErrAnonymous] where the registry says no, and [ErrSeveral] for
// several registries. It does not repeat a question to an address at which nothing listens: the
// engine may reach what we do not.
func (a Access) Open(ctx context.Context, repositories ...string) (client *Client, err error) {
	err = a.again(ctx, func() (err error) {
		client, err = a.Connect(ctx, repositories...)
		return err
	})
	if err != nil {
		return nil, a.refusal(repositories[0], err, true)
	}
	if a.ReadOnly {
		return client, nil
	}
	for i, repository := range repositories {
		if slices.Contains(repositories[:i], repository) {
			continue
		}
		if err := a.begin(ctx, client, repository); err != nil {
			return nil, err
		}
	}
	return client, nil
}

// begin asks whether images may be pushed to the repository. It returns nil if nobody knows: the
// first push will tell.
func (a Access) begin(ctx context.Context, client *Client, repository string) error {
	err := a.again(ctx, func() error { return client.MayPush(ctx, repository) })
	if !MayPass(err) {
		return err
	}
	if isCut(err) {
		return client.missing(ctx, repository)
	}
	return nil
}

// isCut says whether a connection ended without an answer.
func isCut(err error) bool {
	var broken *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &broken) && broken.Op != "dial" && !broken.Timeout()
}

// again asks until there is a lasting answer, three times at most.
func (a Access) again(ctx context.Context, ask func() error) error {
	pause := a.Pause
	if pause == 0 {
		pause = openPause
	}
	for n := 1; ; n++ {
		err := ask()
		if n == Openings || !MayPass(err) {
			return err
		}
		timer := time.NewTimer(max(pause, classify.Of(err).Wait))
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}

// MayPass says whether it is worth asking once more: after an answer of which that is known, and
// also after none, unless there is nobody to answer.
func MayPass(err error) bool {
	if err == nil || errors.Is(err, ErrRefused) || errors.Is(err, ErrAnonymous) || errors.Is(err, ErrSeveral) || errors.Is(err, context.Canceled) {
		return false
	}
	var answered classify.Classified
	if errors.As(err, &answered) {
		kind := answered.Cause().Class
		return kind == classify.Transient || kind == classify.Unavailable || kind == classify.Limited
	}
	var unreachable *net.OpError
	return !errors.As(err, &unreachable) || unreachable.Op != "dial"
}
