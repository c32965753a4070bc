package registry

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"dagger/eval-images/dial"
	"dagger/eval-images/pipeline/registry/status"
	"dagger/eval-images/redact"
	"dagger/eval-images/reference"
)

// Access says how to reach a registry.
type Access struct {
	// Username and Password are the credentials. No username: access is anonymous.
	Username, Password string
	// Host of the registry that the credentials are for, as [reference.Host] returns it. Empty: any
	// registry.
	Host string
	// ReadOnly asks for tokens that can only pull. Asking for one that can push has effects: Quay
	// and GitLab create the repository, and ghcr.io refuses anonymous users, who may pull.
	ReadOnly bool
	// Heads makes [Client.Find] ask Docker Hub for the heads of manifests only. Docker Hub does not
	// count those as pulls. They do not tell what an image is.
	Heads bool
	// PlainHTTP uses plain HTTP instead of TLS, and sends credentials that way to the registry and
	// to its token server.
	PlainHTTP bool
	// Network connects to the registry. Nil: [dial.Default].
	Network *dial.Network
	// Sender sends the requests of a run. Nil: each request is sent once, at once.
	Sender Sender
	// Transport sends the requests in place of the network. Nil: the network does.
	Transport http.RoundTripper
	// AnswerTime limits one request and its answer; the handshake counts as one request. Zero:
	// [DefaultAnswerTime].
	AnswerTime time.Duration
	// Pause of [Access.Open] before it asks again. Zero: 2 s.
	Pause time.Duration
}

// Sender sends one request to a host. It may wait before, and repeat the request; it counts limits
// and failures by the kind of request. [throttle.Hosts] is one.
type Sender interface {
	Send(ctx context.Context, host, kind string, request func() error) error
}

// Resolve returns the credentials for their registry. It makes Access an [authn.Keychain].
func (a Access) Resolve(at authn.Resource) (authn.Authenticator, error) {
	if a.Username == "" || a.Host != "" && reference.Host(at.RegistryStr()+"/") != a.Host {
		return authn.Anonymous, nil
	}
	return &authn.Basic{Username: a.Username, Password: a.Password}, nil
}

// network sends requests to a registry and to the hosts that it may refer to.
func (a Access) network(host string) http.RoundTripper {
	if a.Transport != nil {
		return dial.Around(host, a.Transport)
	}
	return a.Network.Transport(host)
}

func (a Access) answerTime() time.Duration {
	if a.AnswerTime == 0 {
		return DefaultAnswerTime
	}
	return a.AnswerTime
}

// redact removes the credentials from a registry's words, as it may repeat what it has seen: the
// password itself, the form in a header, and one whose end was cut off.
func (a Access) redact(err error) error {
	if a.Password == "" || err == nil {
		return err
	}
	secrets := []string{base64.StdEncoding.EncodeToString([]byte(a.Username + ":" + a.Password)), a.Password}
	var answer *status.Error
	if errors.As(err, &answer) {
		answer.Reason = redact.Secrets(answer.Reason, secrets...)
	}
	return redact.Error(err, secrets...)
}
