package registrytest

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// memory adds to the registry of go-containerregistry that each repository has its own blobs, and
// that blobs can be mounted.
type memory struct {
	next http.Handler

	mu    sync.Mutex
	blobs map[blob]bool
}

// blob is a blob in a repository.
type blob struct{ repository, digest string }

// Memory is a registry in memory that needs no credentials. Like a real one, it refuses a manifest
// that names a blob which the repository lacks, and mounts blobs from other repositories.
func Memory() http.Handler {
	return &memory{next: registry.New(registry.Logger(log.New(io.Discard, "", 0))), blobs: map[blob]bool{}}
}

// Lose makes a registry by [Memory] lose a blob of a repository, as a garbage collection at the
// wrong moment does.
func Lose(registry http.Handler, repository, digest string) {
	m := registry.(*memory)
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.blobs, blob{repository, digest})
}

// place splits a path of the API into the repository, "blobs/uploads", "blobs" or "manifests", and
// the rest. All are empty for any other path.
func place(path string) (repository, kind, which string) {
	slash := strings.LastIndexByte(path, '/')
	for _, kind := range []string{"blobs/uploads", "blobs", "manifests"} {
		if in, ok := strings.CutSuffix(path[:max(slash, 0)], "/"+kind); ok {
			return strings.TrimPrefix(in, "/v2/"), kind, path[slash+1:]
		}
	}
	return "", "", ""
}

// ServeHTTP answers as a registry does.
func (m *memory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch repository, kind, which := place(r.URL.Path); {
	case kind == "blobs/uploads" && r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent) // An upload that was begun is nothing yet.
	case kind == "blobs/uploads":
		m.upload(w, r, repository)
	case kind == "blobs" && !m.has(repository, which):
		refuse(w, http.StatusNotFound, "BLOB_UNKNOWN")
	case kind == "manifests" && r.Method == http.MethodPut:
		m.putManifest(w, r, repository)
	default:
		m.next.ServeHTTP(w, r)
	}
}

func (m *memory) upload(w http.ResponseWriter, r *http.Request, repository string) {
	query := r.URL.Query()
	if digest := query.Get("mount"); digest != "" && m.has(query.Get("from"), digest) {
		m.add(repository, digest)
		w.Header().Set("Location", "/v2/"+repository+"/blobs/"+digest)
		w.WriteHeader(http.StatusCreated)
		return
	}
	answer := &recorder{ResponseWriter: w}
	m.next.ServeHTTP(answer, r)
	if answer.status == http.StatusCreated {
		m.add(repository, query.Get("digest"))
	}
}

func (m *memory) putManifest(w http.ResponseWriter, r *http.Request, repository string) {
	text, err := io.ReadAll(r.Body)
	var manifest v1.Manifest
	if err != nil || json.Unmarshal(text, &manifest) != nil {
		refuse(w, http.StatusBadRequest, "MANIFEST_INVALID")
		return
	}
	if types.MediaType(r.Header.Get("Content-Type")).IsImage() { // An index names no blobs.
		for _, of := range append(manifest.Layers, manifest.Config) {
			if !m.has(repository, of.Digest.String()) {
				refuse(w, http.StatusBadRequest, "MANIFEST_BLOB_UNKNOWN")
				return
			}
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	m.next.ServeHTTP(w, r)
}

func (m *memory) has(repository, digest string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.blobs[blob{repository, digest}]
}

func (m *memory) add(repository, digest string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blobs[blob{repository, digest}] = true
}

// refuse answers with an error code of the distribution specification.
func refuse(w http.ResponseWriter, status int, code string) {
	Answer(status, `{"errors":[{"code":"`+code+`"}]}`)(w, nil, nil)
}
