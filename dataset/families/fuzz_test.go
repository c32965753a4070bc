package families_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/families"
	"dagger/eval-images/dataset/table"
	"dagger/eval-images/reference"
)

// FuzzID: an accepted id has no meaning to a shell, a path, a registry or a terminal.
func FuzzID(f *testing.F) {
	f.Fuzz(func(t *testing.T, id string) {
		if err := families.CheckID(id); err != nil {
			require.NoError(t, datasettest.Shown(err))
			return
		}
		require.Regexp(t, `^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`, id)
	})
}

// customPattern matches what a tag may contain after a prefix.
var customPattern = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// FuzzTemplate: a template or a family turns a row into a name fit for a registry, or into an error
// that is safe to show.
func FuzzTemplate(f *testing.F) {
	f.Fuzz(func(t *testing.T, text, id, arch string) {
		template := families.Template(text)
		require.NoError(t, datasettest.Shown(template.Check()))
		for _, column := range template.Columns() {
			require.Regexp(t, `^[A-Za-z_][A-Za-z0-9_]{0,63}$`, column)
		}
		_, err := families.ByName(text)
		require.NoError(t, datasettest.Shown(err))
		if families.CheckID(id) != nil {
			return
		}
		row := table.Row{InstanceID: id, Org: arch, Repo: id, Number: arch, Columns: map[string]string{"version": arch}}
		for _, family := range families.All() {
			image, _, err := template.Expand(families.Input{ID: id, Row: row, Family: family, Arch: arch})
			assertNamed(t, family, image, err)
			image, _, err = family.OfficialImage(id, row)
			assertNamed(t, family, image, err)
		}
	})
}

// assertNamed asserts that a valid image gets a part of a tag, and that errors are safe to show.
func assertNamed(t *testing.T, family families.Family, image string, err error) {
	t.Helper()
	if err == nil {
		err = reference.Check(image)
	}
	require.NoError(t, datasettest.Shown(err))
	if err == nil {
		require.Regexp(t, customPattern, family.CustomPart(image))
	}
}
