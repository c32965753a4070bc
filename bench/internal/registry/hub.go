package registry

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"dagger/eval-images/e2e/dockerhub"
)

// Hub is a stand-in for Docker Hub that has what the local registry has, over a slow link.
type Hub struct {
	*dockerhub.Hub
	// Address is the hub's for the engine.
	Address string
	server  *http.Server
	relay   string // container
}

// hubPort is the hub's port on the engine's localhost, where alone the engine speaks plain HTTP.
const hubPort = "19999"

// StartHub starts a hub whose link lets so many bytes through in a second. [Hub.Stop] ends it. Root is
// the repository's, and work a directory for its relay.
func (c *Client) StartHub(ctx context.Context, root, work string, bytesPerSecond int64) (*Hub, error) {
	connection, err := net.Dial("udp", c.Address()) // Nothing is sent.
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	host, _, err := net.SplitHostPort(connection.LocalAddr().String())
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, err
	}
	h := &Hub{Hub: &dockerhub.Hub{BytesPerSecond: bytesPerSecond}, Address: "localhost:" + hubPort, relay: "eval-images-bench-relay"}
	h.Registry = &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", c.Address() },
		Transport: &http.Transport{MaxIdleConnsPerHost: 100},
	}
	h.server = &http.Server{Handler: h.Hub}
	go func() { _ = h.server.Serve(listener) }() // It ends with Stop.
	if err := h.startRelay(ctx, root, work, listener.Addr().String()); err != nil {
		h.Stop()
		return nil, fmt.Errorf("starting the relay: %w", err)
	}
	return h, nil
}

// startRelay makes the hub a port of the engine's localhost, as the tests do.
func (h *Hub) startRelay(ctx context.Context, root, work, to string) error {
	binary := filepath.Join(work, "relay")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./e2e/internal/relay")
	build.Dir, build.Env = root, append(build.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling: %w\n%s", err, output)
	}
	_ = exec.CommandContext(ctx, "docker", "rm", "-f", h.relay).Run() // Mostly there is none.
	beside, err := exec.CommandContext(ctx, "docker", "inspect", "-f", "{{.HostConfig.NetworkMode}} {{.Image}}", "eval-images-registry").Output()
	if err != nil {
		return err
	}
	network, image, _ := strings.Cut(strings.TrimSpace(string(beside)), " ")
	run := exec.CommandContext(ctx, "docker", "run", "-d", "--name", h.relay, "--network", network,
		"-v", binary+":/relay:ro", "--entrypoint", "/relay", image, ":"+hubPort, to)
	if output, err := run.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, bytes.TrimSpace(output))
	}
	return nil
}

// Stop ends the hub.
func (h *Hub) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_ = exec.CommandContext(ctx, "docker", "rm", "-f", h.relay).Run() // It may not have started.
	_ = h.server.Close()
}
