package hub

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	// attempts is the maximum number of attempts of a request.
	attempts = 5
	// firstPause follows the first attempt; each later one is twice as long.
	firstPause = time.Second
	// limitPause is the first pause if the hub limits requests and does not say how long. It counts
	// requests in windows of five minutes.
	// https://huggingface.co/docs/hub/rate-limits
	limitPause = 15 * time.Second
	// longestPause is the longest wait that the hub may ask for.
	longestPause = 5 * time.Minute
)

// retry repeats work while its error is temporary, up to the maximum number of attempts.
func (c *connection) retry(ctx context.Context, work func() error) error {
	for n := 1; ; n++ {
		err := work()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !passes(err) { // Nil does not either.
			return err
		}
		if n == attempts {
			return fmt.Errorf("tried %d times: %w", n, err)
		}
		pause := pauseAfter(err, n)
		c.report(fmt.Sprintf("Reading the dataset: %v; attempt %d of %d follows in %s",
			err, n+1, attempts, pause.Round(100*time.Millisecond)))
		if err := c.sleep(ctx, pause); err != nil {
			return err
		}
	}
}

func passes(err error) bool {
	var passing interface{ passes() bool }
	return errors.As(err, &passing) && passing.passes()
}

// pauseAfter returns the pause after the nth attempt: the time that the hub asks for, or
// else an exponential backoff with up to half of it added at random, so that the shards of
// a run do not return together.
func pauseAfter(err error, n int) time.Duration {
	first := firstPause
	var refused *Error
	if errors.As(err, &refused) {
		if refused.Wait > 0 {
			return refused.Wait
		}
		if refused.Status == http.StatusTooManyRequests {
			first = limitPause
		}
	}
	pause := first << (n - 1)
	return pause + rand.N(pause/2)
}

// sleep waits. It returns early, with the cause, when the context ends.
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
