package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// engineRegistry is the local registry as the engine reaches it: both share a network.
const engineRegistry = "localhost:5000"

// lab is where a benchmark takes place.
type lab struct {
	options
	root     string // of the project
	work     string // temporary directory
	prefix   string // "bench-1a2b3c4d", the first segment of all repositories
	registry name.Registry
	proxy    *proxy // of that registry, for Docker
	used     map[string]bool
	first    template
	ways     map[string]way
	// sampleBuilt says that the registry has the sample SDK's builder.
	sampleBuilt bool
}

// template is what the module made before the measurement: the builder, and a base image that the others are made after.
type template struct {
	builder string // reference without the registry
	key     string // what goes before an instance in a base image's tag
	base    v1.Image
}

func newLab(root string, o options) (*lab, error) {
	address, err := os.ReadFile(filepath.Join(root, "out", "registry"))
	if err != nil {
		return nil, fmt.Errorf("finding the local registry: %w", err)
	}
	registry, err := name.NewRegistry(strings.TrimSpace(string(address)), name.Insecure)
	if err != nil {
		return nil, fmt.Errorf("reading out/registry: %w", err)
	}
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	proxy, err := startProxy(registry.RegistryStr())
	if err != nil {
		return nil, fmt.Errorf("starting the proxy: %w", err)
	}
	l := &lab{
		options: o, root: root, work: work, prefix: "bench-" + hex.EncodeToString(random[:]),
		registry: registry, proxy: proxy, used: map[string]bool{},
	}
	docker := docker{proxy: proxy.address, prefix: l.prefix}
	l.ways = map[string]way{
		wayOrigin:  origin{docker, l},
		wayOnePass: &onePass{docker: docker, lab: l},
		wayEngine:  module{lab: l, publisher: "engine"},
		wayDirect:  module{lab: l, publisher: "direct"},
		wayFloor:   &floor{lab: l},
		wayLong:    bases{lab: l, share: "never"},
		wayShared:  bases{lab: l, share: "trusted"},
		wayNothing: &nothing{lab: l},
	}
	return l, nil
}

// repository is a repository of this run, which is emptied at the end.
func (l *lab) repository(parts ...string) string {
	path := strings.Join(append([]string{l.prefix}, parts...), "/")
	l.used[path] = true
	return path
}

// close removes what is left, even of a run that was stopped.
func (l *lab) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	for _, name := range l.options.ways {
		if err := l.ways[name].clear(ctx); err != nil {
			log.Printf("clearing after %s: %v", name, err)
		}
	}
	l.proxy.stop()
	if err := l.empty(ctx); err != nil {
		log.Printf("emptying %s: %v", l.prefix, err)
	}
	if err := os.RemoveAll(l.work); err != nil {
		log.Print(err)
	}
}
