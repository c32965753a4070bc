package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMutate(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want []string // what the body becomes
	}{
		"a condition is always true, or never": {
			"if ok { f() }",
			[]string{"if true || (ok) { f() }", "if false && (ok) { f() }", "if ok {  }"},
		},
		"each side of a logical operator is dropped": {
			"return a && b",
			[]string{"return (true || (a)) && b", "return a && (true || (b))"},
		},
		"each side of an or is dropped": {
			"return a || b",
			[]string{"return (false && (a)) || b", "return a || (false && (b))"},
		},
		"a comparison takes in its bound, or leaves it out": {
			"return n < 3",
			[]string{"return n <= 3"},
		},
		"a sum becomes a difference": {
			"return n + 3",
			[]string{"return n - 3"},
		},
		"each case without a value is decided": {
			"switch { case ok: return 1; default: return 2 }",
			[]string{
				"switch { case true || (ok): return 1; default: return 2 }",
				"switch { case false && (ok): return 1; default: return 2 }",
			},
		},
		"a further value of a case is dropped": {
			"switch n { case 1, 2: return 1 }",
			[]string{"switch n { case 1: return 1 }"},
		},
		"a loop is not entered": {
			"for n < 3 { }",
			[]string{"for false && (n < 3) { }", "for n <= 3 { }"},
		},
		"an assignment is forgotten, but not what it computes": {
			"n, err = f()",
			[]string{"_, _ = f()"},
		},
		"a call whose results are forgotten is not made": {
			"_, _ = f()",
			[]string{""},
		},
		"a counter stands still": {
			"n++",
			[]string{""},
		},
		"what was to be done at the end is not": {
			"defer f()",
			[]string{""},
		},
		"a declaration stays": {
			"n := 1; return n",
			nil,
		},
		"a loop is not left": {
			"for { break }",
			[]string{"for {  }"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			const before, after = "package p\n\nfunc (p *T) do() {\n", "\n}\n"
			source := before + test.body + after
			found, err := mutate("p.go", []byte(source))
			require.NoError(t, err)
			var got []string
			for _, m := range found {
				assert.Equal(t, "T.do", m.function)
				assert.Equal(t, 4, m.line)
				changed := string(m.apply([]byte(source)))
				got = append(got, strings.TrimSuffix(strings.TrimPrefix(changed, before), after))
			}
			assert.ElementsMatch(t, test.want, got)
		})
	}
}
