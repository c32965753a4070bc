package families

import (
	"path"
	"slices"
	"strings"

	"dagger/eval-images/dataset/table"
	"dagger/eval-images/reference"
)

// ownImage returns the official image that the row itself names, with its registry, and the column
// that names it; both are empty if there is none.
//
// It looks in the columns in mini-swe-agent's order, and then in SWE-bench's own column, `image`.
// Other datasets have pictures there, so it ignores text in `image` that is no reference or names a
// picture file.
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

// fullReference returns a reference with its registry and a lower-case path. Docker Hub
// becomes docker.io, since engines do not know its other names in capitals.
func fullReference(text string) string {
	image := reference.LowerPath(strings.TrimSpace(text))
	if reference.AtDockerHub(image) {
		_, path := reference.CutHost(image)
		return reference.DockerHub + "/" + path
	}
	return image
}

func isBlank(text string) bool { return strings.TrimSpace(text) == "" }

// pictures are the extensions of picture files.
var pictures = []string{".avif", ".bmp", ".gif", ".ico", ".jpeg", ".jpg", ".pdf", ".png", ".svg", ".tif", ".tiff", ".webp"}

// isPicture reports whether a reference looks like the name of a picture file, such as
// `images/1.png`. A reference with a tag or a digest does not.
func isPicture(image string) bool {
	name, rest := reference.CutTag(image)
	return rest == "" && slices.Contains(pictures, path.Ext(name))
}
