package families_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/table"
)

// TestTheImageOfARowIsTheOneDerivedFromItsID: rows of SWE-bench 5, as published in August 2026, one
// for each form of id.
func TestTheImageOfARowIsTheOneDerivedFromItsID(t *testing.T) {
	tests := map[string]map[string]string{
		"swebench": {
			"astropy__astropy-12907":           "swebench/sweb.eval.x86_64.astropy_1776_astropy-12907:latest",
			"pytest-dev__pytest-10051":         "swebench/sweb.eval.x86_64.pytest-dev_1776_pytest-10051:latest",
			"scikit-learn__scikit-learn-10297": "swebench/sweb.eval.x86_64.scikit-learn_1776_scikit-learn-10297:latest",
			"sphinx-doc__sphinx-8035":          "swebench/sweb.eval.x86_64.sphinx-doc_1776_sphinx-8035:latest",
		},
		"multilingual": {
			"apache__druid-13704": "swebench/sweb.eval.x86_64.apache_1776_druid-13704:latest",
		},
	}
	for name, rows := range tests {
		for id, image := range rows {
			t.Run(id, func(t *testing.T) {
				derived, err := dataset.Resolve(rowsOf(id), dataset.Options{Family: family(t, name)})
				require.NoError(t, err)
				own, err := dataset.Resolve([]table.Row{{InstanceID: id, Image: image}}, dataset.Options{Family: family(t, name)})
				require.NoError(t, err)
				assert.Equal(t, derived, own)
				assert.Equal(t, "docker.io/"+image, own.Instances[0].OfficialImage)
			})
		}
	}
}

