package hub

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"dagger/eval-images/redact"
)

// Default is the Hugging Face hub itself.
const Default Address = "https://huggingface.co"

// Address of the hub or of a mirror, such as `https://hf-mirror.example`. The zero value is
// [Default].
type Address string

// allowed is the allow-list for a hub's address: a host, and a path if the mirror is
// below one. The paths of datasets are appended to it.
var allowed = regexp.MustCompile(`^https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?` +
	`(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/*$`)

// maxAddress is the maximum length of an address in bytes.
const maxAddress = 2000

// root returns the hub's address without a slash at its end, as text and parsed.
func (a Address) root() (string, *url.URL, error) {
	if a == "" {
		a = Default
	}
	if len(a) > maxAddress || !allowed.MatchString(string(a)) {
		return "", nil, fmt.Errorf("the hub %s is not of the form https://host", redact.Quote(string(a)))
	}
	root := strings.TrimRight(string(a), "/")
	parsed, err := url.Parse(root)
	return root, parsed, err
}

// private reports whether a host may get a token without TLS: localhost, an address of
// a private network, or a name that ends in .local.
func private(host string) bool {
	ip := net.ParseIP(host) // Nil, of a name, is neither.
	return host == "localhost" || strings.HasSuffix(host, ".local") || ip.IsLoopback() || ip.IsPrivate()
}

// revision is the allow-list for a commit, a branch or a tag, which becomes part of
// a URL.
var revision = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`)

// maxRevision is the maximum length of a revision in bytes.
const maxRevision = 255

func checkRevision(name string) error {
	if len(name) > maxRevision || !revision.MatchString(name) || strings.Contains(name, "..") {
		return fmt.Errorf("revision %s is not a commit, a branch or a tag", redact.Quote(name))
	}
	return nil
}

// escaped returns a file's path as a part of a URL.
func escaped(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}
