package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// systemOnly is a plan that needs no engine.
var systemOnly = samples{}

func TestFillPushesOnlyMissingImages(t *testing.T) {
	s, out := newSampler(t, ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	s.rootfs = writeTar(t)

	require.NoError(t, s.fill(context.Background(), systemOnly))
	assert.True(t, strings.HasPrefix(out.String(), "pushed"), out.String())

	out.Reset()
	s.rootfs = ""
	require.NoError(t, s.fill(context.Background(), systemOnly))
	assert.True(t, strings.HasPrefix(out.String(), "present"), out.String())
}

func TestTheSystemIsConfiguredAsAnOfficialImage(t *testing.T) {
	s, _ := newSampler(t, ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	s.rootfs = writeTar(t)
	require.NoError(t, s.fill(context.Background(), systemOnly))

	tag, err := s.tag(system{})
	require.NoError(t, err)
	img, err := remote.Image(tag)
	require.NoError(t, err)
	config, err := img.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, "linux/amd64", config.Platform().String())
	assert.Equal(t, []string{"/bin/bash"}, config.Config.Cmd)
	assert.Empty(t, config.Config.User)
	assert.Len(t, config.RootFS.DiffIDs, 1)
}

func TestFillNeedsARootFileSystemTheFirstTime(t *testing.T) {
	s, _ := newSampler(t, ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	assert.ErrorContains(t, s.fill(context.Background(), systemOnly), "pushing library/debian:bookworm: ")
}

func TestAFailingRegistryIsNotMistakenForAnEmptyOne(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusInternalServerError} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			s, _ := newSampler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/v2/" {
					w.WriteHeader(status)
				}
			}))
			s.rootfs = writeTar(t)
			assert.ErrorContains(t, s.fill(context.Background(), systemOnly), "looking for library/debian:bookworm: ")
		})
	}
}

func TestEveryImageIsTriedAndEveryFailureReported(t *testing.T) {
	s := &sampler{jobs: 2}
	images := []image{environment{number: 0}, environment{number: 1}, environment{number: 2}, environment{number: 3}}
	var tried atomic.Int32
	err := s.each(context.Background(), images, func(_ context.Context, img image) error {
		tried.Add(1)
		if img.(environment).number%2 == 1 {
			return fmt.Errorf("no %s", img.name())
		}
		return nil
	})
	assert.EqualValues(t, 4, tried.Load())
	assert.ErrorContains(t, err, "no swebench/sweb.env.py.x86_64.1:latest")
	assert.ErrorContains(t, err, "no swebench/sweb.env.py.x86_64.3:latest")
}

func TestNothingStartsAfterCancellation(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := (&sampler{jobs: 1}).each(ctx, []image{system{}}, func(context.Context, image) error {
		t.Error("begun")
		return nil
	})
	assert.ErrorIs(t, err, context.Canceled)
}

func newSampler(t *testing.T, registry http.Handler) (*sampler, *bytes.Buffer) {
	t.Helper()
	server := httptest.NewServer(registry)
	t.Cleanup(server.Close)
	var out bytes.Buffer
	return &sampler{
		registry: strings.TrimPrefix(server.URL, "http://"),
		jobs:     1,
		out:      log.New(&out, "", 0),
	}, &out
}

func writeTar(t *testing.T) string {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "etc/hostname", Mode: 0o644, Size: 5}))
	_, err := w.Write([]byte("debug"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	path := filepath.Join(t.TempDir(), "rootfs.tar")
	require.NoError(t, os.WriteFile(path, buf.Bytes(), 0o600))
	return path
}
