package run

import (
	"cmp"
	"fmt"
	"sync"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/reference"
)

// spent remembers the registries whose pull quota is used up, and the first error that reported it.
// A run starts no image that needs another pull there, and makes all others. Its zero value is
// ready.
type spent struct{ hosts sync.Map }

// of returns why an image can no longer be pulled, or nil.
func (s *spent) of(image string) error {
	host := reference.Host(image)
	err, ok := s.hosts.Load(host)
	if !ok {
		return nil
	}
	return &closedError{host: host, first: err.(error)}
}

// met records a used-up quota that pulling an image reported. It then returns the error that all
// images share which need another pull.
func (s *spent) met(image string, err error) error {
	if err == nil || classify.Of(err).Class != classify.Spent {
		return err
	}
	s.hosts.LoadOrStore(classify.HostOf(err, []string{reference.Host(image)}), err)
	return cmp.Or(s.of(image), err)
}

// closedError explains why an image that needs a registry was not started.
type closedError struct {
	host  string
	first error
}

// Error reads like that of any image that was not started, so that [manifest.Failures] reports all
// of them in one line.
func (e *closedError) Error() string {
	if classify.Of(e.first).Class == classify.Spent {
		return fmt.Sprintf("not started: the pull quota is used up: %v", e.first)
	}
	return fmt.Sprintf("not started: %s: %v", e.host, e.first)
}

// Unwrap returns the registry's first such answer.
func (e *closedError) Unwrap() error { return e.first }
