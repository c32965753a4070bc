package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
)

// proxy makes the registry reachable at 127.0.0.1, where Docker speaks plain HTTP, and counts the bytes that pass.
type proxy struct {
	address      string
	server       *http.Server
	down, upward atomic.Int64 // bytes from and to the registry
}

func startProxy(registry string) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{address: listener.Addr().String()}
	// The Host of the request stays, so that the registry sends uploads on to this address.
	reverse := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: registry})
	reverse.ModifyResponse = func(answer *http.Response) error {
		answer.Body = &counted{answer.Body, &p.down}
		return nil
	}
	p.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = &counted{r.Body, &p.upward}
		reverse.ServeHTTP(w, r)
	})}
	go func() { _ = p.server.Serve(listener) }() // It ends with stop.
	return p, nil
}

func (p *proxy) stop() { _ = p.server.Close() }

// counted is a body whose bytes are counted.
type counted struct {
	io.ReadCloser
	bytes *atomic.Int64
}

func (c *counted) Read(into []byte) (int, error) {
	n, err := c.ReadCloser.Read(into)
	c.bytes.Add(int64(n))
	return n, err
}
