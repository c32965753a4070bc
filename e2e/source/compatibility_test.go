package source_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/families"
	"dagger/eval-images/e2e/workflow"
)

// TestOneVersionIsTested: dagger.json asks for it, the workflow uses it unless told otherwise, and
// the documents name it.
func TestOneVersionIsTested(t *testing.T) {
	var module struct{ EngineVersion string }
	require.NoError(t, json.Unmarshal([]byte(textOf(t, "dagger.json")), &module))
	require.NotEmpty(t, module.EngineVersion)

	w, err := workflow.Read(filepath.Join(root, ".github/workflows/build-images.yml"))
	require.NoError(t, err)
	assert.Equal(t, strings.TrimPrefix(module.EngineVersion, "v"), w.On.Dispatch.Inputs["dagger-version"].Default)
	assert.Contains(t, textOf(t, "docs/compatibility.md"), "| "+module.EngineVersion+" | every test")
	assert.Contains(t, textOf(t, "README.md"), "Every test runs on "+module.EngineVersion)
}

// TestTheRecipesNameEveryFamily: the help of --family has no room for them.
func TestTheRecipesNameEveryFamily(t *testing.T) {
	for _, name := range families.Names() {
		assert.Contains(t, textOf(t, "docs/recipes.md"), "`"+name+"`")
	}
}

// TestREADMELinksEveryDocument: a document that nothing links to is not found.
func TestREADMELinksEveryDocument(t *testing.T) {
	documents, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, documents)
	for _, path := range documents {
		assert.Contains(t, textOf(t, "README.md"), "](docs/"+filepath.Base(path)+")")
	}
}

// textOf is the text of a file of the project.
func textOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(text)
}
