package source_test

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheDocumentsNameTestsThatExist: a promise whose test was renamed or removed is held by nothing.
func TestTheDocumentsNameTestsThatExist(t *testing.T) {
	existing, found := testsOf(t), 0
	for path, text := range documents(t) {
		for _, named := range testsIn(text) {
			found++
			assert.True(t, existing.have(named), "%s names %s", path, named)
		}
	}
	assert.Greater(t, found, 80)
}

// TestNamesOfTestsAreSeen plants what the test above must find.
func TestNamesOfTestsAreSeen(t *testing.T) {
	const text = "| a promise | `TestCallsIn`, `dataset/hub` `TestB/a part`, `/other` | TestNone |\n`make test`, `e2e` `TestC`"
	assert.Equal(t, []namedTest{{"", "TestCallsIn", ""}, {"dataset/hub", "TestB", "a part"}, {"e2e", "TestC", ""}}, testsIn(text))
	existing := tests{"e2e": {functions: map[string]bool{"TestA": true}, texts: map[string]bool{"a part": true}}}
	for named, want := range map[namedTest]bool{
		{"", "TestA", ""}:           true,
		{"e2e", "TestA", ""}:        true,
		{"e2e", "TestA", "a_part"}:  true,
		{"", "TestA", "a part"}:     true,
		{"", "TestB", ""}:           false,
		{"pipeline", "TestA", ""}:   false,
		{"e2e", "TestA", "another"}: false,
	} {
		assert.Equal(t, want, existing.have(named), named)
	}
}

// TestTheDocumentsNameFilesThatExist: by the path from the root, or by the end of one after another of the same directory.
func TestTheDocumentsNameFilesThatExist(t *testing.T) {
	code := regexp.MustCompile("`([a-z0-9_./-]+\\.(?:go|yml)|hack/[a-z/-]+\\.sh)`")
	for path, text := range documents(t) {
		for _, found := range code.FindAllStringSubmatch(text, -1) {
			assert.True(t, exists(t, found[1]), "%s names %s", path, found[1])
		}
	}
}

// exists says whether the file is there: at this path, or anywhere if the path is but a name.
func exists(t *testing.T, path string) bool {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, path)); err == nil {
		return true
	}
	if strings.Contains(path, "/") {
		return false
	}
	for _, directory := range []string{"*", "*/*", "*/*/*"} {
		found, err := filepath.Glob(filepath.Join(root, directory, path))
		require.NoError(t, err)
		if len(found) > 0 {
			return true
		}
	}
	return false
}

// documents are the texts of the documents, by their paths.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/go/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, paths, pattern)
		for _, path := range paths {
			path, err := filepath.Rel(root, path)
			require.NoError(t, err)
			texts[path] = textOf(t, path)
		}
	}
	return texts
}

// namedTest is a test as a document names it: "`e2e` `TestCredentials/tokens`".
type namedTest struct {
	directory string // empty: any
	name      string
	part      string // empty: all of it
}

func testsIn(markdown string) []namedTest {
	var named []namedTest
	for _, found := range regexp.MustCompile("(?:`([a-z0-9/]+)` )?`(Test[A-Z]\\w*)(?:/([^`]+))?`").FindAllStringSubmatch(markdown, -1) {
		named = append(named, namedTest{found[1], found[2], found[3]})
	}
	return named
}

// tests are the tests of each directory.
type tests map[string]struct {
	functions map[string]bool
	texts     map[string]bool // among them the names of parts
}

// testsOf are those of the project.
func testsOf(t *testing.T) tests {
	t.Helper()
	all := tests{}
	for _, of := range files(t, isTest, append([]string{"bench", "e2e", "hack"}, plainPackages...)...) {
		directory := filepath.Dir(of.path)
		if _, known := all[directory]; !known {
			all[directory] = struct{ functions, texts map[string]bool }{map[string]bool{}, map[string]bool{}}
		}
		ast.Inspect(of.File, func(node ast.Node) bool {
			switch found := node.(type) {
			case *ast.FuncDecl:
				all[directory].functions[found.Name.Name] = found.Recv == nil
			case *ast.BasicLit:
				if text, err := strconv.Unquote(found.Value); err == nil && found.Kind == token.STRING {
					all[directory].texts[text] = true
				}
			}
			return true
		})
	}
	return all
}

// have says whether the test is among them.
func (t tests) have(named namedTest) bool {
	for directory, of := range t {
		elsewhere := named.directory != "" && named.directory != directory
		hasPart := named.part == "" || of.texts[named.part] || of.texts[strings.ReplaceAll(named.part, "_", " ")]
		if !elsewhere && of.functions[named.name] && hasPart {
			return true
		}
	}
	return false
}
