package dataset

import "strings"

// dockerHub is the registry of a reference that names none.
const dockerHub = "docker.io"

// ownImage returns the official image that the row itself names, with its registry,
// and the column that names it; both are empty if there is none.
//
// The order is mini-swe-agent's, and then SWE-bench's own column, `image`, which
// other datasets have for a picture: what is no reference there says nothing.
// https://github.com/SWE-agent/mini-swe-agent/blob/main/src/minisweagent/run/benchmarks/swebench.py
func (r Row) ownImage() (image, column string) {
	for _, column := range []string{imageNameColumn, dockerImageColumn} {
		if text := r.text(column); !isBlank(text) {
			return fullReference(text), column
		}
	}
	if image := fullReference(r.Image); !isBlank(r.Image) && CheckReference(image) == nil {
		return image, imageColumn
	}
	return "", ""
}

// fullReference returns a reference with its registry and a lower-case name.
func fullReference(text string) string {
	reference := lowerName(strings.TrimSpace(text))
	if host, _ := cutHost(reference); host == "" {
		return dockerHub + "/" + reference
	}
	return reference
}
