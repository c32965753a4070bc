package pipeline

import (
	"fmt"
	"regexp"
)

// Identity is what an image says of itself, by its labels and annotations, that its name leaves open. Two
// runs may want different images under one name: then the one that is there is not the one to skip.
type Identity struct {
	// Wrap is the whole key of the wrap that the image has, 64 hexadecimal digits. Empty: it has none.
	Wrap string
}

// identity of the images of an item: the base image's, and that of the agent image on it.
func (i Item) identity() Identity { return Identity{Wrap: i.Wrap.key()} }

// mismatch tells how a found image differs from the one that is wanted under its name. Empty: it is that one.
func (want Identity) mismatch(found Identity) string {
	if found == want {
		return ""
	}
	return fmt.Sprintf("the registry's image has %s; expected %s", found.wrap(), want.wrap())
}

// wrap is the wrap for people.
func (i Identity) wrap() string {
	if i.Wrap == "" {
		return "no wrap"
	}
	return "wrap " + short(i.Wrap)
}

// FoundLabels are the labels and annotations from which [NewFound] tells what an image is.
var FoundLabels = []string{LabelBaseDigest, LabelOfficialDigest, LabelWrap}

// NewFound is an image with this digest and at least those of its labels, or annotations, that are in
// [FoundLabels].
func NewFound(digest string, labels map[string]string) Found {
	return Found{
		Digest:         digest,
		BaseDigest:     DigestIn(labels, LabelBaseDigest),
		OfficialDigest: DigestIn(labels, LabelOfficialDigest),
		Identity:       Identity{Wrap: wrapIn(labels)},
	}
}

// wrapKey is what a label has for a wrap.
var wrapKey = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Values of [LabelWrap] besides a wrap's key.
const (
	noWrap = "none"
	// unknownWrap stands for a value that is none of ours: anybody may have written it. It equals no wrap's
	// key.
	unknownWrap = "unknown"
)

// wrapIn is the key of the wrap that labels tell. An image without that label has none.
func wrapIn(labels map[string]string) string {
	switch value := labels[LabelWrap]; {
	case value == "" || value == noWrap:
		return ""
	case wrapKey.MatchString(value):
		return value
	default:
		return unknownWrap
	}
}

// mismatchError says that a registry has another image than the plan's under a name. For a run the plan's is
// absent.
type mismatchError struct{ reason string }

// Error says how the images differ.
func (e *mismatchError) Error() string { return e.reason }

// Is makes it [ErrAbsent].
func (*mismatchError) Is(target error) bool { return target == ErrAbsent }
