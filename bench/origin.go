package main

import (
	"context"
	"fmt"
)

// origin is how the field assembles agent images: a thin Dockerfile for each, `docker build` and `docker push`, several at a time. The
// base images are not in Docker's store, as on a fresh runner; the builder is, as one pull of it serves hundreds of images.
type origin struct {
	docker
	lab *lab
}

func (o origin) prepare(ctx context.Context, _ batch) error {
	if err := o.clear(ctx); err != nil {
		return err
	}
	_, err := o.command(ctx, "", "pull", "--quiet", o.at(o.lab.first.builder))
	return err
}

func (o origin) run(ctx context.Context, job batch) (timing, error) {
	return timed(func() error {
		return o.buildAll(ctx, job, func(image image, tag string) error {
			// The Dockerfile alone is the context: there is nothing else to send.
			_, err := o.command(ctx, o.dockerfile(image), "build", "--no-cache", "--force-rm", "--tag", tag, "-")
			return err
		})
	})
}

func (o origin) dockerfile(image image) string {
	return fmt.Sprintf(`FROM %s
LABEL %s
COPY --from=%s --chown=10001:10001 /agent-server /agent-server
ENV OPENHANDS_BUILD_GIT_SHA=%s
ENTRYPOINT ["/agent-server/.venv/bin/python", "-m", "openhands.agent_server"]
`, o.at(image.base), o.label(), o.at(o.lab.first.builder), o.lab.sdkSHA())
}
