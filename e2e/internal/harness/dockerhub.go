package harness

import (
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"testing"

	"dagger/eval-images/e2e/dockerhub"
)

// StandInHub serves a stand-in for Docker Hub with what the local registry has, and returns its address
// for the engine and the module.
func StandInHub(t *testing.T, hub *dockerhub.Hub) (address string) {
	t.Helper()
	hub.Registry = &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", HostRegistry },
		Transport: &http.Transport{MaxIdleConnsPerHost: 100},
		ErrorLog:  log.New(io.Discard, "", 0), // Tests cut connections.
	}
	return Relay(t, Served(t, hub))
}
