package redact

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
)

// requireShowable: a text is fit for a terminal, a page and a workflow's log.
func requireShowable(t *testing.T, text string, longest int) {
	t.Helper()
	require.True(t, utf8.ValidString(text), "%q", text)
	require.LessOrEqual(t, len(text), longest)
	require.False(t, strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }), "%q", text)
	require.NotRegexp(t, `(?m)^ *::[A-Za-z]|##\[`, text)
}

func TestWhatIsNotForATerminalIsRemoved(t *testing.T) {
	for name, test := range map[string]struct{ text, line, lines string }{
		"nothing":                       {"", "", ""},
		"words":                         {"no such image", "no such image", "no such image"},
		"words of another language":     {"образ не найден 画像", "образ не найден 画像", "образ не найден 画像"},
		"a terminal's escape":           {"a\x1b[31mred\x1b[0m", "a[31mred[0m", "a[31mred[0m"},
		"its form in one byte":          {"a\u009b2Jb", "a2Jb", "a2Jb"},
		"a NUL, a bell and a backspace": {"a\x00b\x07c\bd\x7f", "abcd", "abcd"},
		"text from right to left":       {"a\u202etxt\u2066b\u2069\u200fc", "atxtbc", "atxtbc"},
		"what has no width":             {"a\u200b\u200d\ufeff\U000e0041b", "ab", "ab"},
		"separators of lines":           {"a\u2028b\u2029c\u0085d\ve", "a b c d e", "a b c d e"},
		"a line that is written over":   {"evil\rgood", "evil good", "evil good"},
		"what is not UTF-8":             {"a\xff\xc0\xafb\ufffd", "ab", "ab"},
		"lines":                         {"a\r\n  | b\t c\n\n", "a | b c", "a\n  | b  c"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.line, Line(test.text))
			assert.Equal(t, test.lines, Text(test.text))
		})
	}
}

// TestNothingIsACommandOfAWorkflow: GitHub obeys lines of a log.
func TestNothingIsACommandOfAWorkflow(t *testing.T) {
	for text, want := range map[string]string{
		"::error::published":              ": :error::published",
		"a\n  ::add-mask::b":              "a\n  : :add-mask::b",
		"\u200b::set-output name=a::b":    ": :set-output name=a::b",
		"12 : | ##[error]published":       "12 : | ## [error]published",
		"##\x1b[error] ##\u202e[warning]": "## [error] ## [warning]",
		"std::string and a::b":            "std::string and a::b",
		"::1 is localhost":                "::1 is localhost",
		"## [error]":                      "## [error]",
	} {
		assert.Equal(t, want, Text(text))
		assert.NotRegexp(t, `^ *::[a-z]|##\[`, Line(text))
	}
}

func TestLengthIsBounded(t *testing.T) {
	long := strings.Repeat("é", 200_000)
	assert.True(t, strings.HasSuffix(Line(long), "é…"))
	requireShowable(t, Line(long), MaxLine)
	requireShowable(t, ASCII(long), MaxLine)
	assert.Contains(t, Quote(long), "(400000 bytes)")

	text := Text("building: " + long + ": exit code: 1\n  → do this")
	requireShowable(t, text, MaxText)
	assert.True(t, strings.HasPrefix(text, "building: é"))
	assert.Contains(t, text, "…é")
	assert.True(t, strings.HasSuffix(text, "é: exit code: 1\n  → do this"), "how it ends tells what to do")
	for _, line := range strings.Split(Text(strings.Repeat(long+"\n", 100)), "\n") {
		assert.LessOrEqual(t, len(line), 2*MaxTextLine)
	}
	requireShowable(t, Text(strings.Repeat("x\n", 100_000)), MaxText)
	requireShowable(t, List(strings.Repeat("x\n", 1_000_000)), MaxList)
	list := strings.Repeat("- missing\n", 10_000) + "- missing"
	assert.Equal(t, list, List(list))
}

// TestAPasswordIsRemovedBeforeTheTextIsCut: a half of it is a half too much.
func TestAPasswordIsRemovedBeforeTheTextIsCut(t *testing.T) {
	for start := range 40 {
		text := strings.Repeat("x", MaxLine-start) + " https://me:canary@host.example"
		assert.NotContains(t, Line(text), "can")
		text = strings.Repeat("x", 3*MaxTextLine/4-start) + " https://me:canary@host.example" + strings.Repeat("x", MaxTextLine)
		assert.NotContains(t, Text(text), "can")
	}
}

func TestQuote(t *testing.T) {
	for value, want := range map[string]string{
		"a__a-1":                         `"a__a-1"`,
		"dj\u0430ngo\u202e\x1b":          `"dj\u0430ngo\u202e\x1b"`,
		"https://me:canary@host.example": `"https://***@host.example"`,
		"::error::x ##[error]x":          `"::error::x #\x23[error]x"`,
		strings.Repeat("x", 81):          `"` + strings.Repeat("x", 80) + `"… (81 bytes)`,
	} {
		assert.Equal(t, want, Quote(value))
		assert.Equal(t, want, Quote([]byte(value)))
	}
	for name, want := range map[string]string{
		"shards/1/manifest.jsonl": "shards/1/manifest.jsonl",
		"d;$(id).jsonl":           `"d;$(id).jsonl"`,
		"me:canary@host.example":  `"***@host.example"`,
		"::error::x":              `"::error::x"`,
	} {
		assert.Equal(t, want, Name(name))
	}
}

// TestASCIIEscapesLookAlikes: a decoder shows a byte as the letter of that number.
func TestASCIIEscapesLookAlikes(t *testing.T) {
	assert.Equal(t, `invalid character '\u0430' in "a\\\x1b"`, ASCII("invalid\ncharacter '\u0430' in \"a\\\x1b\""))
	for name, value := range datasettest.Hostile {
		text := ASCII(value)
		require.NoError(t, datasettest.Shown(errors.New("x"+text)), name)
	}
}

func TestErrorsKeepTheirCause(t *testing.T) {
	assert.NoError(t, Error(nil))
	assert.NoError(t, Reword(nil, "nothing"))
	plain := errors.New("no such image")
	assert.Same(t, plain, Error(plain))
	for _, err := range []error{Error(errHostile), Reword(errHostile, "\x1bother"), Error(errHostile, "secret")} {
		assert.ErrorIs(t, err, errHostile)
		assert.NotContains(t, err.Error(), "\x1b")
	}
	assert.Equal(t, "a\nb ***", Error(errHostile, "secret").Error())
	assert.Equal(t, "a b ***", Reword(errHostile, errHostile.Error(), "secret").Error())
}

var errHostile = errors.New("a\n\x1bb secret")
