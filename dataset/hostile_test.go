package dataset_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/families"
	"dagger/eval-images/dataset/table"
)

// TestHostileValuesAreRefusedEverywhere: in every column that is read, as rows of a file and as
// flags.
func TestHostileValuesAreRefusedEverywhere(t *testing.T) {
	columns := map[string]struct {
		family string
		row    func(value string) table.Row
	}{
		"instance_id":      {"swebench", func(v string) table.Row { return table.Row{InstanceID: v} }},
		"image_name":       {"swesmith", func(v string) table.Row { return table.Row{InstanceID: "a", ImageName: "x/" + v} }},
		"dockerhub_tag":    {"pro", func(v string) table.Row { return table.Row{InstanceID: "a", DockerhubTag: v + "."} }},
		"repo":             {"multiswebench", func(v string) table.Row { return table.Row{InstanceID: "a", Org: "o", Repo: v} }},
		"org":              {"multiswebench", func(v string) table.Row { return table.Row{InstanceID: "a", Org: v, Repo: "r"} }},
		"docker_image":     {"swebench", func(v string) table.Row { return table.Row{InstanceID: "a__a-1", DockerImage: "x/" + v} }},
		"number":           {"multiswebench", func(v string) table.Row { return table.Row{Org: "o", Repo: "r", Number: v} }},
		"repo, for the id": {"commit0", func(v string) table.Row { return table.Row{Repo: v} }},
	}
	// Ordinary parts of an image's name or tag are no attack there.
	fine := map[string][]string{
		"image_name":    {"a reference with a tag", "a line's end"}, // White space around it goes.
		"docker_image":  {"a reference with a tag", "a line's end"},
		"dockerhub_tag": {"a separator first"},
		"repo":          {"a separator first"},
	}
	for column, of := range columns {
		for name, value := range datasettest.Hostile {
			if slices.Contains(fine[column], name) {
				continue
			}
			t.Run(column+": "+name, func(t *testing.T) {
				row := of.row(value)
				row.Position = table.Position{File: "d.jsonl", Unit: "line", Number: 3}
				_, err := dataset.Resolve([]table.Row{row}, dataset.Options{Family: family(t, of.family)})
				var malformed *table.MalformedError
				require.ErrorAs(t, err, &malformed)
				assert.Equal(t, row.Position, malformed.Position)
				assert.NotEmpty(t, malformed.Column)
				assert.NoError(t, datasettest.Shown(err))
			})
		}
	}
}

// TestHostileFlagsAreRefused: values that a user, or the author of a form, may pass.
func TestHostileFlagsAreRefused(t *testing.T) {
	flags := map[string]struct {
		read func(value string) error
		fine []string
	}{
		"an id": {families.CheckID, nil},
		"a list of ids": {func(v string) error { _, err := dataset.ParseIDs("a__a-1," + v + ",b"); return err }, []string{
			"a comma", "a line's end", "nothing but white space",
		}},
		"a selection": {func(v string) error {
			_, err := dataset.ReadIDs("ids.txt", strings.NewReader("a\n"+v+"\n"))
			return err
		}, []string{
			"a line of its own", "a line's end", "nothing but white space",
		}},
		"a shard":           {func(v string) error { _, err := dataset.ParseShard(v); return err }, nil},
		"a family":          {func(v string) error { _, err := families.ByName(v); return err }, nil},
		"a dataset":         {dataset.CheckHubName, nil},
		"a dataset's owner": {func(v string) error { return dataset.CheckHubName(v + "/name") }, nil},
		"a dataset's name":  {func(v string) error { return dataset.CheckHubName("owner/" + v) }, nil},
		"a template":        {func(v string) error { return resolveWith(t, "r.example/"+v+"/{name}") }, []string{"a placeholder"}},
		"a template's tag":  {func(v string) error { return resolveWith(t, "r.example/{name}:"+v) }, []string{"a placeholder", "a separator first"}},
	}
	for flag, of := range flags {
		for name, value := range datasettest.Hostile {
			if slices.Contains(of.fine, name) {
				continue
			}
			t.Run(flag+": "+name, func(t *testing.T) {
				err := of.read(value)
				require.Error(t, err)
				assert.NoError(t, datasettest.Shown(err))
			})
		}
	}
}

func resolveWith(t *testing.T, template string) error {
	_, err := dataset.Resolve(rowsOf("a__a-1"), dataset.Options{Family: family(t, "swebench"), Template: families.Template(template)})
	return err
}
