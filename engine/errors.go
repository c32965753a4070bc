package engine

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"dagger/eval-images/internal/dagger"
)

// apiPath is that of the API call in which the engine saw an error, as it puts it before the cause:
// "input: container.from.imageRef ".
var apiPath = regexp.MustCompile(`input: [a-z][A-Za-z]*(\.[A-Za-z]+)* `)

// engineError is an engine's error, with the last lines that a failed command printed. Its text is
// not safe to show before it has become a user error or a record. [errors.Is] and [errors.As] see
// the error inside, such as the context's.
type engineError struct{ err error }

func (e engineError) Error() string {
	text := Clean(e.err.Error())
	var failed *dagger.ExecError
	if !errors.As(e.err, &failed) {
		return text
	}
	for _, line := range lastLines(failed.Stdout + "\n" + failed.Stderr) {
		text += "\n  | " + line
	}
	return text
}

func (e engineError) Unwrap() error { return e.err }

// printedShown is how many lines of what a command printed stand in an error: its last ones mostly
// tell why it failed.
const printedShown = 10

// lastLines are the last lines that are not blank.
func lastLines(text string) []string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
	return lines[max(0, len(lines)-printedShown):]
}

// Clean leaves out where in its API the engine saw an error, which says nothing to a person, and
// blank space at the end.
func Clean(text string) string { return strings.TrimSpace(apiPath.ReplaceAllString(text, "")) }
