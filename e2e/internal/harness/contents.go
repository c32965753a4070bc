package harness

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/evidence"
)

// Files of an image, as a container sees them: what each is, without its time.
func Files(t *testing.T, img v1.Image) map[string]string {
	t.Helper()
	flat := mutate.Extract(img)
	defer flat.Close()
	found := map[string]string{}
	for archive := tar.NewReader(flat); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		content := sha256.New()
		_, err = io.Copy(content, archive)
		require.NoError(t, err)
		path := strings.TrimSuffix(header.Name, "/")
		description := fmt.Sprintf("%c %o %d:%d %s", header.Typeflag, header.Mode, header.Uid, header.Gid, header.Linkname)
		if !evidence.TellsTime(path) {
			description += fmt.Sprintf(" %d %x", header.Size, content.Sum(nil))
		}
		found[path] = description
	}
}

// FileIn is the text of a file in an image.
func FileIn(t *testing.T, img v1.Image, path string) string {
	t.Helper()
	all, err := img.Layers()
	require.NoError(t, err)
	for _, layer := range slices.Backward(all) {
		text, found := fileInLayer(t, layer, path)
		if found {
			return text
		}
	}
	require.Fail(t, "no layer has the file", path)
	return ""
}

func fileInLayer(t *testing.T, layer v1.Layer, path string) (text string, found bool) {
	t.Helper()
	content, err := layer.Uncompressed()
	require.NoError(t, err)
	defer content.Close()
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return "", false
		}
		require.NoError(t, err)
		if header.Name == path {
			data, err := io.ReadAll(archive)
			require.NoError(t, err)
			return string(data), true
		}
	}
}
