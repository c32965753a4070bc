package dial

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Addresses of this machine that stand for others. Linux has all of 127.0.0.0/8.
const (
	public  = "127.0.0.2"
	private = "127.0.0.3"
	special = "127.0.0.4"
)

// names is a DNS that answers each question about a name with the next of its addresses, and then
// with the last.
type names struct {
	mu sync.Mutex
	of map[string][]string
}

// network has this DNS, and takes those addresses for what they stand for.
func (n *names) network() *Network {
	return &Network{
		resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go n.serve(server)
			return client, nil
		}},
		scopeOf: func(address netip.Addr) Scope {
			scope, ok := map[string]Scope{public: Public, private: Private, special: Special}[address.String()]
			if !ok {
				return ScopeOf(address)
			}
			return scope
		},
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
	}
}

// serve answers one question. https://www.rfc-editor.org/rfc/rfc1035#section-4
func (n *names) serve(conn net.Conn) {
	defer conn.Close()
	head := make([]byte, 2)
	if _, err := io.ReadFull(conn, head); err != nil {
		return
	}
	question := make([]byte, binary.BigEndian.Uint16(head))
	if _, err := io.ReadFull(conn, question); err != nil {
		return
	}
	var labels []string
	at := 12
	for length := int(question[at]); length > 0; length = int(question[at]) {
		labels = append(labels, string(question[at+1:at+1+length]))
		at += 1 + length
	}
	wantsA := binary.BigEndian.Uint16(question[at+1:]) == 1
	answer := append([]byte{question[0], question[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question[12:at+5]...)
	if ip := n.next(strings.Join(labels, "."), wantsA); ip != nil {
		answer[7] = 1
		answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		answer = append(answer, ip.To4()...)
	}
	conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
}

func (n *names) next(name string, wantsA bool) net.IP {
	n.mu.Lock()
	defer n.mu.Unlock()
	known := n.of[name]
	if !wantsA || len(known) == 0 {
		return nil
	}
	if len(known) > 1 {
		n.of[name] = known[1:]
	}
	return net.ParseIP(known[0])
}

// server counts who connects to it, at an address.
type server struct {
	port      string
	connected atomic.Int32
}

func serve(t *testing.T, address string) *server {
	t.Helper()
	s := new(server)
	listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	require.NoError(t, err)
	_, s.port, err = net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	test := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host) }))
	test.Listener.Close()
	test.Listener = listener
	test.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connected.Add(1)
		}
	}
	test.Start()
	t.Cleanup(test.Close)
	return s
}

