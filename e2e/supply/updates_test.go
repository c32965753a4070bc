package supply

import (
	"path"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// watched returns the directories in which Dependabot looks for what this ecosystem pins.
func watched(t *testing.T, ecosystem string) []string {
	t.Helper()
	var config struct {
		Updates []struct {
			Ecosystem   string `yaml:"package-ecosystem"`
			Directories []string
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(text(t, ".github/dependabot.yml")), &config))
	var directories []string
	for _, update := range config.Updates {
		if update.Ecosystem == ecosystem {
			directories = append(directories, update.Directories...)
		}
	}
	return directories
}

// directoriesOf returns where these files are, as Dependabot writes it, each directory once.
func directoriesOf(files []string) []string {
	var directories []string
	for _, file := range files {
		directories = append(directories, path.Join("/", path.Dir(file)))
	}
	slices.Sort(directories)
	return slices.Compact(directories)
}

func TestEveryGoModuleGetsUpdates(t *testing.T) {
	assert.ElementsMatch(t, directoriesOf(tracked(t, isGoMod)), watched(t, "gomod"))
}

func TestEveryPinnedActionGetsUpdates(t *testing.T) {
	want := directoriesOf(tracked(t, func(file string) bool {
		return path.Ext(file) == ".yml" && slices.ContainsFunc(lines(t, file), uses.MatchString)
	}))
	// Dependabot's name for this directory.
	want[slices.Index(want, "/.github/workflows")] = "/"
	assert.ElementsMatch(t, want, watched(t, "github-actions"))
}
