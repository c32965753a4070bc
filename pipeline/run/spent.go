package run

import (
	"cmp"
	"fmt"
	"sync"
	"time"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/reference"
)

// spent remembers the registries whose pull quota is used up, and the first error that reported it,
// as a [*closedError]. A run starts no image that needs another pull there, and makes all others. Its
// zero value is ready.
type spent struct{ hosts sync.Map }

// of returns why an image can no longer be pulled, or nil.
func (s *spent) of(image string) error {
	err, ok := s.hosts.Load(reference.Host(image))
	if !ok {
		return nil
	}
	return err.(*closedError)
}

// met records a used-up quota that pulling an image reported. It then returns the error that all
// images share which need another pull.
func (s *spent) met(now func() time.Time, image string, err error) error {
	if err == nil || classify.Of(err).Class != classify.Spent {
		return err
	}
	host := classify.HostOf(err, []string{reference.Host(image)})
	s.hosts.LoadOrStore(host, &closedError{host: host, first: err, at: now()})
	return cmp.Or(s.of(image), err)
}

// closedError explains why an image that needs a registry was not started.
type closedError struct {
	host  string
	first error
	// at is when the registry gave its answer.
	at time.Time
}

// Error reads like that of any image that was not started, so that [manifest.Failures] reports all
// of them in one line.
func (e *closedError) Error() string {
	if cause := classify.Of(e.first); cause.Class == classify.Spent {
		return fmt.Sprintf("not started: the pull quota is used up%s: %v", e.until(cause), e.first)
	}
	return fmt.Sprintf("not started: %s: %v", e.host, e.first)
}

// until tells when the registry allows pulls again: the time that it named, or else the end of the
// time that its quota counts over.
func (e *closedError) until(cause classify.Result) string {
	clock := func(in time.Duration) string {
		return e.at.Add(in + time.Minute - 1).UTC().Truncate(time.Minute).Format("2006-01-02 15:04 UTC")
	}
	switch {
	case cause.Again > 0:
		return " until " + clock(cause.Again)
	case cause.Window > 0:
		return fmt.Sprintf(" and allows more within %s, by %s", span(cause.Window), clock(cause.Window))
	}
	return ""
}

// span is a time in hours, or in minutes if it is less than one.
func span(d time.Duration) string {
	amount, unit := (d+time.Hour-1)/time.Hour, "hour"
	if d < time.Hour {
		amount, unit = (d+time.Minute-1)/time.Minute, "minute"
	}
	if amount == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", amount, unit)
}

// Unwrap returns the registry's first such answer.
func (e *closedError) Unwrap() error { return e.first }
