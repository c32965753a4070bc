package usage

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// TestCallsInTheDocs: every call that the documents show can be copied. Its functions and flags are
// those of the help.
func TestCallsInTheDocs(t *testing.T) {
	t.Parallel()
	docs, err := filepath.Glob(filepath.Join(harness.Root, "docs", "*.md"))
	require.NoError(t, err)
	docs = append(docs, filepath.Join(harness.Root, "README.md"), filepath.Join(harness.Root, "examples", "go", "README.md"))
	found := 0
	for _, path := range docs {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, call := range callsIn(string(text)) {
			t.Run(filepath.Base(path)+": "+call, func(t *testing.T) { checkCall(t, wordsOf(call)) })
			found++
		}
	}
	assert.Greater(t, found, 15, "the documents have calls")
}

// callsIn are the calls in a document's code, without `dagger call` at their beginning: in blocks,
// and in a line of text.
func callsIn(markdown string) []string {
	markdown = regexp.MustCompile(` *\\\n *`).ReplaceAllString(markdown, " ")
	var calls []string
	for _, line := range strings.Split(markdown, "\n") {
		for _, code := range regexp.MustCompile("^ {4}.*|^dagger call .*|`[^`]+`").FindAllString(line, -1) {
			_, call, found := strings.Cut(strings.Trim(code, "`"), "dagger call ")
			call, _, _ = strings.Cut(call, " #")
			if found {
				calls = append(calls, strings.TrimSpace(strings.TrimSuffix(call, "&")))
			}
		}
	}
	return calls
}

// wordsOf splits a line as a shell does, as far as the documents need it.
func wordsOf(line string) []string {
	var words []string
	for _, word := range regexp.MustCompile(`(?:[^\s'"]|'[^']*'|"[^"]*")+`).FindAllString(line, -1) {
		words = append(words, strings.Trim(word, `'"`))
	}
	return words
}

// checkCall holds each word of a call to the help of the function that it is for.
func checkCall(t *testing.T, words []string) {
	t.Helper()
	var path []string // of functions, after the module
	if at := slices.Index(words, "-m"); at >= 0 {
		path, words = slices.Clone(words[at:at+2]), slices.Delete(words, at, at+2)
	}
	for len(words) > 0 {
		word, given := words[0], helpOf(t, path...)
		words = words[1:]
		name, isFlag := strings.CutPrefix(word, "-")
		if !isFlag {
			require.Contains(t, given.functions, word, "after %v", path)
			path = append(path, word)
			continue
		}
		name, _, hasValue := strings.Cut(strings.TrimPrefix(name, "-"), "=")
		if name == "help" {
			continue
		}
		require.Contains(t, given.flags, name, "after %v", path)
		if given.flags[name].kind != "" && !hasValue {
			require.NotEmpty(t, words, "%s has no value", word)
			words = words[1:]
		}
	}
}
