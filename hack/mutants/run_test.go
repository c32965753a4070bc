package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// module is a module whose tests notice one fault of two.
var module = map[string]string{
	"go.mod": "module example\n\ngo 1.23.0\n",
	"a/a.go": "package a\n\nfunc Most(n int) int {\n\tif n > 9 {\n\t\treturn 9\n\t}\n\treturn n\n}\n\n" +
		"func Count(all []int) (n int) {\n\tfor range all {\n\t\tn++\n\t}\n\treturn n\n}\n",
	"a/a_test.go": "package a\n\nimport \"testing\"\n\nfunc TestMost(t *testing.T) {\n\tif Most(10) != 9 {\n\t\tt.Fatal()\n\t}\n}\n",
	"b/b.go":      "package b\n",
	"b/b_test.go": "package b\n\nimport (\n\t\"testing\"\n\n\t\"example/a\"\n)\n\n" +
		"func TestCount(t *testing.T) {\n\tif a.Count([]int{1, 2}) != 2 {\n\t\tt.Fatal()\n\t}\n}\n",
}

func TestRunPrintsSurvivors(t *testing.T) {
	const (
		always   = "a/a.go\tMost\talways\tn > 9\t"
		operator = "a/a.go\tMost\toperator\tn > 9\t"
	)
	for name, test := range map[string]struct {
		accepted string
		survived int
		fails    string
	}{
		"two changes survive: the tests know no number up to 9; what b's tests notice in a is killed": {survived: 2},
		"one of them is accepted, with a reason":                                                      {accepted: operator + "9 either way\n", survived: 1},
		"both are":                                                                                    {accepted: operator + "9 either way\n" + always + "for the test\n"},
		"comments and stale lines change nothing":                                                     {accepted: "# why\na/a.go\tGone\tdelete\tx()\tit was so\n", survived: 2},
		"a line without a reason is refused, with its number":                                         {accepted: "# why\n" + operator + "\n", fails: "accepted.tsv:2: "},
		"a line that is no survivor's is refused with its number":                                     {accepted: "what\n", fails: "accepted.tsv:1: "},
	} {
		t.Run(name, func(t *testing.T) {
			inModule(t, test.accepted)
			survived, err := run(context.Background(), options{packages: []string{"./..."}, accepted: "accepted.tsv", workers: 2})
			if test.fails != "" {
				require.ErrorContains(t, err, test.fails)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.survived, survived)
		})
	}
}

func TestRunNeedsTestsThatPass(t *testing.T) {
	inModule(t, "")
	require.NoError(t, os.WriteFile("a/a_test.go", []byte("package a\n\nimport \"testing\"\n\nfunc TestMost(t *testing.T) { t.Fatal(\"no\") }\n"), 0o600))
	_, err := run(context.Background(), options{packages: []string{"./a"}, accepted: "accepted.tsv", workers: 1})
	require.ErrorContains(t, err, "the tests fail without any change")
}

// inModule writes the module and goes there.
func inModule(t *testing.T, accepted string) {
	dir := t.TempDir()
	for name, text := range module {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "accepted.tsv"), []byte(accepted), 0o600))
	before, err := os.Getwd()
	require.NoError(t, err)
	require.NoError(t, os.Chdir(dir))
	t.Cleanup(func() { assert.NoError(t, os.Chdir(before)) })
	t.Setenv("GOWORK", "off")
}
