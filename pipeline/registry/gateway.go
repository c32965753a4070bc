package registry

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/http"
	"os"
	"strings"
)

// EngineTransport reaches registries from a function's container. There, localhost is the container itself; the engine, which means
// *its* localhost when it reads such a reference, is at the default gateway.
func EngineTransport() http.RoundTripper {
	next := http.DefaultTransport.(*http.Transport).Clone()
	next.MaxIdleConnsPerHost = next.MaxIdleConns // It is one host that many workers ask. By default two of them would keep their connections.
	dialer := &net.Dialer{}
	next.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err == nil && isLoopback(host) {
			if gateway := gateway("/proc/net/route"); gateway != "" {
				address = net.JoinHostPort(gateway, port)
			}
		}
		return dialer.DialContext(ctx, network, address)
	}
	return next
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// gateway of the default route, from a file as Linux has it in /proc/net/route; empty if there is none.
func gateway(routes string) string {
	file, err := os.Open(routes)
	if err != nil {
		return ""
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text()) // Iface Destination Gateway …, addresses in the byte order of the machine
		if len(fields) < 3 || fields[1] != "00000000" {
			continue
		}
		bytes, err := hex.DecodeString(fields[2])
		if err != nil || len(bytes) != net.IPv4len {
			continue
		}
		ip := make(net.IP, net.IPv4len)
		binary.NativeEndian.PutUint32(ip, binary.BigEndian.Uint32(bytes))
		return ip.String()
	}
	return ""
}
