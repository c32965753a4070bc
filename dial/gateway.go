package dial

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"net"
	"os"
	"strings"
)

// EngineGateway returns the host at which a function's container reaches the Dagger engine. A
// reference to localhost means the engine's own to the engine; in a function's container localhost
// is that container. See [Network.Gateway].
func EngineGateway() string { return gateway("/proc/net/route") }

// gateway of the default route, from a file as Linux has it in /proc/net/route; empty if there is
// none.
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
