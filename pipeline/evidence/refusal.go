package evidence

import (
	"errors"
	"fmt"
)

// Refusal is why a recipe's layers may not be put on an image. It is the first reason found, and
// stays the same for the same layers.
type Refusal struct{ Reason string }

// Error is the reason.
func (r *Refusal) Error() string { return r.Reason }

// refuse makes a refusal.
func refuse(format string, args ...any) error { return &Refusal{fmt.Sprintf(format, args...)} }

// IsRefusal says whether an error is a reason for the long way, and not a failure to find out.
func IsRefusal(err error) bool {
	var refusal *Refusal
	return errors.As(err, &refusal)
}