// get asks for a page, and closes the connection.
func get(transport http.RoundTripper, host, port string) error {
	request, err := http.NewRequest(http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/", nil)
	if err != nil {
		return err
	}
	request.Close = true
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

func TestAServerRefersToNothingNearerThanItself(t *testing.T) {
	at := map[string]*server{}
	dns := map[string][]string{"registry.example": {public}, "inner.example": {private}}
	for name, address := range map[string]string{
		"public.example": public, "private.example": private, "special.example": special, "loopback.example": "127.0.0.1",
	} {
		at[name] = serve(t, address)
		dns[name] = []string{address}
	}
	for home, tests := range map[string]map[string]bool{
		"registry.example":  {"public.example": true, "private.example": false, "special.example": false, "loopback.example": false},
		"inner.example":     {"public.example": true, "private.example": true, "special.example": false, "loopback.example": false},
		"localhost.example": {"public.example": true, "private.example": false}, // It has not answered yet, and its name looks public.
		"localhost":         {"public.example": true, "private.example": true, "special.example": false, "loopback.example": true},
	} {
		for name, allowed := range tests {
			t.Run(home+" to "+name, func(t *testing.T) {
				transport := (&names{of: dns}).network().Transport(home)
				if len(dns[home]) == 1 { // The server answers first.
					own := map[string]string{"registry.example": "public.example", "inner.example": "private.example"}[home]
					require.NoError(t, get(transport, home, at[own].port))
				}
				before := at[name].connected.Load()
				err := get(transport, name, at[name].port)
				if allowed {
					require.NoError(t, err)
					return
				}
				var refused *ReferralError
				require.ErrorAs(t, err, &refused)
				assert.Contains(t, err.Error(), home)
				assert.Contains(t, err.Error(), name)
				assert.Equal(t, before, at[name].connected.Load(), "no connection is made")
			})
		}
	}
}

// TestANameThatLeadsElsewhereTheNextTime: who checks a name before it is resolved again checks
// nothing.
func TestANameThatLeadsElsewhereTheNextTime(t *testing.T) {
	out, in := serve(t, public), serve(t, private)
	dns := &names{of: map[string][]string{"registry.example": {public}, "cdn.example": {public, private}}}
	transport := dns.network().Transport("registry.example")
	require.NoError(t, get(transport, "cdn.example", out.port))
	var refused *ReferralError
	require.ErrorAs(t, get(transport, "cdn.example", in.port), &refused)
	assert.Zero(t, in.connected.Load())
}

// TestTheServersOwnNameMakesNobodyElseNear: at first it leads to a private address, where somebody
// else answers.
func TestTheServersOwnNameMakesNobodyElseNear(t *testing.T) {
	in := serve(t, private)
	dns := &names{of: map[string][]string{"registry.example": {private}, "inner.example": {private}}}
	transport := dns.network().Transport("registry.example:" + in.port)
	request, err := http.NewRequest(http.MethodGet, "https://registry.example:"+in.port, nil)
	require.NoError(t, err)
	_, err = transport.RoundTrip(request)
	require.Error(t, err, "it is not the registry, and cannot prove to be")
	var refused *ReferralError
	require.ErrorAs(t, get(transport, "inner.example", in.port), &refused)
}

func TestAddressesAreCheckedByTheirTextToo(t *testing.T) {
	transport := new(Network).Transport("registry.example")
	around := Around("registry.example", http.DefaultTransport)
	for _, host := range []string{
		"10.0.0.1", "[::1]", "[::ffff:169.254.169.254]", "localhost", "169.254.169.254", "metadata", "metadata.google.internal", "0x7f.1",
		"2130706433", "0.0.0.0", "[fe80::1%25eth0]",
	} {
		for _, transport := range []http.RoundTripper{transport, around} {
			request, err := http.NewRequest(http.MethodGet, "https://"+host+"/latest/meta-data", nil)
			require.NoError(t, err)
			_, err = transport.RoundTrip(request)
			var refused *ReferralError
			require.ErrorAs(t, err, &refused, host)
		}
	}
}

// TestAProxyMayBeAnywhere: the user chose it. Names it resolves itself.
func TestAProxyMayBeAnywhere(t *testing.T) {
	proxy := serve(t, private)
	network := (&names{}).network()
	network.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse("http://" + private + ":" + proxy.port) }
	transport := network.Transport("registry.example")
	require.NoError(t, get(transport, "registry.example", "80"))
	require.NoError(t, get(transport, "storage.example", "80"))
	assert.EqualValues(t, 2, proxy.connected.Load())
	var refused *ReferralError
	require.ErrorAs(t, get(transport, "10.0.0.1", "80"), &refused)
}

// TestTheGatewayIsForLoopbackServersOnly: behind it is what listens where the engine runs.
func TestTheGatewayIsForLoopbackServersOnly(t *testing.T) {
	engine := serve(t, private)
	network := (&names{of: map[string][]string{"registry.example": {public}, "loopback.example": {"127.0.0.1"}}}).network()
	network.Gateway = func() string { return private }
	for _, own := range []string{"localhost", "127.0.0.1", "::1"} {
		require.NoError(t, get(network.Transport(net.JoinHostPort(own, engine.port)), own, engine.port), own)
	}
	require.NoError(t, get(network.Transport("localhost"), "127.0.0.1", engine.port), "a loopback registry's token server")
	before := engine.connected.Load()
	for _, server := range []string{"registry.example", "10.0.0.1:5000"} {
		for _, host := range []string{"localhost", "127.0.0.1", "::1", "0.0.0.0", "x.localhost", "loopback.example"} {
			var refused *ReferralError
			require.ErrorAs(t, get(network.Transport(server), host, engine.port), &refused, "%s to %s", server, host)
		}
	}
	assert.Equal(t, before, engine.connected.Load())

	own := serve(t, "127.0.0.1")
	network = (&names{of: map[string][]string{"registry.example": {"127.0.0.1"}}}).network()
	network.Gateway = func() string { return private }
	transport := network.Transport("registry.example")
	require.NoError(t, get(transport, "registry.example", own.port))
	require.NoError(t, get(transport, "localhost", own.port), "it is on this machine, as its name leads there")
	assert.Equal(t, before, engine.connected.Load())
}

func TestANetworkHasOneTransportForAServer(t *testing.T) {
	network := new(Network)
	assert.Same(t, network.Transport("ghcr.io"), network.Transport("ghcr.io"))
	assert.NotSame(t, network.Transport("ghcr.io"), network.Transport("quay.io"), "a connection of one is none of the other's")
	var none *Network
	assert.Same(t, Default.Transport("ghcr.io"), none.Transport("ghcr.io"), "no network is that of this machine")
}
