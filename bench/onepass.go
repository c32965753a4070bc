package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// sampleDockerfile is where an SDK has its Dockerfile.
const sampleDockerfile = "openhands-agent-server/openhands/agent_server/docker/Dockerfile"

// debian is the system below the official images that are built on in one pass: there is something to install packages in.
const debian = "library/debian:bookworm"

// onePass builds the whole of the sample SDK's Dockerfile for each image: builder, packages and agent image.
type onePass struct {
	docker
	lab        *lab
	dockerfile string // path of the Dockerfile as the classic builder takes it
}

func (o *onePass) prepare(ctx context.Context, _ batch) error {
	if err := o.clear(ctx); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(o.lab.sampleSDK(), sampleDockerfile))
	if err != nil {
		return err
	}
	o.dockerfile = filepath.Join(o.lab.work, "Dockerfile")
	return os.WriteFile(o.dockerfile, []byte(classic(string(text), o.label())), 0o644)
}

var (
	mount = regexp.MustCompile(`--mount=\S+\s*(\\\n\s*)?`)
	stage = regexp.MustCompile(`(?m)^FROM .*$`)
)

// classic is a Dockerfile without cache mounts, which the classic builder does not know and which are empty on a fresh runner anyway. All
// its stages get a label, so that they can be removed.
func classic(dockerfile, label string) string {
	return stage.ReplaceAllString(mount.ReplaceAllString(dockerfile, ""), "$0\nLABEL "+label)
}

func (o *onePass) run(ctx context.Context, job batch) (timing, error) {
	return timed(func() error {
		return o.buildAll(ctx, job, func(image image, tag string) error {
			_, err := o.command(ctx, "", "build", "--no-cache", "--force-rm", "--file", o.dockerfile, "--target", "source-minimal",
				"--build-arg", "BASE_IMAGE="+o.at(image.base), "--build-arg", "BUILDER_IMAGE="+o.at(debian), "--tag", tag, o.lab.sampleSDK())
			return err
		})
	})
}

// makeDebianSet publishes official images that are Debian and the layers of any other set.
func (l *lab) makeDebianSet(ctx context.Context, name string, p point) (set, error) {
	system, err := l.debian(ctx)
	if err != nil {
		return set{}, err
	}
	config, err := system.ConfigFile()
	if err != nil {
		return set{}, err
	}
	return l.makeSet(ctx, name, p, func(layers []v1.Layer) (v1.Image, error) { return imageOf(system, config.Config, layers...) })
}

// debian is the system of the sample's official images, which are made if they are not there.
func (l *lab) debian(ctx context.Context) (v1.Image, error) {
	if img, err := l.image(ctx, debian); err == nil {
		return img, nil
	}
	samples := exec.CommandContext(ctx, filepath.Join(l.root, "hack", "samples.sh"))
	if output, err := samples.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("making the sample images: %w\n%s", err, lastLines(string(output), 10))
	}
	return l.image(ctx, debian)
}

// noMirror tells whether a build failed because containers do not reach Debian's packages.
func noMirror(err error) bool {
	for _, sign := range []string{
		"Unable to locate package", "Temporary failure resolving", "Could not connect", "Failed to fetch", "has no installation candidate",
	} {
		if strings.Contains(err.Error(), sign) {
			return true
		}
	}
	return false
}
