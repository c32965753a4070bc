package source_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// file is a parsed file of the project.
type file struct {
	path string // from the root
	*ast.File
}

// files parses those files below some directories of the project that wanted wants.
func files(t *testing.T, wanted func(path string) bool, directories ...string) []file {
	t.Helper()
	var parsed []file
	for _, directory := range directories {
		err := filepath.WalkDir(filepath.Join(root, directory), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			path, err = filepath.Rel(root, path)
			if err != nil || !wanted(path) {
				return err
			}
			syntax, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.SkipObjectResolution|parser.ParseComments)
			parsed = append(parsed, file{path, syntax})
			return err
		})
		require.NoError(t, err)
	}
	require.NotEmpty(t, parsed)
	return parsed
}

func isTest(path string) bool { return strings.HasSuffix(path, "_test.go") }

// forTests says whether a file is of a package that only tests use, such as
// pipeline/registry/registrytest.
func forTests(path string) bool { return strings.HasSuffix(filepath.Dir(path), "test") }

// plainPackages are the directories of the packages that know nothing of Dagger.
var plainPackages = []string{"dataset", "dial", "pipeline", "redact", "reference", "signature"}

// module says whether the file is one of those that run in the engine: those in the root, and the
// packages that they import.
func module(path string) bool {
	generated := path == "dagger.gen.go"
	top, _, below := strings.Cut(path, "/")
	return !isTest(path) && !forTests(path) && !generated && (!below || top == "engine" || slices.Contains(plainPackages, top))
}

// moduleFiles are the files of the module as it runs.
func moduleFiles(t *testing.T) []file {
	t.Helper()
	all := slices.Concat(
		files(t, module, append([]string{"engine"}, plainPackages...)...),
		files(t, func(path string) bool { return module(path) && filepath.Dir(path) == "." }, "."),
	)
	require.Greater(t, len(all), 100)
	return all
}

// called is the name of what a call calls, without what stands before it: "Command" of
// exec.Command.
func called(call *ast.CallExpr) string {
	switch function := call.Fun.(type) {
	case *ast.Ident:
		return function.Name
	case *ast.SelectorExpr:
		return function.Sel.Name
	}
	return ""
}
