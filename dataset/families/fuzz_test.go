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

// FuzzID: what passes has a meaning neither to a shell nor to a path, a registry or a terminal.
func FuzzID(f *testing.F) {
	f.Fuzz(func(t *testing.T, id string) {
		if err := families.CheckID(id); err != nil {
			require.NoError(t, datasettest.Shown(err))
			return
		}
		require.Regexp(t, `^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`, id)
	})
}

// customPattern is what may stand in a tag behind a prefix.
var customPattern = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// FuzzTemplate: what a template or a family makes of a row is fit for a registry or an error that
// can be shown.
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

// assertNamed asserts that an image that can be one gets a part of a tag, and that errors can be
// shown.
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
