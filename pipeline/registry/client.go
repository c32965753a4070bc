package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	lru "github.com/hashicorp/golang-lru/v2"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/memo"
)

// DefaultAnswerTime bounds one request. What is asked and sent are manifests and configs:
// kilobytes.
const DefaultAnswerTime = time.Minute

// Client finds images and composes new ones in one registry. A layer that an image needs is mounted
// from the repository that has it, and only moved where the registry does not do that. It may be
// used by many goroutines at a time.
type Client struct {
	host       name.Registry
	access     Access
	wire       countingTransport
	http       *http.Client
	answerTime time.Duration
	requests   *atomic.Int64
	// blobs are known to be in a repository, because this client put them there.
	blobs  memo.Group[*putting]
	mounts mounts
	// manifests and images were read lately, by their references with a digest: those stay what
	// they are. An image is mostly found, and then read, and then an official image is what another
	// one is put on: each of these saves requests.
	manifests *lru.Cache[string, *imageManifest]
	images    *lru.Cache[string, *Image]
}

// remembered is how many manifests and images a client keeps of those that it read last: more than
// there are workers.
const remembered = 64

// ErrSeveral says that repositories are in different registries. A layer cannot be mounted from one
// to the other.
var ErrSeveral = errors.New("the repositories are in different registries")

// Connect introduces itself to the registry that has all these repositories, with leave to read and
// write in them, or only to read as [Access.ReadOnly] says.
func (a Access) Connect(ctx context.Context, repositories ...string) (*Client, error) {
	client := newClient(a.answerTime())
	client.access = a
	var own []repository
	for i, text := range repositories {
		named, err := parseRepository(text)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			client.host = named.Registry
		}
		if client.host != named.Registry {
			return nil, fmt.Errorf("%w: %s and %s", ErrSeveral, client.host.Name(), named.Registry.Name())
		}
		own = append(own, repository(named.RepositoryStr()))
	}
	var authenticated http.RoundTripper
	err := withTimeout(ctx, client.answerTime, func(ctx context.Context) (err error) {
		authenticated, err = a.introduce(ctx, client, own)
		return err
	})
	if err != nil {
		return nil, classify.AtHost(client.host.RegistryStr(), fmt.Errorf("introducing itself to %s: %w", client.host.Name(), a.redact(err)))
	}
	client.http = &http.Client{Transport: authenticated}
	return client, nil
}

// introduce is a transport for a client whose own repositories are these.
func (a Access) introduce(ctx context.Context, client *Client, own []repository) (http.RoundTripper, error) {
	auth, err := a.Resolve(client.host)
	if err != nil {
		return nil, err
	}
	client.wire = newWire(a.transport(client.host.RegistryStr()), client.requests, a.route(client.host.RegistryStr()))
	action := transport.PushScope
	if a.ReadOnly {
		action = transport.PullScope
	}
	introduce := func(ctx context.Context, others ...repository) (http.RoundTripper, error) {
		var scopes []string
		for _, other := range others {
			scopes = append(scopes, client.host.Repo(string(other)).Scope(transport.PullScope))
		}
		for _, one := range own {
			scopes = append(scopes, client.host.Repo(string(one)).Scope(action))
		}
		return transport.NewWithContext(ctx, client.host, auth, client.wire, scopes)
	}
	common, err := introduce(ctx)
	return &scopedTransport{host: client.host.RegistryStr(), own: own, common: common, wire: client.wire, introduce: introduce}, err
}

func newClient(answerTime time.Duration) *Client {
	client := &Client{answerTime: answerTime, blobs: memo.Group[*putting]{OneByOne: true}, requests: new(atomic.Int64)}
	var errs [2]error // Only a size below one is an error.
	client.manifests, errs[0] = lru.New[string, *imageManifest](remembered)
	client.images, errs[1] = lru.New[string, *Image](remembered)
	if err := errors.Join(errs[:]...); err != nil {
		panic(err)
	}
	return client
}

// Challenged says whether the registry asked for credentials.
func (c *Client) Challenged() bool { return c.wire.challenged.Load() }

// Requests is how many requests the client has sent so far, to the registry and for tokens.
func (c *Client) Requests() int { return int(c.requests.Load()) }
