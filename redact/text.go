package redact

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a text, in bytes.
const (
	// MaxLine bounds what [Line] and [ASCII] return: a part of an error.
	MaxLine = 300
	// MaxText bounds what [Text] returns: more than an error and the last lines that a command
	// printed.
	MaxText = 16 << 10
	// MaxTextLine bounds each line of it.
	MaxTextLine = 1 << 10
	// MaxList bounds what [List] returns. GitHub shows no summary of more than a mebibyte.
	// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
	MaxList = 512 << 10
)

// cutMark stands for what was cut.
const cutMark = "…"

// Text returns a text of several lines safe to show, without these secrets. It keeps the beginning
// and the end of lines and texts that are too long: errors often end with what went wrong, and with
// what to do.
func Text(text string, secrets ...string) string { return lines(text, MaxText, secrets) }

// List is [Text] for a list of many of those: as many bytes as [MaxList].
func List(text string) string { return lines(text, MaxList, nil) }

func lines(text string, most int, secrets []string) string {
	text = printable(text, '\n')
	for range maxPasses {
		before := text
		lines := strings.Split(unseen(text, secrets), "\n")
		for i, line := range lines {
			lines[i] = cutMiddle(strings.TrimRight(line, " "), MaxTextLine)
		}
		text = cutMiddle(strings.TrimSpace(strings.Join(lines, "\n")), most)
		if text == before {
			break
		}
	}
	return text
}

// maxPasses bounds how often [Text] and [List] look at what they cut: what is left may read as
// something else than the whole.
const maxPasses = 5

// Line returns a text safe to show as a part of one line, without these secrets. It cuts the end of
// what is too long.
func Line(text string, secrets ...string) string {
	text = strings.Join(strings.Fields(printable(text, ' ')), " ")
	return cutEnd(unseen(text, secrets), MaxLine)
}

// printable removes what is not for terminals. White space becomes a space, and the end of a line
// what is given.
func printable(text string, lineEnd rune) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return lineEnd
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r): // Map passes invalid UTF-8 as RuneError.
			return -1
		}
		return r
	}, text)
}

// unseen removes what nobody should see or obey.
func unseen(text string, secrets []string) string {
	return withoutCommands(withoutPasswords(Secrets(text, secrets...)))
}

// command is how a line becomes a command in the log of a GitHub workflow: with two colons where it
// begins, or with ##[ anywhere.
// https://github.com/actions/runner/blob/v2.321.0/src/Runner.Common/ActionCommand.cs
var command = regexp.MustCompile(`(?m)^( *):(:[A-Za-z])|##(\[)`)

func withoutCommands(text string) string {
	if !strings.Contains(text, "::") && !strings.Contains(text, "##[") {
		return text
	}
	return command.ReplaceAllStringFunc(text, func(match string) string {
		if match == "##[" {
			return "## ["
		}
		return strings.Replace(match, "::", ": :", 1)
	})
}

// cutEnd cuts a text that is longer than so many bytes.
func cutEnd(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-len(cutMark)], "") + cutMark
}

// cutMiddle cuts a text that is longer than so many bytes, and keeps a quarter of those at its end.
func cutMiddle(text string, most int) string {
	if len(text) <= most {
		return text
	}
	tail := most / 4
	head := most - tail - len(cutMark)
	return strings.ToValidUTF8(text[:head], "") + cutMark + strings.ToValidUTF8(text[len(text)-tail:], "")
}
