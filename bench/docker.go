package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/sourcegraph/conc/pool"
)

// docker is the local Docker with its classic builder, which reaches the registry through the proxy.
type docker struct {
	proxy  string // host:port
	prefix string // of the repositories of this run
}

// at is a reference as Docker has it.
func (d docker) at(path string) string { return d.proxy + "/" + path }

// command runs Docker, and returns what it prints.
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

// buildAll builds and pushes each image of the job; build is one `docker build` with the tag it has to have.
func (d docker) buildAll(ctx context.Context, job batch, build func(image image, tag string) error) error {
	building := pool.New().WithErrors().WithMaxGoroutines(workers)
	for _, image := range job.images {
		building.Go(func() error {
			tag := d.at(job.to + ":" + image.id)
			if err := build(image, tag); err != nil {
				return fmt.Errorf("%s: %w", image.id, err)
			}
			_, err := d.command(ctx, "", "push", tag)
			return err
		})
	}
	return building.Wait()
}

// label is on every image that is built here from its first step, so that those without a name are found again.
func (d docker) label() string { return "eval-images.bench=" + d.prefix }

// clear removes this run's images, and nothing else, from Docker's store.
func (d docker) clear(ctx context.Context) error {
	list, err := d.command(ctx, "", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}")
	if err != nil {
		return err
	}
	remove := []string{"rmi", "--force"}
	for _, reference := range strings.Fields(list) {
		// An image pulled for --from may have no tag; it is removed by the prune below, or with its name.
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
