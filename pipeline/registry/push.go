package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/status"
	"dagger/eval-images/pipeline/registry/transport"
)

var (
	// ErrRefused says that a registry refuses access to a repository. The registry's reason
	// follows.
	ErrRefused = errors.New("the registry refuses it")
	// ErrAnonymous says that a registry wants credentials, and that there are none.
	ErrAnonymous = errors.New("the registry wants credentials")
)

// MayPush connects, and asks whether images may be pushed to a repository: see [Client.MayPush].
func (a Access) MayPush(ctx context.Context, at string) error {
	client, err := a.Connect(ctx, at)
	if err != nil {
		return a.refusal(at, err, true)
	}
	return client.MayPush(ctx, at)
}

// MayPush asks whether images may be pushed to a repository. It starts an upload and gives it up,
// so that nothing is stored. Asking for an image would not tell: a registry that creates
// repositories with the first push lacks the repository until then.
//
// The error is [ErrRefused] if the registry refuses, and [ErrAnonymous] if credentials may help and
// there are none. With any other error it remains unknown.
func (c *Client) MayPush(ctx context.Context, at string) error {
	begun, err := c.begin(ctx, at)
	if err != nil {
		return c.access.refusal(at, err, c.Challenged())
	}
	c.giveUp(ctx, begun)
	return nil
}

// Probe uploads a blob of two bytes to a repository, because some registries refuse only the end of
// an upload. Its errors are those of [Client.MayPush].
func (a Access) Probe(ctx context.Context, at string) error {
	client, err := a.Connect(ctx, at)
	if err != nil {
		return a.refusal(at, err, true)
	}
	begun, err := client.begin(ctx, at)
	if err != nil {
		return a.refusal(at, err, client.Challenged())
	}
	place, err := begun.location()
	if err != nil {
		return err
	}
	_, err = client.sendOnce(ctx, http.MethodPut, place, content{
		body: []byte(oci.EmptyConfig), media: transport.Octets, query: url.Values{"digest": {oci.DigestOf([]byte(oci.EmptyConfig)).String()}},
	}, stored...)
	return a.refusal(at, err, client.Challenged())
}

// begin starts an upload to a repository.
func (c *Client) begin(ctx context.Context, at string) (*answer, error) {
	in, err := repositoryAt(at)
	if err != nil {
		return nil, err
	}
	return c.askOnce(ctx, http.MethodPost, in, "blobs/uploads/", content{}, http.StatusAccepted, http.StatusCreated)
}

// repositoryAt is the path of a repository, whose name includes the host.
func repositoryAt(at string) (oci.Repository, error) {
	named, err := parseRepository(at)
	if err != nil {
		return "", err
	}
	return oci.Repository(named.RepositoryStr()), nil
}

// missing returns [ErrRefused] if the registry lacks the repository. ECR cuts the connection of
// every upload to a repository that it lacks. If missing returns nil, it remains unknown.
func (c *Client) missing(ctx context.Context, at string) error {
	in, err := repositoryAt(at)
	if err != nil {
		return err
	}
	_, err = c.askOnce(ctx, http.MethodGet, in, "manifests/latest", content{accept: manifestTypes}, http.StatusOK)
	var answer *status.Error
	if errors.As(err, &answer) && answer.UnknownRepository() {
		answer.Final = true
		return c.access.refusal(at, fmt.Errorf("it cuts the connection of every upload: %w", err), c.Challenged())
	}
	return nil
}

// refusal wraps a registry's final answer about a repository in [ErrRefused], or in [ErrAnonymous]
// if there are no credentials, the registry challenges, and the answer may depend on them. It
// returns any other error as it is.
func (a Access) refusal(at string, err error, challenges bool) error {
	var answer *status.Error
	if !errors.As(err, &answer) || !answer.Refuses() {
		return err
	}
	doing, as, because := "publishing to ", "", ErrRefused
	if a.ReadOnly {
		doing = "reading "
	}
	if a.Username != "" {
		as = " as " + a.Username
	} else if challenges && answer.MayDependOnCredentials() {
		because = ErrAnonymous
	}
	return fmt.Errorf("%s%s%s: %w: %w", doing, at, as, because, err)
}
