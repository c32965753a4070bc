package reference_test

import (
	"path"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/reference"
)

// libraryName is what go-containerregistry understands, in our words. The replacements are all
// differences that there are, where both parsers accept a text:
//
//   - It calls Docker Hub index.docker.io.
//   - It takes localhost without a port for a path at Docker Hub.
//   - It keeps capitals in a host, and registry-1.docker.io.
//   - It forgets the tag of a reference that has a digest, and adds "latest" to one that has neither.
func libraryName(ref name.Reference) (host, path, identifier string) {
	host, path = strings.ToLower(ref.Context().RegistryStr()), ref.Context().RepositoryStr()
	if first, rest, found := strings.Cut(path, "/"); found && host == name.DefaultRegistry && first == "localhost" {
		host, path = first, rest
	}
	if host == name.DefaultRegistry || host == "registry-1.docker.io" {
		host = reference.DockerHub
	}
	if host == reference.DockerHub && !strings.Contains(path, "/") {
		path = "library/" + path
	}
	return host, path, ref.Identifier()
}

// FuzzParse compares the parser with go-containerregistry's, and its parts with each other.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		_ = reference.Host(text)
		_ = reference.LowerPath(text)
		got, err := reference.Parse(text)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.Regexp(t, `^[A-Za-z0-9_./:@\[\]-]+$`, text)
		require.LessOrEqual(t, len(text), reference.MaxLength)
		assertWhole(t, got)

		library, err := name.ParseReference(text)
		if err != nil {
			return
		}
		host, path, identifier := libraryName(library)
		assert.Equal(t, host, got.Host())
		assert.Equal(t, path, got.Path())
		switch {
		case got.Digest() != "":
			assert.Equal(t, identifier, got.Digest())
		case got.Tag() != "":
			assert.Equal(t, identifier, got.Tag())
		default:
			assert.Equal(t, name.DefaultTag, identifier)
		}
	})
}

// assertWhole asserts that the parts of a reference make the same reference again.
func assertWhole(t *testing.T, got reference.Reference) {
	t.Helper()
	text := got.String()
	require.Equal(t, got.Host(), reference.Host(text))
	require.Equal(t, got.Segment(), path.Base(got.Path()))
	whole := got.Repository()
	if got.Tag() != "" {
		whole += ":" + got.Tag()
	}
	require.Equal(t, got.Normalized(), reference.WithDigest(whole, got.Digest()))
	require.Equal(t, text, reference.LowerPath(text), "the path is in lower case")
	host, rest := reference.CutHost(text)
	require.Equal(t, text, strings.TrimPrefix(host+"/"+rest, "/"))

	for _, form := range []string{got.Normalized(), got.Familiar()} {
		again, err := reference.Parse(form)
		if err == nil { // Docker's library/ and host may be too much for the limit.
			require.Equal(t, got.Normalized(), again.Normalized())
		} else {
			require.ErrorIs(t, err, reference.ErrLongName)
		}
	}
	pinned, err := reference.Parse(reference.WithDigest(text, ones))
	require.NoError(t, err)
	require.Equal(t, []string{got.Repository(), got.Tag(), ones}, []string{pinned.Repository(), pinned.Tag(), pinned.Digest()})
}

// FuzzCheck: what is accepted is fit for a registry, and what is refused for a terminal.
func FuzzCheck(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		err := reference.CheckRepository(text)
		require.NoError(t, datasettest.Shown(err))
		if err == nil {
			require.NoError(t, reference.Check(text+":tag"))
		}
		if err := reference.Check(text); err != nil {
			require.NoError(t, datasettest.Shown(err))
			return
		}
		assert.Regexp(t, `^[A-Za-z0-9_./:@\[\]-]+$`, text) // Brackets are around an IPv6 address.
		assert.NotRegexp(t, `\.\.|//|/$|^/|@.*@`, strings.SplitN(text, ":", 3)[0])
		assert.LessOrEqual(t, len(text), 456)
	})
}
