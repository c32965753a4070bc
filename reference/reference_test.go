package reference_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/reference"
)

var (
	zeros = "sha256:" + strings.Repeat("0", 64)
	ones  = "sha256:" + strings.Repeat("1", 64)
)

// parts are all that a reference tells.
type parts struct {
	host, written, path, segment, tag, digest, normalized, familiar string
}

func TestParse(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want parts
	}{
		"one word is a library image of Docker Hub": {"ubuntu", parts{
			"docker.io", "docker.io", "library/ubuntu", "ubuntu", "", "", "docker.io/library/ubuntu", "ubuntu",
		}},
		"so it is with the host": {"docker.io/ubuntu:24.04", parts{
			"docker.io", "docker.io", "library/ubuntu", "ubuntu", "24.04", "", "docker.io/library/ubuntu:24.04", "ubuntu:24.04",
		}},
		"and with library": {"docker.io/library/ubuntu", parts{
			"docker.io", "docker.io", "library/ubuntu", "ubuntu", "", "", "docker.io/library/ubuntu", "ubuntu",
		}},
		"two words without a host are at Docker Hub": {"me/image:v1", parts{
			"docker.io", "docker.io", "me/image", "image", "v1", "", "docker.io/me/image:v1", "me/image:v1",
		}},
		"Docker Hub's name in configuration files": {"index.docker.io/me/image", parts{
			"docker.io", "index.docker.io", "me/image", "image", "", "", "docker.io/me/image", "me/image",
		}},
		"Docker Hub's API": {"registry-1.docker.io/ubuntu", parts{
			"docker.io", "registry-1.docker.io", "library/ubuntu", "ubuntu", "", "", "docker.io/library/ubuntu", "ubuntu",
		}},
		"localhost is a host without a port, too": {"localhost/me/image:v1", parts{
			"localhost", "localhost", "me/image", "image", "v1", "", "localhost/me/image:v1", "localhost/me/image:v1",
		}},
		"localhost with a port": {"localhost:5000/image", parts{
			"localhost:5000", "localhost:5000", "image", "image", "", "", "localhost:5000/image", "localhost:5000/image",
		}},
		"localhost without a path is an image": {"localhost:5000", parts{
			"docker.io", "docker.io", "library/localhost", "localhost", "5000", "", "docker.io/library/localhost:5000", "localhost:5000",
		}},
		"a word with a port is a host": {"registry:5000/a/b/c", parts{
			"registry:5000", "registry:5000", "a/b/c", "c", "", "", "registry:5000/a/b/c", "registry:5000/a/b/c",
		}},
		"an IPv6 address": {"[::1]:5000/x", parts{
			"[::1]:5000", "[::1]:5000", "x", "x", "", "", "[::1]:5000/x", "[::1]:5000/x",
		}},
		"an IPv6 address without a port, with a tag": {"[2001:DB8::1]/x:v1", parts{
			"[2001:db8::1]", "[2001:DB8::1]", "x", "x", "v1", "", "[2001:db8::1]/x:v1", "[2001:db8::1]/x:v1",
		}},
		"capitals in the host mean the same host": {"GHCR.io/me/image:V1", parts{
			"ghcr.io", "GHCR.io", "me/image", "image", "V1", "", "ghcr.io/me/image:V1", "ghcr.io/me/image:V1",
		}},
		"and the same Docker Hub": {"Docker.IO/ubuntu", parts{
			"docker.io", "Docker.IO", "library/ubuntu", "ubuntu", "", "", "docker.io/library/ubuntu", "ubuntu",
		}},
		"a path that reads like a host": {"docker.io/0.0/x", parts{
			"docker.io", "docker.io", "0.0/x", "x", "", "", "docker.io/0.0/x", "docker.io/0.0/x",
		}},
		"a digest": {"ghcr.io/me/image@" + zeros, parts{
			"ghcr.io", "ghcr.io", "me/image", "image", "", zeros, "ghcr.io/me/image@" + zeros, "ghcr.io/me/image@" + zeros,
		}},
		"a tag and a digest": {"me/image:v1@" + zeros, parts{
			"docker.io", "docker.io", "me/image", "image", "v1", zeros, "docker.io/me/image:v1@" + zeros, "me/image:v1@" + zeros,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := reference.Parse(test.text)
			require.NoError(t, err)
			assert.Equal(t, test.want, parts{
				got.Host(), got.WrittenHost(), got.Path(), got.Segment(), got.Tag(), got.Digest(), got.Normalized(), got.Familiar(),
			})
			assert.Equal(t, test.text, got.String(), "as it was written")
			assert.Equal(t, test.want.host+"/"+test.want.path, got.Repository())
			assert.Equal(t, test.want.host, reference.Host(test.text))
			assert.Equal(t, test.want.host == "docker.io", reference.AtDockerHub(test.text))
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"nothing":                               {"", reference.ErrFormat},
		"a space":                               {"ghcr.io/me/x y", reference.ErrFormat},
		"an end of line":                        {"ghcr.io/me/x\n", reference.ErrFormat},
		"a path upwards":                        {"ghcr.io/../x", reference.ErrFormat},
		"an address of the web":                 {"https://ghcr.io/x", reference.ErrFormat},
		"credentials":                           {"user:password@ghcr.io/x", reference.ErrFormat},
		"two digests":                           {"ghcr.io/x@" + zeros + "@" + zeros, reference.ErrFormat},
		"an empty tag":                          {"ghcr.io/x:", reference.ErrFormat},
		"an empty digest":                       {"ghcr.io/x@", reference.ErrFormat},
		"a digest with capitals":                {"ghcr.io/x@sha256:" + strings.Repeat("A", 64), reference.ErrFormat},
		"a digest of another kind":              {"ghcr.io/x@sha512:" + strings.Repeat("0", 128), reference.ErrFormat},
		"an image's id":                         {strings.Repeat("0", 64), reference.ErrFormat},
		"a tag of 129 characters":               {"ghcr.io/x:" + strings.Repeat("t", 129), reference.ErrFormat},
		"a port of six digits":                  {"ghcr.io:123456/x", reference.ErrFormat},
		"brackets around no address":            {"[::::]:5000/x", reference.ErrFormat},
		"an IPv6 address without brackets":      {"::1/x", reference.ErrFormat},
		"an IPv6 address with a zone":           {"[fe80::1%eth0]:5000/x", reference.ErrFormat},
		"capitals in the path":                  {"ghcr.io/Me/image", reference.ErrCapitals},
		"capitals where a host could be":        {"Project-MONAI/monai", reference.ErrCapitals},
		"capitals, and more that is wrong":      {"ghcr.io/Me//image", reference.ErrFormat},
		"a letter that only looks like a k":     {"ghcr.io/\u212a", reference.ErrFormat},
		"a name of 256 bytes":                   {"ghcr.io/" + strings.Repeat("x", 248), reference.ErrLongName},
		"a word that Docker makes longer":       {strings.Repeat("x", 255), reference.ErrLongName},
		"a long name that is ill-formed, too":   {"ghcr.io/" + strings.Repeat("x", 248) + "/", reference.ErrFormat},
		"a long name with capitals":             {"ghcr.io/" + strings.Repeat("X", 248), reference.ErrCapitals},
		"a reference of more than all parts":    {"ghcr.io/x:" + strings.Repeat("t", 450), reference.ErrLong},
		"a megabyte, which no pattern looks at": {strings.Repeat("x", 1<<20), reference.ErrLong},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := reference.Parse(test.text)
			assert.ErrorIs(t, err, test.want)
		})
	}
}

