package registry

import (
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
)

// Proxy makes the registry reachable at 127.0.0.1, where Docker speaks plain HTTP, and counts the
// bytes that pass.
type Proxy struct {
	Address  string // host:port
	server   *http.Server
	down, up atomic.Int64
}

// StartProxy starts a proxy of the registry. [Proxy.Stop] ends it.
func (c *Client) StartProxy() (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{Address: listener.Addr().String()}
	// The request keeps its Host, so that the registry sends uploads on to this address.
	reverse := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: c.Address()})
	reverse.ModifyResponse = func(answer *http.Response) error {
		answer.Body = &counter{answer.Body, &p.down}
		return nil
	}
	p.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = &counter{r.Body, &p.up}
		reverse.ServeHTTP(w, r)
	})}
	go func() { _ = p.server.Serve(listener) }() // It ends with Stop.
	return p, nil
}

// Stop ends the proxy.
func (p *Proxy) Stop() { _ = p.server.Close() }

// Traffic returns the bytes that passed from and to the registry since the start.
func (p *Proxy) Traffic() (down, up int64) { return p.down.Load(), p.up.Load() }

// counter is a body whose bytes are counted.
type counter struct {
	io.ReadCloser
	bytes *atomic.Int64
}

// Read counts what it reads.
func (c *counter) Read(into []byte) (int, error) {
	n, err := c.ReadCloser.Read(into)
	c.bytes.Add(int64(n))
	return n, err
}
