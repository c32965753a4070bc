package reference

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	distribution "github.com/distribution/reference"
)

// Limits of a reference, in bytes.
const (
	// MaxName bounds the host and the path together.
	MaxName = 255
	// MaxLength bounds the whole: the name, a tag of 128, a digest of 71, and their separators.
	MaxLength = MaxName + 1 + 128 + 1 + 71
)

// Errors of [Parse]. None of them repeats the reference, which may be anything.
var (
	// ErrFormat says that a text is not of the form host/path:tag@digest.
	ErrFormat = errors.New("it is not of the form host/path:tag")
	// ErrCapitals says that a reference would be well-formed with a lower-case path.
	ErrCapitals = errors.New("it has capitals in its path, which must be lower-case")
	// ErrLongName says that host and path have more than [MaxName] bytes.
	ErrLongName = fmt.Errorf("its name is longer than %d bytes", MaxName)
	// ErrLong says that the whole has more than [MaxLength] bytes.
	ErrLong = fmt.Errorf("it is longer than %d bytes", MaxLength)
)

// Reference is a well-formed image reference. Its zero value is none.
type Reference struct {
	written string
	host    string // as written; empty if the reference names none
	named   distribution.Named
}

// Parse reads a reference: an optional host, a lower-case path, an optional tag, an optional sha256
// digest.
//
// It accepts less than Docker in three ways. A host has a dot, a port, brackets or is localhost:
// Docker also takes Project-MONAI/monai for one, because of its capitals. A digest is SHA-256. And
// [MaxName] counts the host.
func Parse(text string) (Reference, error) {
	if len(text) > MaxLength {
		return Reference{}, ErrLong
	}
	parsed, err := parse(text)
	if errors.Is(err, ErrFormat) {
		if _, lowered := parse(LowerPath(text)); !errors.Is(lowered, ErrFormat) {
			return Reference{}, ErrCapitals
		}
	}
	return parsed, err
}

func parse(text string) (Reference, error) {
	host, path, rest := split(text)
	name := path
	if host != "" {
		if !isHost(host) {
			return Reference{}, ErrFormat
		}
		name = canonicalHost(host) + "/" + path
	}
	if path != Lower(path) {
		return Reference{}, ErrFormat
	}
	_, digest := CutDigest(text)
	if strings.Contains(rest, "@") && !sha256Digest.MatchString(digest) {
		return Reference{}, ErrFormat
	}
	if len(text)-len(rest) > MaxName {
		return Reference{}, longName(name + rest)
	}
	named, err := distribution.ParseNormalizedNamed(name + rest)
	switch {
	case errors.Is(err, distribution.ErrNameTooLong): // With the library/ that Docker puts before a single word.
		return Reference{}, ErrLongName
	case err != nil:
		return Reference{}, ErrFormat
	}
	return Reference{written: text, host: host, named: named}, nil
}

// longName tells a name that is only too long from one that is ill-formed as well.
func longName(text string) error {
	if distribution.ReferenceRegexp.MatchString(text) {
		return ErrLongName
	}
	return ErrFormat
}

var sha256Digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// hostPattern is a host with an optional port: a name, or an IPv6 address in brackets.
var hostPattern = regexp.MustCompile(`^(?:` + labelPattern + `(?:\.` + labelPattern + `)*|\[([0-9a-fA-F:]+)\])(?::[0-9]{1,5})?$`)

const labelPattern = `(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])`

// isHost says whether what stands where a host does is one.
func isHost(text string) bool {
	parts := hostPattern.FindStringSubmatch(text)
	if parts == nil || parts[1] == "" {
		return parts != nil
	}
	_, err := netip.ParseAddr(parts[1])
	return err == nil
}

// String returns the reference as it was written.
func (r Reference) String() string { return r.written }

// Host is the registry, in lower case, with its port if the reference has one: see [Host].
func (r Reference) Host() string { return distribution.Domain(r.named) }

// WrittenHost is the host as it was written, and docker.io if there is none. Credential stores look
// for that.
func (r Reference) WrittenHost() string {
	if r.host == "" {
		return DockerHub
	}
	return r.host
}

// Path is the repository's path in its registry: library/ubuntu for ubuntu, which is at Docker Hub.
func (r Reference) Path() string { return distribution.Path(r.named) }

// Repository is the host and the path, such as docker.io/library/ubuntu for ubuntu.
func (r Reference) Repository() string { return r.named.Name() }

// Segment is the last segment of the path.
func (r Reference) Segment() string { return Segment(r.written) }

// Tag is empty if the reference has none.
func (r Reference) Tag() string { return Tag(r.written) }

// Digest is "sha256:…", and empty if the reference has none.
func (r Reference) Digest() string {
	_, digest := CutDigest(r.written)
	return digest
}

// Normalized is the reference with its host, and with the path in full:
// docker.io/library/ubuntu:24.04 for ubuntu:24.04. It adds no tag.
func (r Reference) Normalized() string { return r.named.String() }

// Familiar is the shortest form, which Docker shows: ubuntu:24.04 for
// docker.io/library/ubuntu:24.04. A path whose first segment would be taken for a host keeps its
// host.
func (r Reference) Familiar() string {
	if short := distribution.FamiliarString(r.named); Host(short) == r.Host() {
		return short
	}
	return r.Normalized()
}
