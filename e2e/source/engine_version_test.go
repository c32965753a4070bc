package source_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// modules are the directories of the project's Dagger modules, from the root.
func modules(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "out") {
			return fs.SkipDir
		}
		if entry.Name() == "dagger.json" {
			directory, err := filepath.Rel(root, filepath.Dir(name))
			found = append(found, directory)
			return err
		}
		return nil
	})
	require.NoError(t, err)
	require.Subset(t, found, []string{".", "examples/go", "bench/testdata/noop"})
	return found
}

// cachingSince is the engineVersion from which Dagger keeps a function's result for the next call,
// unless the function says otherwise.
// https://github.com/dagger/dagger/blob/v0.19.4/docs/current_docs/extending/modules/function-caching.mdx
const cachingSince = "v0.19.4"

// neverCached is the pragma by which a function says so.
const neverCached = `+cache="never"`

// TestNoAnswerIsCached: a registry changes between two identical calls, so no function of the
// modules may be cached.
func TestNoAnswerIsCached(t *testing.T) {
	for _, module := range modules(t) {
		tree, err := fs.Sub(os.DirFS(root), module)
		require.NoError(t, err)
		assert.Empty(t, cached(t, tree), "%s: keep engineVersion below %s, or mark them with // %s", module, cachingSince, neverCached)
	}
}

// TestCachedFunctionsAreSeen plants what TestNoAnswerIsCached must find.
func TestCachedFunctionsAreSeen(t *testing.T) {
	const code = `package main

type Images struct{}

func New() *Images { return nil }

// Check the registry.
func (m *Images) Check() {}

// Plan asks nothing.
//
// +cache="never"
func (m *Images) Plan() {}

func (m *Images) helper() {}

type internal struct{}

func (internal) Publish() {}
`
	for name, test := range map[string]struct {
		version string
		want    []string
	}{
		"v0.17.2 caches nothing":                     {version: "v0.17.2"},
		"the last version before caching":            {version: "v0.19.3"},
		"the first version with caching":             {version: "v0.19.4", want: []string{"Images.Check"}},
		"a pre-release of it":                        {version: "v0.19.4-beta.1", want: []string{"Images.Check"}},
		"a version is not compared as a text":        {version: "v0.19.11", want: []string{"Images.Check"}},
		"v0.9.4 is older than v0.19.4":               {version: "v0.9.4"},
		"v1.0":                                       {version: "v1.0.0-beta.7", want: []string{"Images.Check"}},
		"no version, which means that of the engine": {version: "", want: []string{"Images.Check"}},
		"latest": {version: "latest", want: []string{"Images.Check"}},
	} {
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{
				"dagger.json": {Data: []byte(fmt.Sprintf(`{"name": "images", "engineVersion": %q}`, test.version))},
				"main.go":     {Data: []byte(code)},
			}
			assert.Equal(t, test.want, cached(t, tree))
		})
	}
}

// cached are the functions of a module whose results an engine may give again in a later call.
func cached(t *testing.T, module fs.FS) []string {
	t.Helper()
	var config struct{ EngineVersion string }
	text, err := fs.ReadFile(module, "dagger.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &config))
	if olderThan(config.EngineVersion, cachingSince) {
		return nil
	}
	files, err := fs.Glob(module, "*.go")
	require.NoError(t, err)
	var found []string
	for _, file := range files {
		if path.Base(file) == "dagger.gen.go" || isTest(file) {
			continue
		}
		text, err := fs.ReadFile(module, file)
		require.NoError(t, err)
		syntax, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ParseComments)
		require.NoError(t, err)
		for _, declared := range syntax.Decls {
			if function, ok := declared.(*ast.FuncDecl); ok && isExportedMethod(function) && !strings.Contains(function.Doc.Text(), neverCached) {
				found = append(found, receiverOf(function)+"."+function.Name.Name)
			}
		}
	}
	return found
}

func isExportedMethod(function *ast.FuncDecl) bool {
	return function.Recv != nil && function.Name.IsExported() && ast.IsExported(receiverOf(function))
}

// receiverOf is the name of a method's type.
func receiverOf(method *ast.FuncDecl) string {
	receiver := method.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	name, ok := receiver.(*ast.Ident)
	if !ok {
		return ""
	}
	return name.Name
}

// release is a version as a release has it, with or without a pre-release after it.
var release = regexp.MustCompile(`^v(\d+)\.(\d+)\.(\d+)(?:-.*)?$`)

// olderThan compares versions by their numbers. A pre-release counts as its release, and what is no
// version is not older.
func olderThan(version, than string) bool {
	numbers, thanNumbers := numbersOf(version), numbersOf(than)
	return numbers != nil && slices.Compare(numbers, thanNumbers) < 0
}

// numbersOf are the three numbers of a version; nil if it is none.
func numbersOf(version string) []int {
	parts := release.FindStringSubmatch(version)
	if parts == nil {
		return nil
	}
	var numbers []int
	for _, part := range parts[1:] {
		number, err := strconv.Atoi(part)
		if err != nil { // Too long for a number.
			return nil
		}
		numbers = append(numbers, number)
	}
	return numbers
}
