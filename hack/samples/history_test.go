package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHistoryFitsTheProject(t *testing.T) {
	for id, want := range map[string][]string{
		"astropy__astropy-12907":            {"astropy/__init__.py", "astropy/separability.py", "tests/test_separability.py"},
		"django__django-11099":              {"django/__init__.py", "django/validators.py", "tests/test_validators.py"},
		"sympy__sympy-20590":                {"sympy/__init__.py", "sympy/symbols.py", "tests/test_symbols.py"},
		"scikit-learn__scikit-learn-10297":  {"scikit_learn/__init__.py", "scikit_learn/textwrapping.py", "tests/test_textwrapping.py"},
		"pytest-dev__pytest.plugin-5-10051": {"pytest_plugin_5/__init__.py"},
	} {
		t.Run(id, func(t *testing.T) {
			stream := fastImport(mustHistory(t, id))
			for _, file := range want {
				assert.Contains(t, stream, " inline "+file+"\n")
			}
			assert.NotContains(t, stream, "from project.", "tests import the package by its name")
		})
	}
}

func TestGitImportsTheHistory(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git on this machine")
	}
	heads := map[string]string{}
	for _, id := range []string{"django__django-11099", "django__django-11099", "django__django-11133"} {
		dir := t.TempDir()
		git(t, dir, "", "init", "--quiet", "--initial-branch", branch)
		git(t, dir, fastImport(mustHistory(t, id)), "fast-import", "--quiet")
		assert.Equal(t, "4", git(t, dir, "", "rev-list", "--count", branch))

		head := git(t, dir, "", "rev-parse", branch)
		if known, ok := heads[id]; ok {
			assert.Equal(t, known, head, "the same instance has the same commits")
		}
		heads[id] = head
	}
	assert.NotEqual(t, heads["django__django-11099"], heads["django__django-11133"])
}

func mustHistory(t *testing.T, id string) []commit {
	t.Helper()
	in, err := parseInstance(id)
	require.NoError(t, err)
	commits, err := history(in)
	require.NoError(t, err)
	return commits
}

func git(t *testing.T, dir, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.TrimSpace(string(out))
}
