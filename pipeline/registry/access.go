package registry

import (
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"dagger/eval-images/dial"
	"dagger/eval-images/redact"
	"dagger/eval-images/reference"
)

// Access is how a registry is reached.
type Access struct {
	// Username and Password are the credentials. No username: none are shown.
	Username, Password string
	// Host of the registry that the credentials are for, as [reference.Host] has it. Empty:
	// whichever is asked.
	Host string
	// ReadOnly asks for tokens that can only pull. A token that can push has effects: Quay and
	// GitLab create the repository when they issue one. And ghcr.io issues none to anonymous users,
	// who may pull all the same.
	ReadOnly bool
	// Heads has [Client.Find] ask Docker Hub for the heads of manifests. Those are no pulls, and
	// tell nothing of what an image is.
	Heads bool
	// PlainHTTP has the registry spoken to by plain HTTP instead of TLS, and lets credentials go
	// that way to it and to its token server.
	PlainHTTP bool
	// Network connects to the registry. Nil: [dial.Default].
	Network *dial.Network
	// Transport sends the requests in place of the network.
	Transport http.RoundTripper
	// AnswerTime bounds one request, its answer included; the handshake is one. Zero:
	// [DefaultAnswerTime].
	AnswerTime time.Duration
	// Pause is how long [Access.Open] waits before it asks again. Zero: 2 s.
	Pause time.Duration
}

// Resolve gives the credentials for their registry: it makes Access an [authn.Keychain].
func (a Access) Resolve(at authn.Resource) (authn.Authenticator, error) {
	if a.Username == "" || a.Host != "" && reference.Host(at.RegistryStr()+"/") != a.Host {
		return authn.Anonymous, nil
	}
	return &authn.Basic{Username: a.Username, Password: a.Password}, nil
}

// transport sends requests to a registry, and to the hosts that this one may refer to.
func (a Access) transport(host string) http.RoundTripper {
	switch {
	case a.Transport != nil:
		return dial.Around(host, a.Transport)
	case a.Network != nil:
		return a.Network.Transport(host)
	}
	return dial.Default.Transport(host)
}

func (a Access) answerTime() time.Duration {
	if a.AnswerTime == 0 {
		return DefaultAnswerTime
	}
	return a.AnswerTime
}

// redact removes the credentials from the words of a registry, which has seen them: also in the
// form that a header has, and where the end of the words was cut off.
func (a Access) redact(err error) error {
	if a.Password == "" || err == nil {
		return err
	}
	secrets := []string{base64.StdEncoding.EncodeToString([]byte(a.Username + ":" + a.Password)), a.Password}
	var answer *StatusError
	if errors.As(err, &answer) {
		answer.Reason = redact.Secrets(answer.Reason, secrets...)
	}
	return redact.Error(err, secrets...)
}
