package registry

import (
	"context"
	"net/http"
	"regexp"
	"slices"

	"dagger/eval-images/pipeline/memo"
)

// scopedTransport shows a registry that wants tokens one for the repositories that a request is about. The
// client's own repositories have one in common. Every other repository, such as an official
// image's, has one beside those: a single token for all would grow with the run, and no token
// server takes the question for hundreds of repositories, which stand in its URL.
type scopedTransport struct {
	host string
	own  []repository
	// common is for the own repositories, and for all where the registry wants no tokens. It says
	// so when it is first asked.
	common    http.RoundTripper
	wire      countingTransport
	introduce func(ctx context.Context, others ...repository) (http.RoundTripper, error)
	others    memo.Group[http.RoundTripper]
}

// RoundTrip sends the request with the token for it.
func (l *scopedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.WithContext(withOnce(request.Context()))
	other, ok := l.other(request)
	if !ok || !l.wire.tokens() {
		return l.common.RoundTrip(request)
	}
	ctx := request.Context()
	through, _, err := l.others.Do(ctx, string(other), func() (http.RoundTripper, error) { return l.introduce(ctx, other) })
	if err != nil {
		return nil, err
	}
	return through.RoundTrip(request)
}

// inRepository is the path of what a repository has.
var inRepository = regexp.MustCompile(`^/v2/(.+)/(?:manifests|blobs)/`)

// other is the repository that a request is about and that is none of the client's own: the one
// that it is to, or that of the layer which it mounts.
func (l *scopedTransport) other(request *http.Request) (repository, bool) {
	path := inRepository.FindStringSubmatch(request.URL.Path)
	if path == nil || request.URL.Host != l.host {
		return "", false
	}
	for _, about := range []string{path[1], request.URL.Query().Get("from")} {
		if about != "" && !slices.Contains(l.own, repository(about)) {
			return repository(about), true
		}
	}
	return "", false
}
