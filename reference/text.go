package reference

import "strings"

// DockerHub is the host of a reference that names none.
const DockerHub = "docker.io"

// hubHosts are further names of Docker Hub: where the API is, and how the credentials of docker
// login are filed.
var hubHosts = map[string]bool{"index.docker.io": true, "registry-1.docker.io": true}

// Host is the registry that Docker would ask, in lower case and with its port: what stands before
// the first slash if it has a dot or a colon, or is localhost; otherwise docker.io, which also
// stands for Docker Hub's other names. It takes any text: of one that is no reference it tells what
// Docker would take for the host.
func Host(text string) string {
	host, _, _ := split(text)
	if host == "" {
		return DockerHub
	}
	return canonicalHost(host)
}

// AtDockerHub says whether a reference is to Docker Hub, under any of its names.
func AtDockerHub(text string) bool { return Host(text) == DockerHub }

// CutDigest splits a reference, well-formed or not, into what stands before the digest and the
// digest. It is empty if there is none.
func CutDigest(text string) (name, digest string) {
	name, digest, _ = strings.Cut(text, "@")
	return name, digest
}

// WithDigest returns a reference with this digest in place of the one that it has, so that it means
// one image and no other. Name and tag stay as they are written. An empty digest changes nothing.
func WithDigest(text, digest string) string {
	if digest == "" {
		return text
	}
	name, _ := CutDigest(text)
	return name + "@" + digest
}

// Name is a reference, well-formed or not, without its tag and its digest.
func Name(text string) string {
	name, _ := CutTag(text)
	return name
}

// Segment is the last segment of a reference's path.
func Segment(text string) string {
	name := Name(text)
	return name[strings.LastIndexByte(name, '/')+1:]
}

// Tag is the tag of a reference, and empty if it has none.
func Tag(text string) string {
	_, rest := CutTag(text)
	tag, _ := CutDigest(strings.TrimPrefix(rest, ":"))
	return tag
}

// CutTag splits a reference, well-formed or not, into its name and what follows: ":tag", "@digest"
// or both.
func CutTag(text string) (name, rest string) {
	name, _ = CutDigest(text)
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name = name[:colon]
	}
	return name, text[len(name):]
}

// LowerPath lower-cases A to Z in the path of a text that may become a reference. The host stays,
// because credential stores find it as it is written, and so does the tag, which can have capitals.
func LowerPath(text string) string {
	host, path, rest := split(text)
	if host == "" {
		return Lower(path) + rest
	}
	return host + "/" + Lower(path) + rest
}

// CutHost splits a text that may become a reference into its host, empty if there is none, and the
// rest.
func CutHost(text string) (host, rest string) {
	host, path, tag := split(text)
	return host, path + tag
}

// split cuts a text where Docker does: the host, empty if there is none, the path, and what CutTag
// cuts off.
// https://github.com/distribution/reference/blob/v0.6.0/normalize.go
func split(text string) (host, path, rest string) {
	name, rest := CutTag(text)
	if first, path, found := strings.Cut(name, "/"); found && (strings.ContainsAny(first, ".:") || first == "localhost") {
		return first, path, rest
	}
	return "", name, rest
}

// canonicalHost is one text for all that mean the same host.
func canonicalHost(written string) string {
	if host := Lower(written); !hubHosts[host] {
		return host
	}
	return DockerHub
}

// Lower returns the text with small letters in place of A to Z. Others stay, for the checks to
// refuse: [strings.ToLower] makes an ordinary k of the Kelvin sign.
func Lower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}
