package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Access is how a registry is reached.
type Access struct {
	// Username and Password are the credentials. No username: none are shown.
	Username, Password string
	// Transport sends the requests. Nil: [http.DefaultTransport].
	Transport http.RoundTripper
	// AnswerTime bounds one request, its answer included; the handshake is one. Zero: [DefaultAnswerTime].
	AnswerTime time.Duration
	// Pause is how long [Access.Open] waits before it asks again. Zero: 2 s.
	Pause time.Duration
}

// ErrRefused says that the registry does not take these credentials for pushing.
var ErrRefused = errors.New("the registry does not take these credentials for pushing")

// MayPush asks whether the credentials may push to the repository, by beginning an upload and giving it up: nothing is stored. The
// error is [ErrRefused] if the registry says no. Every other error means that this cannot be found out from here.
func (a Access) MayPush(ctx context.Context, repository string) error {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return fmt.Errorf("reading the repository %s: %w", repository, err)
	}
	err = within(ctx, a.answerTime(), func(ctx context.Context) error {
		return remote.CheckPushPermission(repo.Tag("push"), a, bound{ctx, a.transport()})
	})
	var answer *StatusError
	if errors.As(err, &answer) && !answer.Limited && (answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden) {
		return fmt.Errorf("%w: %s answers %d %s", ErrRefused, repo.RegistryStr(), answer.Status, http.StatusText(answer.Status))
	}
	return err
}

// Resolve gives the same credentials for every registry: it makes Access an [authn.Keychain].
func (a Access) Resolve(authn.Resource) (authn.Authenticator, error) {
	if a.Username == "" {
		return authn.Anonymous, nil
	}
	return &authn.Basic{Username: a.Username, Password: a.Password}, nil
}

func (a Access) transport() http.RoundTripper {
	if a.Transport == nil {
		return http.DefaultTransport
	}
	return a.Transport
}

func (a Access) answerTime() time.Duration {
	if a.AnswerTime == 0 {
		return DefaultAnswerTime
	}
	return a.AnswerTime
}

// bound puts requests under a context, for library code that takes none.
type bound struct {
	ctx  context.Context
	next http.RoundTripper
}

// RoundTrip sends the request under the context.
func (b bound) RoundTrip(request *http.Request) (*http.Response, error) {
	return b.next.RoundTrip(request.WithContext(b.ctx))
}
