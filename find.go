package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/Khan/genqlient/graphql"

	"dagger/eval-images/pipeline"
)

// findQuery asks for all that a run wants to know of an image at once: function by function it would be four questions.
const findQuery = `query Find($reference: String!, $platform: Platform!, $base: String!, $official: String!) {
  container(platform: $platform) {
    from(address: $reference) { imageRef platform base: label(name: $base) official: label(name: $official) }
  }
}`

// Find asks the registry as the engine reaches it. It is a [pipeline.Registry].
func (e *engine) Find(ctx context.Context, reference string) (pipeline.Found, error) {
	var data struct {
		Container struct {
			From struct{ ImageRef, Platform, Base, Official string }
		}
	}
	request := graphql.Request{OpName: "Find", Query: findQuery, Variables: map[string]any{
		"reference": reference, "platform": platform, "base": pipeline.LabelBaseDigest, "official": pipeline.LabelOfficialDigest,
	}}
	if err := dag.GraphQLClient().MakeRequest(quiet(ctx), &request, &graphql.Response{Data: &data}); err != nil {
		return pipeline.Found{}, pipeline.FindError(plain(err))
	}
	image := data.Container.From
	if image.Platform != string(platform) {
		return pipeline.Found{}, fmt.Errorf("%w: %s is for %s", pipeline.ErrPlatform, reference, image.Platform)
	}
	_, digest, _ := strings.Cut(image.ImageRef, "@")
	labels := map[string]string{pipeline.LabelBaseDigest: image.Base, pipeline.LabelOfficialDigest: image.Official}
	return pipeline.Found{
		Digest:         digest,
		BaseDigest:     pipeline.DigestIn(labels, pipeline.LabelBaseDigest),
		OfficialDigest: pipeline.DigestIn(labels, pipeline.LabelOfficialDigest),
	}, nil
}
