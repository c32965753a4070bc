package variant

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/sourcegraph/conc/pool"

	"eval-images/bench/internal/fixture"
)

// docker runs the local Docker with its classic builder, which reaches the registry through the
// proxy.
type docker struct {
	proxy  string // host:port
	prefix string // of the repositories of this benchmark
}

// at returns a reference for Docker.
func (d docker) at(path string) string { return d.proxy + "/" + path }

// command runs Docker, and returns its output.
func (d docker) command(ctx context.Context, stdin string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "docker", args...)
	command.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	command.Stdin = strings.NewReader(stdin)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("docker %s: %w\n%s", args[0], err, lastLines(output.String(), 20))
	}
	return output.String(), nil
}

func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}

// buildAll builds and pushes each image of the job. The function build does one `docker build`
// with the tag given.
func (d docker) buildAll(ctx context.Context, job fixture.Batch, build func(image fixture.Image, tag string) error) error {
	building := pool.New().WithErrors().WithMaxGoroutines(workers)
	for _, image := range job.Images {
		building.Go(func() error {
			tag := d.at(job.To + ":" + image.ID)
			if err := build(image, tag); err != nil {
				return fmt.Errorf("%s: %w", image.ID, err)
			}
			_, err := d.command(ctx, "", "push", tag)
			return err
		})
	}
	return building.Wait()
}

// label marks every image from its first step on, so that [docker.Clear] finds those without a
// name.
func (d docker) label() string { return "eval-images.bench=" + d.prefix }

// Clear removes the images of this benchmark, and nothing else, from Docker's store.
func (d docker) Clear(ctx context.Context) error {
	list, err := d.command(ctx, "", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}")
	if err != nil {
		return err
	}
	remove := []string{"rmi", "--force"}
	for _, reference := range strings.Fields(list) {
		// An image that was pulled for --from may have no tag: the prune below removes it, or its
		// other name does.
		if strings.HasPrefix(reference, d.proxy+"/") && !strings.HasSuffix(reference, ":<none>") {
			remove = append(remove, reference)
		}
	}
	if len(remove) > 2 {
		if _, err := d.command(ctx, "", remove...); err != nil {
			return err
		}
	}
	_, err = d.command(ctx, "", "image", "prune", "--force", "--filter", "label="+d.label())
	return err
}
