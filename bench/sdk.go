package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// sdk is a copy of the tests' tiny SDK, whose builder is as large as is asked for.
func (l *lab) sdk() string { return filepath.Join(l.work, "sdk") }

// sdkSHA is the commit that the SDK goes by. It differs with the seed, as the agent layer does.
func (l *lab) sdkSHA() string { return fmt.Sprintf("%016x%024d", uint64(l.seed), 0) }

func (l *lab) copySDK() error {
	if err := os.CopyFS(l.sdk(), os.DirFS(filepath.Join(l.root, "e2e", "testdata", "tiny-sdk"))); err != nil {
		return err
	}
	// Its Dockerfile copies the whole of server/ into /agent-server.
	file, err := os.Create(filepath.Join(l.sdk(), "server", "payload"))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(file, randomBytes(l.seed, "agent", int64(l.agentMB)*megabyte))
	return err
}

// firstRun has the module make the builder, the agent layer and one base image, which is the template of all others. It also has the
// engine compile the module and read the SDK, which no later call pays for.
func (l *lab) firstRun(ctx context.Context) error {
	if err := l.copySDK(); err != nil {
		return fmt.Errorf("copying the SDK: %w", err)
	}
	id := instance(0)
	layer, err := randomLayer(l.seed, "first", megabyte)
	if err != nil {
		return err
	}
	official, err := imageOf(oci(), v1.Config{User: "nobody", WorkingDir: "/testbed", Env: []string{"PATH=/usr/bin:/bin"}}, layer)
	if err != nil {
		return err
	}
	if err := l.push(ctx, l.repository("official", id)+":latest", official); err != nil {
		return fmt.Errorf("publishing an official image: %w", err)
	}
	s := set{name: "first", images: []image{{id: id, base: l.repository("first", "base") + ":"}}}
	job, err := l.batch(s, 1, "agent")
	if err != nil {
		return err
	}
	l.repository("builder")
	out, err := module{lab: l, publisher: "direct"}.call(ctx, job)
	if err != nil {
		return err
	}
	return l.readTemplate(ctx, out, id)
}

// readTemplate learns from the records how the module named what it made.
func (l *lab) readTemplate(ctx context.Context, out, id string) error {
	agents, err := readRecords(filepath.Join(out, "manifest.jsonl"))
	if err != nil {
		return err
	}
	builders, err := readRecords(filepath.Join(out, "builder-manifest.jsonl"))
	if err != nil {
		return err
	}
	if len(agents) != 1 || len(builders) != 1 || len(builders[0].Tags) != 1 {
		return fmt.Errorf("the first run has %d agent images and %d builders", len(agents), len(builders))
	}
	base := strings.TrimPrefix(agents[0].BaseTag, engineRegistry+"/")
	_, tag, _ := strings.Cut(base, ":")
	l.first.key = strings.TrimSuffix(tag, id)
	l.first.builder = strings.TrimPrefix(builders[0].Tags[0], engineRegistry+"/")
	l.first.base, err = l.image(ctx, base)
	return err
}
