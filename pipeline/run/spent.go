package run

import (
	"cmp"
	"fmt"
	"sync"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/reference"
)

// spent remembers the registries at which a quota of pulls is used up, and the error that said so
// first. A run does not start what needs another pull there, and goes on with all else. Its zero
// value is ready.
type spent struct{ hosts sync.Map }

// of returns why an image cannot be pulled any more, or nil.
func (s *spent) of(image string) error {
	host := reference.Host(image)
	err, ok := s.hosts.Load(host)
	if !ok {
		return nil
	}
	return &closedError{host: host, first: err.(error)}
}

// met looks whether an error is that of a used-up quota, met with the pull of an image. Then met
// returns the reason that all images of the run have in common which need another pull.
func (s *spent) met(image string, err error) error {
	if err == nil || classify.Of(err).Class != classify.Spent {
		return err
	}
	s.hosts.LoadOrStore(classify.HostOf(err, []string{reference.Host(image)}), err)
	return cmp.Or(s.of(image), err)
}

// closedError says why an image that needs a registry was not started.
type closedError struct {
	host  string
	first error
}

// Error reads like that of any image that is not started, so that [manifest.Failures] tells of all
// of them in one line.
func (e *closedError) Error() string {
	if classify.Of(e.first).Class == classify.Spent {
		return fmt.Sprintf("not started: the quota of pulls is used up: %v", e.first)
	}
	return fmt.Sprintf("not started: %s: %v", e.host, e.first)
}

// Unwrap gives the registry's answer to the image that met it first.
func (e *closedError) Unwrap() error { return e.first }
