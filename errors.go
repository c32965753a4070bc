package main

import (
	"errors"
	"fmt"

	"dagger/eval-images/engine"
	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/redact"
)

// userError is what every function of the module returns for an error: the error's text, safe to show. At the border of a function the engine
// looks for the innermost error of its own and shows nothing else: which image it was and what to do would be lost.
func userError(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(redact.Text(engine.Clean(err.Error())))
}

// userErrors is flat for an error that lists many others.
func userErrors(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(redact.List(engine.Clean(err.Error())))
}

// advised is an error that says what to do, where that is known.
func advised(err error) error {
	if advice := classify.Of(err).Advice; advice != "" {
		return fmt.Errorf("%w\n  → %s", err, advice)
	}
	return err
}
