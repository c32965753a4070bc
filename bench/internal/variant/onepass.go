package variant

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"eval-images/bench/internal/fixture"
)

// onePass builds the sample SDK's whole Dockerfile for each image: builder, packages and agent
// image.
type onePass struct {
	docker
	maker      *fixture.Maker
	dockerfile string // path of the Dockerfile for the classic builder
}

// Prepare writes the Dockerfile.
func (o *onePass) Prepare(ctx context.Context, _ fixture.Batch) error {
	if err := o.Clear(ctx); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(o.maker.SampleSDK(), fixture.SDKDockerfile))
	if err != nil {
		return err
	}
	o.dockerfile = filepath.Join(o.maker.Work, "Dockerfile")
	return os.WriteFile(o.dockerfile, []byte(classic(string(text), o.label())), 0o644)
}

var (
	mount = regexp.MustCompile(`--mount=\S+\s*(\\\n\s*)?`)
	stage = regexp.MustCompile(`(?m)^FROM .*$`)
)

// classic removes cache mounts from a Dockerfile: the classic builder does not know them, and they
// are empty on a fresh runner anyway. It labels all stages, so that [docker.Clear] finds them.
func classic(dockerfile, label string) string {
	return stage.ReplaceAllString(mount.ReplaceAllString(dockerfile, ""), "$0\nLABEL "+label)
}

// Run builds and pushes all images.
func (o *onePass) Run(ctx context.Context, job fixture.Batch) (Timing, error) {
	return timed(func() error {
		return o.buildAll(ctx, job, func(image fixture.Image, tag string) error {
			_, err := o.command(ctx, "", "build", "--no-cache", "--force-rm", "--file", o.dockerfile, "--target", "source-minimal",
				"--build-arg", "BASE_IMAGE="+o.at(image.Base), "--build-arg", "BUILDER_IMAGE="+o.at(fixture.Debian),
				"--tag", tag, o.maker.SampleSDK())
			return err
		})
	})
}

// NoMirror reports whether a build failed because containers do not reach Debian's packages.
func NoMirror(err error) bool {
	for _, sign := range []string{
		"Unable to locate package", "Temporary failure resolving", "Could not connect", "Failed to fetch", "has no installation candidate",
	} {
		if strings.Contains(err.Error(), sign) {
			return true
		}
	}
	return false
}
