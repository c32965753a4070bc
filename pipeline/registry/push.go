package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

var (
	// ErrRefused says that a registry takes no images in a repository. The registry's own words
	// follow.
	ErrRefused = errors.New("the registry refuses it")
	// ErrAnonymous says that a registry wants credentials, and there are none.
	ErrAnonymous = errors.New("the registry wants credentials")
)

// MayPush asks whether images may be pushed to the repository: see [Client.MayPush].
func (a Access) MayPush(ctx context.Context, at string) error {
	client, err := a.Connect(ctx, at)
	if err != nil {
		return a.refusal(at, err, true)
	}
	return client.MayPush(ctx, at)
}

// MayPush asks whether images may be pushed to the repository: it begins an upload and gives it up,
// so nothing is stored. Asking for an image would not tell: until the first push, a registry that
// creates repositories lacks it as well.
//
// The error is [ErrRefused] if the registry says no, and [ErrAnonymous] if it says no to a client
// without credentials. Any other error means that nothing is known.
func (c *Client) MayPush(ctx context.Context, at string) error {
	begun, err := c.begin(ctx, at)
	if err != nil {
		return c.access.refusal(at, err, c.wire.challenged.Load())
	}
	c.giveUp(ctx, begun)
	return nil
}

// begin begins an upload to the repository.
func (c *Client) begin(ctx context.Context, at string) (*answer, error) {
	in, err := repositoryAt(at)
	if err != nil {
		return nil, err
	}
	return c.askOnce(ctx, http.MethodPost, in, "blobs/uploads/", content{}, http.StatusAccepted, http.StatusCreated)
}

// repositoryAt is the path of a repository that is named with its registry.
func repositoryAt(at string) (repository, error) {
	named, err := parseRepository(at)
	if err != nil {
		return "", err
	}
	return repository(named.RepositoryStr()), nil
}

// missing returns [ErrRefused] if the registry lacks the repository. It is for a registry that cuts
// the connection of every upload, as ECR does for a repository that it lacks. Otherwise it tells
// nothing.
func (c *Client) missing(ctx context.Context, at string) error {
	in, err := repositoryAt(at)
	if err != nil {
		return err
	}
	_, err = c.askOnce(ctx, http.MethodGet, in, "manifests/latest", content{accept: manifestTypes}, http.StatusOK)
	var answer *StatusError
	if errors.As(err, &answer) && answer.unknownName() {
		answer.final = true
		return c.access.refusal(at, fmt.Errorf("it cuts the connection of every upload: %w", err), c.wire.challenged.Load())
	}
	return nil
}

// refusal wraps a registry's final answer about a repository in [ErrRefused], or in [ErrAnonymous]
// if the registry challenges, we have no credentials, and the answer may depend on them. It returns
// any other error as it is.
func (a Access) refusal(at string, err error, challenges bool) error {
	var answer *StatusError
	if !errors.As(err, &answer) || !answer.refuses() {
		return err
	}
	doing, as, because := "publishing to ", "", ErrRefused
	if a.ReadOnly {
		doing = "reading "
	}
	if a.Username != "" {
		as = " as " + a.Username
	} else if challenges && answer.mayDependOnWho() {
		because = ErrAnonymous
	}
	return fmt.Errorf("%s%s%s: %w: %w", doing, at, as, because, err)
}
