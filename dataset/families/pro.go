package families

import (
	"crypto/sha1"
	"encoding/hex"
	"regexp"
	"strings"

	"dagger/eval-images/dataset/table"
	"dagger/eval-images/reference"
)

// maxProCustom is the maximum length of the custom part of SWE-bench Pro, whose own tags have up to
// 128 characters. It leaves room for the other parts of a tag.
const maxProCustom = 96

// proDigest is the number of digits of the sha1 in a shortened custom part.
const proDigest = 12

var proUnfit = regexp.MustCompile(`[^a-z0-9_.-]+`)

// proImage keeps the tag's case: tags, unlike paths, may have capitals.
func proImage(_ string, row table.Row) (string, error) {
	return "docker.io/jefzda/sweap-images:" + strings.TrimSpace(row.DockerhubTag), nil
}

// proCustom returns the tag in lower case, because all images of the family are in one
// repository. A tag of more than 96 characters is cut and ends in a part of the original
// tag's sha1. An image without a tag, from a template, has its last path segment.
func proCustom(image string) string {
	tag := reference.Tag(image)
	if tag == "" {
		return reference.Segment(image)
	}
	custom := strings.Trim(proUnfit.ReplaceAllString(reference.Lower(tag), "-"), ".-")
	if len(custom) <= maxProCustom {
		return custom
	}
	sum := sha1.Sum([]byte(tag)) // a name, not a safeguard
	head := strings.TrimRight(custom[:maxProCustom-proDigest-1], ".-")
	return head + "-" + hex.EncodeToString(sum[:])[:proDigest]
}
