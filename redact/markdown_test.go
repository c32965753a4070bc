package redact

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCode(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "`  `",
		"it was another one":          "`it was another one`",
		"a `b` c":                     "``a `b` c``",
		"`` ` ```":                    "```` `` ` ``` ````",
		"<img src=x> | @me [a](b)\nc": "`<img src=x> | @me [a](b) c`",
		"\x1b::error::x":              "`: :error::x`",
	} {
		assert.Equal(t, want, Code(text))
	}
}

func TestBlock(t *testing.T) {
	for name, test := range map[string]struct {
		texts []string
		want  string
	}{
		"one text":                 {[]string{"a\n  | b"}, "```text\na\n  | b\n```\n"},
		"several":                  {[]string{"a", "b"}, "```text\na\nb\n```\n"},
		"a fence in it":            {[]string{"a\n```\n# All images are published\n`````"}, "``````text\na\n```\n# All images are published\n`````\n``````\n"},
		"what moves a cursor":      {[]string{"a\x1b[2Jb"}, "```text\na[2Jb\n```\n"},
		"nothing":                  {nil, "```text\n\n```\n"},
		"a fence behind the first": {[]string{"a", "~~~ ````"}, "`````text\na\n~~~ ````\n`````\n"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, Block(test.texts...)) })
	}
}
