package families

import (
	"path"
	"slices"
	"strings"

	"dagger/eval-images/dataset/table"
	"dagger/eval-images/reference"
)

// ownImage returns the official image that the row itself names, with its registry,
// and the column that names it; both are empty if there is none.
//
// The order is mini-swe-agent's, and then SWE-bench's own column, `image`, which
// other datasets have for a picture: what is no reference there says nothing, and
// neither does the name of a picture's file.
// https://github.com/SWE-agent/mini-swe-agent/blob/main/src/minisweagent/run/benchmarks/swebench.py
func ownImage(row table.Row) (image, column string) {
	for _, column := range []string{table.ImageNameColumn, table.DockerImageColumn} {
		if text := row.Text(column); !isBlank(text) {
			return fullReference(text), column
		}
	}
	if image := fullReference(row.Image); !isBlank(row.Image) && reference.Check(image) == nil && !isPicture(image) {
		return image, table.ImageColumn
	}
	return "", ""
}

// fullReference returns a reference with its registry and a lower-case name. Docker
// Hub has one name then: an engine knows it by no other that has capitals.
func fullReference(text string) string {
	image := reference.LowerPath(strings.TrimSpace(text))
	if reference.AtDockerHub(image) {
		_, path := reference.CutHost(image)
		return reference.DockerHub + "/" + path
	}
	return image
}

func isBlank(text string) bool { return strings.TrimSpace(text) == "" }

// pictures are the endings of the files that datasets have in a column of pictures.
var pictures = []string{".avif", ".bmp", ".gif", ".ico", ".jpeg", ".jpg", ".pdf", ".png", ".svg", ".tif", ".tiff", ".webp"}

// isPicture says whether a reference reads like the name of a picture's file, such as
// `images/1.png`. A tag or a digest shows that it is an image's.
func isPicture(image string) bool {
	name, rest := reference.CutTag(image)
	return rest == "" && slices.Contains(pictures, path.Ext(name))
}
