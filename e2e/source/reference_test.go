package source_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// libraryParsers are the functions of go-containerregistry's package name that read a reference by
// its own rule.
var libraryParsers = map[string]bool{
	"ParseReference": true, "MustParseReference": true, "NewTag": true, "NewDigest": true, "NewRepository": true,
}

// cutters split a text.
var cutters = map[string]bool{"Cut": true, "Split": true, "SplitN": true, "LastIndex": true, "LastIndexByte": true, "Index": true, "IndexByte": true}

// ownParsers lists the calls in a file that read a reference without the package that is for it.
func ownParsers(of *ast.File) (calls []string) {
	ast.Inspect(of, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		switch in, _ := selector.X.(*ast.Ident); {
		case in == nil:
		case in.Name == "name" && libraryParsers[selector.Sel.Name]:
			calls = append(calls, "name."+selector.Sel.Name)
		case in.Name == "strings" && cutters[selector.Sel.Name] && len(call.Args) > 1 && isText(call.Args[1], "@"):
			calls = append(calls, "strings."+selector.Sel.Name)
		}
		return true
	})
	return calls
}

func isText(expression ast.Expr, want string) bool {
	literal, ok := expression.(*ast.BasicLit)
	if !ok {
		return false
	}
	if literal.Kind == token.CHAR {
		return literal.Value == "'"+want+"'"
	}
	text, err := strconv.Unquote(literal.Value)
	return err == nil && text == want
}

// TestReferencesAreReadByOnePackage: two parsers that differ send a password to another host than
// the user meant. The package redact looks for passwords in any text, and takes none of it for a
// reference.
func TestReferencesAreReadByOnePackage(t *testing.T) {
	for _, of := range moduleFiles(t) {
		if in := filepath.Dir(of.path); in != "reference" && in != "redact" {
			assert.Empty(t, ownParsers(of.File), of.path)
		}
	}
}

// TestASecondParserIsSeen plants what TestReferencesAreReadByOnePackage must find.
func TestASecondParserIsSeen(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"the library's parser":     {`name.ParseReference(x)`, []string{"name.ParseReference"}},
		"a repository":             {`name.NewRepository(x)`, []string{"name.NewRepository"}},
		"a digest that is cut off": {`strings.Cut(x, "@")`, []string{"strings.Cut"}},
		"a digest that is sought":  {`strings.LastIndexByte(x, '@')`, []string{"strings.LastIndexByte"}},
		"another text that is cut": {`strings.Cut(x, "=")`, nil},
		"our own parser":           {`reference.Parse(x)`, nil},
		"the registry of our host": {`name.NewRegistry(host)`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			syntax, err := parser.ParseFile(token.NewFileSet(), "x.go", "package p\n\nvar _ = "+test.text, 0)
			require.NoError(t, err)
			assert.Equal(t, test.want, ownParsers(syntax))
		})
	}
}
