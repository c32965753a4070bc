package source_test

import (
	"go/ast"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAFlagMeansTheSameEverywhere: the generator of Dagger takes no named type for the flags of a
// function, so those that several functions have are written down several times. Their help,
// defaults and types are one.
func TestAFlagMeansTheSameEverywhere(t *testing.T) {
	type flag struct{ help, of string }
	first, shared := map[string]flag{}, 0
	for _, of := range files(t, func(path string) bool { return module(path) && filepath.Dir(path) == "." }, ".") {
		for _, declared := range of.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if !ok || !isExportedMethod(function) {
				continue
			}
			for name, help := range flagsOf(function) {
				if before, known := first[name]; known {
					shared++
					assert.Equal(t, before.help, help, "%s, of %s and of %s", name, before.of, function.Name.Name)
				} else {
					first[name] = flag{help, function.Name.Name}
				}
			}
		}
	}
	require.Positive(t, shared, "check and assemble-all have some in common")
}

// flagsOf are the flags that a function takes as a struct, by their names: help, pragmas and type.
func flagsOf(function *ast.FuncDecl) map[string]string {
	flags := map[string]string{}
	for _, parameter := range function.Type.Params.List {
		given, ok := parameter.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range given.Fields.List {
			var lines []string
			for _, line := range field.Doc.List {
				lines = append(lines, line.Text)
			}
			for _, name := range field.Names {
				flags[name.Name] = strings.Join(append(lines, typeOf(field.Type)), "\n")
			}
		}
	}
	return flags
}

// typeOf is a type as it is written, as far as flags have any.
func typeOf(expression ast.Expr) string {
	switch written := expression.(type) {
	case *ast.Ident:
		return written.Name
	case *ast.StarExpr:
		return "*" + typeOf(written.X)
	case *ast.ArrayType:
		return "[]" + typeOf(written.Elt)
	case *ast.SelectorExpr:
		return typeOf(written.X) + "." + written.Sel.Name
	}
	return ""
}
