package redact

import (
	"regexp"
	"strings"
)

var backticks = regexp.MustCompile("`+")

// fence is longer than any run of backticks in a text, and has at least so many.
func fence(text string, least int) string {
	longest := least - 1
	for _, run := range backticks.FindAllString(text, -1) {
		longest = max(longest, len(run))
	}
	return strings.Repeat("`", longest+1)
}

// Code returns a text as a span of code in Markdown: [Line], in which nothing is a link, an image,
// HTML or a mention.
// https://spec.commonmark.org/0.31.2/#code-spans
func Code(text string) string {
	text = Line(text)
	around := fence(text, 1)
	if text == "" || strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return around + text + around
}

// Block returns texts as a block of code in Markdown, one below the other, each as [Text] has it.
// https://spec.commonmark.org/0.31.2/#fenced-code-blocks
func Block(texts ...string) string {
	safe := make([]string, len(texts))
	for i, text := range texts {
		safe[i] = Text(text)
	}
	inside := strings.Join(safe, "\n")
	around := fence(inside, 3)
	return around + "text\n" + inside + "\n" + around + "\n"
}