func TestParseAcceptsTheLongestName(t *testing.T) {
	name := "ghcr.io/" + strings.Repeat("x", 247)
	require.Len(t, name, reference.MaxName)
	longest := name + ":" + strings.Repeat("t", 128) + "@" + zeros
	require.Len(t, longest, reference.MaxLength)
	for _, text := range []string{name, longest} {
		got, err := reference.Parse(text)
		require.NoError(t, err)
		assert.Equal(t, name, got.Repository())
	}
}

func TestWithDigestReplaces(t *testing.T) {
	for name, test := range map[string]struct{ text, digest, want string }{
		"of a name":                 {"me/image", ones, "me/image@" + ones},
		"of a tag, which stays":     {"me/image:v1", ones, "me/image:v1@" + ones},
		"of a digest":               {"me/image@" + zeros, ones, "me/image@" + ones},
		"of a tag and a digest":     {"me/image:v1@" + zeros, ones, "me/image:v1@" + ones},
		"the same digest":           {"me/image@" + zeros, zeros, "me/image@" + zeros},
		"no digest is no change":    {"me/image:v1@" + zeros, "", "me/image:v1@" + zeros},
		"the host's port is no tag": {"localhost:5000/image", ones, "localhost:5000/image@" + ones},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, reference.WithDigest(test.text, test.digest)) })
	}
}

func TestCutting(t *testing.T) {
	for name, test := range map[string]struct{ text, host, path, name, tag, digest string }{
		"everything":            {"ghcr.io/me/x:v1@" + zeros, "ghcr.io", "me/x:v1@" + zeros, "ghcr.io/me/x", ":v1", zeros},
		"a port and no tag":     {"localhost:5000/x", "localhost:5000", "x", "localhost:5000/x", "", ""},
		"no host":               {"me/x:v1", "", "me/x:v1", "me/x", ":v1", ""},
		"localhost":             {"localhost/x", "localhost", "x", "localhost/x", "", ""},
		"an IPv6 address":       {"[::1]:5000/x:v1", "[::1]:5000", "x:v1", "[::1]:5000/x", ":v1", ""},
		"nothing":               {"", "", "", "", "", ""},
		"a colon in a digest":   {"x@" + zeros, "", "x@" + zeros, "x", "", zeros},
		"a slash in the digest": {"x:v1@a/b:c", "", "x:v1@a/b:c", "x", ":v1", "a/b:c"},
	} {
		t.Run(name, func(t *testing.T) {
			host, path := reference.CutHost(test.text)
			assert.Equal(t, []string{test.host, test.path}, []string{host, path})
			name, rest := reference.CutTag(test.text)
			_, digest := reference.CutDigest(test.text)
			if test.digest != "" {
				rest = strings.TrimSuffix(rest, "@"+digest)
			}
			assert.Equal(t, []string{test.name, test.tag, test.digest}, []string{name, rest, digest})
		})
	}
}

func TestLowerChangesAToZAlone(t *testing.T) {
	assert.Equal(t, "a\u212a\u0130-az.é", reference.Lower("A\u212a\u0130-aZ.é"))
}

func TestLowerPath(t *testing.T) {
	for text, want := range map[string]string{
		"GHCR.io/Me/Image:V1@sha256:A": "GHCR.io/me/image:V1@sha256:A",
		"Project-MONAI/monai:V1":       "project-monai/monai:V1",
		"LOCALHOST/X":                  "localhost/x",
		"ghcr.io/\u212a":               "ghcr.io/\u212a",
	} {
		assert.Equal(t, want, reference.LowerPath(text))
	}
}

// ExampleHost shows the rule that matters most: where a password goes.
func ExampleHost() {
	for _, text := range []string{"me/image", "ghcr.io/me/image:v1", "localhost/me/image", "registry:5000/image"} {
		fmt.Println(reference.Host(text))
	}
	// Output:
	// docker.io
	// ghcr.io
	// localhost
	// registry:5000
}
