package throttle

import (
	"errors"
	"sync"

	"dagger/eval-images/pipeline/classify"
)

func limited(reference string) error {
	return &classify.PushError{Reference: reference, Err: errors.New("429 Too Many Requests")}
}

// unreachable is what a publication meets while the registry is away.
func unreachable(reference string) error {
	return &classify.PushError{Reference: reference, Err: errors.New("dial tcp 10.0.0.1:443: connect: connection refused")}
}

// refusals are the same error, so many times.
func refusals(n int, err error) []error {
	all := make([]error, n)
	for i := range all {
		all[i] = err
	}
	return all
}

// untilAllSleep holds the first ones who sleep until all of so many do: none has slept enough
// before the others have met the same.
func untilAllSleep(workers int) func() {
	var mu sync.Mutex
	sleepers, all := 0, make(chan struct{})
	return func() {
		mu.Lock()
		if sleepers++; sleepers == workers {
			close(all)
		}
		mu.Unlock()
		<-all
	}
}
