package variant

import (
	"context"
	"fmt"

	"eval-images/bench/internal/fixture"
)

// thin assembles agent images as the field does: a thin Dockerfile on each base image, `docker
// build` and `docker push`, several at a time. Docker's store holds no base image, as on a fresh
// runner; it holds the builder, because one pull of that serves hundreds of images.
type thin struct {
	docker
	maker *fixture.Maker
}

// Prepare pulls the builder.
func (t thin) Prepare(ctx context.Context, _ fixture.Batch) error {
	if err := t.Clear(ctx); err != nil {
		return err
	}
	_, err := t.command(ctx, "", "pull", "--quiet", t.at(t.maker.Template.Builder))
	return err
}

// Run builds and pushes all images.
func (t thin) Run(ctx context.Context, job fixture.Batch) (Timing, error) {
	return timed(func() error {
		return t.buildAll(ctx, job, func(image fixture.Image, tag string) error {
			// The context is the Dockerfile alone: there is nothing else to send.
			_, err := t.command(ctx, t.dockerfile(image), "build", "--no-cache", "--force-rm", "--tag", tag, "-")
			return err
		})
	})
}

func (t thin) dockerfile(image fixture.Image) string {
	return fmt.Sprintf(`FROM %s
LABEL %s
COPY --from=%s --chown=10001:10001 /agent-server /agent-server
ENV OPENHANDS_BUILD_GIT_SHA=%s
ENTRYPOINT ["/agent-server/.venv/bin/python", "-m", "openhands.agent_server"]
`, t.at(image.Base), t.label(), t.at(t.maker.Template.Builder), t.maker.SDKSHA())
}
