package registry

import (
	"context"
	"errors"
	"net"
	"time"

	"dagger/eval-images/pipeline"
)

// How often registries are asked the questions that come before a run, and the pause after an answer that may pass.
const (
	openings  = 3
	openPause = 2 * time.Second
)

// Open is [Access.Connect], again after an answer that may pass: a registry's bad moment would otherwise cost the whole run, as there is
// none yet that tries again. If push says so, it is [Access.MayPush] for the first repository as well. [ErrRefused] and [ErrSeveral] do not pass.
// Nor does an address at which nothing answers: from where the engine is it may be another matter, and that is for the caller to find out.
func (a Access) Open(ctx context.Context, push bool, repositories ...string) (*Client, error) {
	pause := a.Pause
	if pause == 0 {
		pause = openPause
	}
	for n := 1; ; n++ {
		client, err := a.open(ctx, push, repositories)
		if client != nil && n == openings && mayPass(err) {
			return client, nil // It is introduced. Whether it may push its first push will tell.
		}
		if err == nil || n == openings || !mayPass(err) {
			return client, err
		}
		timer := time.NewTimer(max(pause, pipeline.CauseOf(err).Wait))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, context.Cause(ctx)
		case <-timer.C:
		}
	}
}

func (a Access) open(ctx context.Context, push bool, repositories []string) (*Client, error) {
	client, err := a.Connect(ctx, repositories...)
	if err != nil || !push {
		return client, err
	}
	return client, a.MayPush(ctx, repositories[0])
}

// mayPass says whether it is worth asking once more: after an answer of which that is known, and also after none, unless there is nobody to
// answer.
func mayPass(err error) bool {
	if errors.Is(err, ErrRefused) || errors.Is(err, ErrSeveral) {
		return false
	}
	var answered pipeline.Caused
	if errors.As(err, &answered) {
		kind := answered.Cause().Kind
		return kind == pipeline.KindTransient || kind == pipeline.KindUnavailable || kind == pipeline.KindLimited
	}
	var unreachable *net.OpError
	return !errors.As(err, &unreachable) || unreachable.Op != "dial"
}