func TestARowMayNameItsImage(t *testing.T) {
	const derived = "docker.io/swebench/sweb.eval.x86_64.a_1776_b-1:latest"
	tests := map[string]struct {
		family string
		row    table.Row
		image  string
		custom string
	}{
		"image_name comes before docker_image, and that before image": {
			"swebench", table.Row{ImageName: "x/first:v1", DockerImage: "x/second", Image: "x/third"}, "docker.io/x/first:v1", "first",
		},
		"docker_image comes before image": {
			"swebench", table.Row{ImageName: " ", DockerImage: "x/second", Image: "x/third"}, "docker.io/x/second", "second",
		},
		"white space around it goes": {"swebench", table.Row{Image: " x/y:v1\n"}, "docker.io/x/y:v1", "y"},
		"another registry stays":     {"swebench", table.Row{DockerImage: "ghcr.io/x/y:v1"}, "ghcr.io/x/y:v1", "y"},
		"a registry with a port stays": {
			"swebench", table.Row{Image: "localhost:5000/x/y"}, "localhost:5000/x/y", "y",
		},
		"the path becomes lower-case, and the tag does not": {
			"swebench", table.Row{DockerImage: "GHCR.io/Owner/Name:Tag"}, "GHCR.io/owner/name:Tag", "name",
		},
		"Docker Hub has one name": {
			"swebench", table.Row{DockerImage: "Registry-1.Docker.io/Owner/Name"}, "docker.io/owner/name", "name",
		},
		"a digest stays": {
			"swebench", table.Row{DockerImage: "x/y@sha256:" + strings.Repeat("0", 64)}, "docker.io/x/y@sha256:" + strings.Repeat("0", 64), "y",
		},
		"a picture is not an image": {"swebench", table.Row{Image: "data:image/png;base64,iVBORw0KGgo="}, derived, "sweb.eval.x86_64.a_1776_b-1"},
		"a URL is not an image":     {"swebench", table.Row{Image: "https://pictures.example/1.png"}, derived, "sweb.eval.x86_64.a_1776_b-1"},
		"the name of a picture file is not an image": {
			"swebench", table.Row{Image: "Foo.PNG"}, derived, "sweb.eval.x86_64.a_1776_b-1",
		},
		"nor does its path": {"swebench", table.Row{Image: "images/1.jpeg"}, derived, "sweb.eval.x86_64.a_1776_b-1"},
		"nor its address without a scheme": {
			"swebench", table.Row{Image: "pictures.example/1.webp"}, derived, "sweb.eval.x86_64.a_1776_b-1",
		},
		"an image named like a picture file may have a tag": {
			"swebench", table.Row{Image: "x/convert.png:v1"}, "docker.io/x/convert.png:v1", "convert.png",
		},
		"localhost without a port is a host": {
			"swebench", table.Row{Image: "localhost/x/y:v1"}, "localhost/x/y:v1", "y",
		},
		"an IPv6 address is a host": {"swebench", table.Row{Image: "[::1]:5000/x/y:v1"}, "[::1]:5000/x/y:v1", "y"},
		"a tag and a digest stay": {
			"swebench", table.Row{DockerImage: "x/y:v1@sha256:" + strings.Repeat("0", 64)},
			"docker.io/x/y:v1@sha256:" + strings.Repeat("0", 64), "y",
		},
		"a family's own column may name another registry": {
			"swesmith", table.Row{ImageName: "ghcr.io/X/Smith:V1"}, "ghcr.io/x/smith:V1", "smith",
		},
		"an empty image is ignored": {"swebench", table.Row{Image: " "}, derived, "sweb.eval.x86_64.a_1776_b-1"},
		"a family with its own column uses that": {
			"pro", table.Row{DockerhubTag: "Tag", Image: "x/y", ImageName: "x/z"}, "docker.io/jefzda/sweap-images:Tag", "tag",
		},
		"or the row's image, if that column is blank": {
			"pro", table.Row{DockerhubTag: " ", Image: "x/y:Tag"}, "docker.io/x/y:Tag", "tag",
		},
		"even if another column names it": {
			"swesmith", table.Row{DockerImage: "x/smith"}, "docker.io/x/smith", "smith",
		},
		"a family without its own column uses the row's image": {
			"swegym", table.Row{DockerImage: "x/gym"}, "docker.io/x/gym", "gym",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.row.InstanceID = "a__b-1"
			result, err := dataset.Resolve([]table.Row{tt.row}, dataset.Options{Family: family(t, tt.family)})
			require.NoError(t, err)
			require.Len(t, result.Instances, 1)
			assert.Equal(t, tt.image, result.Instances[0].OfficialImage)
			assert.Equal(t, tt.custom, result.Instances[0].Custom)
			assert.Equal(t, "a", result.Instances[0].Repo, "wraps go by it")
		})
	}
	t.Run("a template replaces it", func(t *testing.T) {
		row := table.Row{InstanceID: "a__b-1", Image: "x/y", DockerImage: "x/z"}
		image, err := expand(t, "swebench", "r.io/{instance_id}", row)
		require.NoError(t, err)
		assert.Equal(t, "r.io/a__b-1", image)
	})
}

func TestAnImageOfARowThatIsNoReferenceIsRefused(t *testing.T) {
	for name, value := range datasettest.Hostile {
		if name == "nothing but white space" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			for column, row := range map[string]table.Row{
				"image_name": {InstanceID: "a__b-1", ImageName: "x//" + value}, "docker_image": {InstanceID: "a__b-1", DockerImage: "x//" + value},
			} {
				row.Position = table.Position{File: "d.jsonl", Unit: "line", Number: 3}
				_, err := dataset.Resolve([]table.Row{row}, dataset.Options{Family: family(t, "swebench")})
				require.ErrorContains(t, err, `d.jsonl line 3, column "`+column+`": image reference`)
				assert.NoError(t, datasettest.Shown(err))
			}
			result, err := dataset.Resolve([]table.Row{{InstanceID: "a__b-1", Image: "x//" + value}}, dataset.Options{Family: family(t, "swebench")})
			require.NoError(t, err)
			assert.Equal(t, "docker.io/swebench/sweb.eval.x86_64.a_1776_b-1:latest", result.Instances[0].OfficialImage)
		})
	}
}
