package source_test

import (
	"go/ast"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheRaceDetectorLooksAtWhatIsConcurrent: `make unit` runs the tests of the sequential packages
// without it. A package that starts goroutines, by itself or by a library, is not one of those.
func TestTheRaceDetectorLooksAtWhatIsConcurrent(t *testing.T) {
	listed := regexp.MustCompile(`(?m)^SEQUENTIAL := (.*)$`).FindStringSubmatch(textOf(t, "Makefile"))
	require.NotNil(t, listed)
	for _, of := range files(t, module, regexp.MustCompile(`[a-z]+`).FindAllString(listed[1], -1)...) {
		for _, imported := range of.Imports {
			path, err := strconv.Unquote(imported.Path.Value)
			require.NoError(t, err)
			assert.False(t, strings.HasPrefix(path, "github.com/sourcegraph/conc") || path == "golang.org/x/sync/errgroup", "%s imports %s", of.path, path)
		}
		ast.Inspect(of.File, func(node ast.Node) bool {
			_, starts := node.(*ast.GoStmt)
			assert.False(t, starts, "%s starts a goroutine", of.path)
			return true
		})
	}
}
