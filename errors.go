package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"dagger/eval-images/internal/dagger"
	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/redact"
)

// apiPath is that of the API call in which the engine saw an error, as it puts it before the cause: "input: container.from.imageRef ".
var apiPath = regexp.MustCompile(`input: [a-z][A-Za-z]*(\.[A-Za-z]+)* `)

// flat is what every function of the module returns for an error: the error's text, safe to show. At the border of a function the engine
// looks for the innermost error of its own and shows nothing else: which image it was and what to do would be lost.
func flat(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(redact.Text(clean(err.Error())))
}

// flatList is flat for an error that lists many others.
func flatList(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(redact.List(clean(err.Error())))
}

// advised is an error that says what to do, where that is known.
func advised(err error) error {
	if advice := classify.Of(err).Advice; advice != "" {
		return fmt.Errorf("%w\n  → %s", err, advice)
	}
	return err
}

// plain is an engine's error with what the command printed last. Its text is not safe to show before it has passed [flat] or become a
// record. What told it to stop can still be found in it.
func plain(err error) error { return plainError{err} }

type plainError struct{ err error }

func (e plainError) Error() string {
	text := clean(e.err.Error())
	var failed *dagger.ExecError
	if !errors.As(e.err, &failed) {
		return text
	}
	for _, line := range lastLines(failed.Stdout + "\n" + failed.Stderr) {
		text += "\n  | " + line
	}
	return text
}

func (e plainError) Unwrap() error { return e.err }

// printedShown is how many lines of what a command printed stand in an error: its last ones mostly tell why it failed.
const printedShown = 10

// lastLines are the last lines that are not blank.
func lastLines(text string) []string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
	return lines[max(0, len(lines)-printedShown):]
}

// clean leaves out where in its API the engine saw an error, which says nothing to a person, and blank space at the end.
func clean(text string) string { return strings.TrimSpace(apiPath.ReplaceAllString(text, "")) }
