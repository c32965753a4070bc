// Package dockerhub is a stand-in for Docker Hub, for the end-to-end tests and the benchmark. It stands
// in front of any registry that has the images.
//
// It hands out tokens, counts pulls as Docker Hub does and ends them with its words, sends layers over
// a link that all connections share, and counts what it sends, apart for the engine. Layers can be cut
// or changed on their way.
package dockerhub

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
)

// Hub is the stand-in. All fields but Registry may be left out; none may change while it is in use.
type Hub struct {
	// Registry has the images. It needs no credentials.
	Registry http.Handler
	// Users are the passwords of those who have an account, by their names.
	Users map[string]string
	// Private refuses all images to who has no account.
	Private bool
	// Quota is how many pulls everybody has. Zero: as many as they like.
	Quota int
	// BytesPerSecond is how much the link lets through. Zero: all.
	BytesPerSecond int64
	// NoRanges sends whole layers only.
	NoRanges bool
	// Storage is the address, such as "http://host:1", of a server of [Hub.ServeStorage], which the hub
	// refers to for layers. Empty: it sends them itself.
	Storage string
	// Fault is what happens to a layer that is sent for the nth time, from 1 on. It may wait: the context
	// ends when who asked has gone. Nil: nothing happens.
	Fault func(ctx context.Context, digest string, nth int) Fault

	link   link
	tokens tokens
	counts counts

	mu      sync.Mutex
	indexed map[string]bool // digests of the images in an index that was read
	sent    map[string]int  // how often each layer was asked for
}

var (
	manifestPath = regexp.MustCompile(`^/v2/(.+)/manifests/([^/]+)$`)
	blobPath     = regexp.MustCompile(`^/v2/(.+)/blobs/(sha256:[0-9a-f]{64})$`)
)

// ServeHTTP answers as Docker Hub does: registry, and under /token its token server.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		h.tokens.serve(w, r, h.Users)
		return
	}
	var repository string
	manifest, blob := manifestPath.FindStringSubmatch(r.URL.Path), blobPath.FindStringSubmatch(r.URL.Path)
	switch {
	case manifest != nil:
		repository = manifest[1]
	case blob != nil:
		repository = blob[1]
	}
	if repository != "" {
		h.counts.request(r)
	}
	user, ok := h.tokens.takes(r, repository)
	switch {
	case !ok:
		challenge(w, r, repository)
	case repository != "" && h.Private && user == "":
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		refuse(w, http.StatusForbidden, "DENIED", "requested access to the resource is denied")
	case manifest != nil:
		h.manifest(w, r, user, manifest[2])
	case blob != nil && r.Method == http.MethodGet && h.Storage != "":
		http.Redirect(w, r, h.Storage+r.URL.Path+"?signature=1", http.StatusTemporaryRedirect)
	case blob != nil && r.Method == http.MethodGet:
		h.blob(w, r, blob[2])
	default:
		h.Registry.ServeHTTP(w, unsigned(r))
	}
}

// ServeStorage sends layers to who was referred here. It takes no token: that belongs to the hub.
func (h *Hub) ServeStorage(w http.ResponseWriter, r *http.Request) {
	blob := blobPath.FindStringSubmatch(r.URL.Path)
	if blob == nil || r.Method != http.MethodGet || r.URL.Query().Get("signature") != "1" || r.Header.Get("Authorization") != "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.blob(w, r, blob[2])
}

// unsigned is the request for the registry, which knows nothing of tokens.
func unsigned(r *http.Request) *http.Request {
	r = r.Clone(r.Context())
	r.Header.Del("Authorization")
	return r
}

// manifest answers a request for a manifest. Reading one is a pull, but for that of an image whose
// index was read before.
// https://docs.docker.com/docker-hub/usage/pulls/
func (h *Hub) manifest(w http.ResponseWriter, r *http.Request, user, which string) {
	if r.Method == http.MethodHead {
		h.counts.head(r)
		h.Registry.ServeHTTP(w, unsigned(r))
		return
	}
	h.mu.Lock()
	free := h.indexed[which]
	h.mu.Unlock()
	left, ok := h.counts.pull(r, user, h.Quota, free)
	if h.Quota > 0 {
		w.Header().Set("Ratelimit-Limit", fmt.Sprintf("%d;w=21600", h.Quota))
		w.Header().Set("Ratelimit-Remaining", fmt.Sprintf("%d;w=21600", left))
		w.Header().Set("Docker-Ratelimit-Source", "192.0.2.1")
	}
	if !ok {
		whose := "unauthenticated "
		if user != "" {
			whose = ""
		}
		refuse(w, http.StatusTooManyRequests, "TOOMANYREQUESTS",
			"You have reached your "+whose+"pull rate limit. https://www.docker.com/increase-rate-limit")
		return
	}
	answer := httptest.NewRecorder()
	h.Registry.ServeHTTP(answer, unsigned(r))
	h.remember(answer.Body.Bytes())
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // Who has gone needs no answer.
}

// remember notes the images of an index.
func (h *Hub) remember(manifest []byte) {
	var index struct{ Manifests []struct{ Digest string } }
	if json.Unmarshal(manifest, &index) != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.indexed == nil {
		h.indexed = map[string]bool{}
	}
	for _, image := range index.Manifests {
		h.indexed[image.Digest] = true
	}
}

// refuse answers with an error code of the distribution specification.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, fmt.Sprintf(`{"errors":[{"code":%q,"message":%q}]}`, code, message)) // Who has gone needs no answer.
}

// byEngine says whether the engine has sent a request.
func byEngine(r *http.Request) bool { return !strings.Contains(r.UserAgent(), "go-containerregistry") }

// nth is how often a layer has been asked for.
func (h *Hub) nth(digest string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sent == nil {
		h.sent = map[string]int{}
	}
	h.sent[digest]++
	return h.sent[digest]
}

// blob sends a layer, or a part of it.
func (h *Hub) blob(w http.ResponseWriter, r *http.Request, digest string) {
	b := &body{ResponseWriter: w, through: func(ctx context.Context, n int) error { return h.link.wait(ctx, h.BytesPerSecond, n) }, ctx: r.Context()}
	b.sent = func(n int) { h.counts.blob(r, digest, n) }
	if nth := h.nth(digest); h.Fault != nil {
		b.fault = h.Fault(r.Context(), digest, nth)
	}
	if !h.NoRanges {
		b.ask(r.Header.Get("Range"))
	}
	r = unsigned(r)
	r.Header.Del("Range")
	h.Registry.ServeHTTP(b, r)
}
