package registry

import (
	"context"
	"net/http"
	"net/url"
)

// emptyJSON is a blob that means nothing, and that many repositories have.
// https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md#guidance-for-an-empty-descriptor
const emptyJSON = "{}"

// Probe uploads a blob of two bytes to the repository: some registries refuse only the end of an
// upload. It returns the errors of [Client.MayPush].
func (a Access) Probe(ctx context.Context, at string) error {
	client, err := a.Connect(ctx, at)
	if err != nil {
		return a.refusal(at, err, true)
	}
	begun, err := client.begin(ctx, at)
	if err != nil {
		return a.refusal(at, err, client.wire.challenged.Load())
	}
	place, err := begun.location()
	if err != nil {
		return err
	}
	_, err = client.sendOnce(ctx, http.MethodPut, place, content{
		body: []byte(emptyJSON), media: octets, query: url.Values{"digest": {digestOf([]byte(emptyJSON)).String()}},
	}, stored...)
	return a.refusal(at, err, client.wire.challenged.Load())
}
