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

const (
	// Openings is how often a registry is asked each question before a run, until an answer stays.
	Openings = 3
	// openPause is the pause before a question is repeated.
	openPause = 2 * time.Second
)

// Open connects and, unless the access is read-only, asks [Client.MayPush] for each repository, so
// that a refusal is known before anything is built. It asks each question up to three times, until
// there is an answer that stays: there is no run yet that would ask again. It does not repeat a
// question if nothing listens at the address: the engine may reach registries that we do not.
//
// The error is [ErrRefused] or [ErrAnonymous] if the registry refuses, and [ErrSeveral] if the
// repositories are in several registries.
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

// begin asks whether images may be pushed to a repository. It returns nil if that remains unknown:
// the first push will tell.
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

// isCut reports whether a connection ended without an answer.
func isCut(err error) bool {
	var broken *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &broken) && broken.Op != "dial" && !broken.Timeout()
}

// again asks up to three times, until there is an answer that stays.
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

// MayPass reports whether it is worth asking again: after an answer that may pass, and after none,
// unless nothing listens at the address.
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
