package dial

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Network has a transport for each server that the user named. The zero value is ready to use, by
// many goroutines at a time. A nil Network is [Default].
type Network struct {
	// Gateway returns the host that loopback servers are reached at, or "" for this machine itself.
	// Nil: this machine.
	Gateway func() string
	// Proxy returns the proxy for a request, as in [http.Transport]. Nil:
	// [http.ProxyFromEnvironment].
	Proxy func(*http.Request) (*url.URL, error)

	resolver *net.Resolver                  // Tests have a DNS of their own,
	scopeOf  func(address netip.Addr) Scope // and other networks.

	mu         sync.Mutex
	transports map[string]*Transport
}

// Default is the network of this machine.
var Default = new(Network)

// Transport sends requests to its server, and to others that this one refers to. See
// [Network.Transport].
type Transport struct {
	server string // without a port
	next   http.RoundTripper
	// near is one more than the scope of the address at which the server answered first; zero
	// before that. A name may lead to another address later.
	near atomic.Int32
}

// Transport returns the transport for a server, "host" or "host:port". Every request of one client
// goes through it. It refuses, with a [ReferralError], a request to another host that is nearer
// than the server itself: a public server refers to no private address, and nobody to a loopback
// address but a loopback server, or to a link-local one.
//
// It checks the addresses that it connects to, so no name that leads elsewhere gets around it. A
// proxy resolves names by itself: what goes through one is checked by its text only.
func (n *Network) Transport(server string) *Transport {
	if n == nil {
		n = Default
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if t, ok := n.transports[server]; ok {
		return t
	}
	t := &Transport{server: hostname(server)}
	if n.transports == nil {
		n.transports = map[string]*Transport{}
	}
	n.transports[server] = t
	next := http.DefaultTransport.(*http.Transport).Clone()
	next.MaxIdleConnsPerHost = next.MaxIdleConns // Many workers ask one host. By default two would keep their connections.
	if next.Proxy = n.Proxy; n.Proxy == nil {
		next.Proxy = http.ProxyFromEnvironment
	}
	next.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return n.dial(ctx, t, network, address)
	}
	t.next = &router{transport: next, to: t, scopeOf: n.scope}
	return t
}

// Around returns a transport for a server that sends its requests by another one. It checks only
// the text of hosts.
func Around(server string, next http.RoundTripper) *Transport {
	return &Transport{server: hostname(server), next: next}
}

// RoundTrip sends the request, unless the server must not refer to its host.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	host := request.URL.Hostname()
	if err := t.check(host, ScopeOfHost(host)); err != nil {
		return nil, err
	}
	return t.next.RoundTrip(request)
}

// owns reports whether a host is the server's own, at whatever port.
func (t *Transport) owns(host string) bool { return strings.EqualFold(host, t.server) }

// scope of the server.
func (t *Transport) scope() Scope {
	if named := ScopeOfHost(t.server); named == Loopback {
		return Loopback // Wherever the gateway is.
	}
	if near := t.near.Load(); near > 0 {
		return Scope(near - 1)
	}
	return ScopeOfHost(t.server)
}

// check returns an error if the server must not refer to this host, which is in that scope.
func (t *Transport) check(host string, scope Scope) error {
	if t.owns(host) || t.scope().MayReferTo(scope) {
		return nil
	}
	return &ReferralError{Server: t.server, From: t.scope(), Host: host, To: scope}
}

// ReferralError is a server that refers to a host which is nearer than itself.
type ReferralError struct {
	Server, Host string
	From, To     Scope
}

// Error names both.
func (e *ReferralError) Error() string {
	return fmt.Sprintf("%s, at %s, refers to %.100q, at %s: that is not followed", e.Server, e.From, e.Host, e.To)
}

// router sends a request, and notes how it goes for who opens the connection.
type router struct {
	transport *http.Transport
	to        *Transport
	scopeOf   func(address netip.Addr) Scope
}

// proxiedKey marks the context of a request that goes through a proxy.
type proxiedKey struct{}

// RoundTrip sends the request.
func (r *router) RoundTrip(request *http.Request) (*http.Response, error) {
	proxy, err := r.transport.Proxy(request)
	if err != nil {
		return nil, err
	}
	ctx := context.WithValue(request.Context(), proxiedKey{}, proxy != nil)
	if proxy == nil && r.to.owns(request.URL.Hostname()) {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: r.connected})
	}
	return r.transport.RoundTrip(request.WithContext(ctx))
}

// connected notes where the server is. By TLS it has proved by now who it is: a name that leads to
// somebody else's address does not make the server a near one.
func (r *router) connected(info httptrace.GotConnInfo) {
	if address, err := netip.ParseAddrPort(info.Conn.RemoteAddr().String()); err == nil {
		r.to.near.CompareAndSwap(0, int32(r.scopeOf(address.Addr()))+1)
	}
}

func (n *Network) scope(address netip.Addr) Scope {
	if n.scopeOf != nil {
		return n.scopeOf(address)
	}
	return ScopeOf(address)
}

// connectTime is how long it takes at most to connect, as with [http.DefaultTransport].
const connectTime = 30 * time.Second

// dial opens a connection for a transport. Where it leads is checked after the name was resolved,
// for each address.
func (n *Network) dial(ctx context.Context, t *Transport, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Resolver: n.resolver, Timeout: connectTime}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	switch proxied, _ := ctx.Value(proxiedKey{}).(bool); {
	case proxied:
	case ScopeOfHost(host) == Loopback && ScopeOfHost(t.server) == Loopback:
		if gateway := n.gateway(); gateway != "" {
			address = net.JoinHostPort(gateway, port)
		}
	case !t.owns(host):
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return t.check(host, n.scope(to.Addr()))
		}
	}
	return dialer.DialContext(ctx, network, address)
}

func (n *Network) gateway() string {
	if n.Gateway == nil {
		return ""
	}
	return n.Gateway()
}

// hostname is a host without its port.
func hostname(server string) string {
	return (&url.URL{Host: server}).Hostname()
}
