package dial

import (
	"net/netip"
	"strings"
)

// Scope tells who reaches an address.
type Scope int

const (
	// Public addresses are reached by everybody.
	Public Scope = iota
	// Private addresses are reached within an organization's network.
	Private
	// Loopback addresses are this machine's own.
	Loopback
	// Special addresses serve nobody by referral: link-local ones, the metadata services of clouds,
	// multicast, and what is reserved.
	Special
)

// String describes an address of this scope.
func (s Scope) String() string {
	return [...]string{"a public address", "a private address", "a loopback address", "a link-local or reserved address"}[s]
}

// MayReferTo reports whether a server in this scope may refer its clients to a server in the other
// one: to one that is no nearer than itself. Nobody may refer to a special address.
func (s Scope) MayReferTo(other Scope) bool {
	return other == Public || s != Special && other != Special && other <= s
}

// scopes are the prefixes that are not public. The first match counts.
// https://www.iana.org/assignments/iana-ipv4-special-registry
// https://www.iana.org/assignments/iana-ipv6-special-registry
var scopes = []struct {
	prefix netip.Prefix
	scope  Scope
}{
	{netip.MustParsePrefix("169.254.0.0/16"), Special},     // Link-local; 169.254.169.254 is the metadata service of most clouds.
	{netip.MustParsePrefix("100.100.100.200/32"), Special}, // Metadata at Alibaba Cloud.
	{netip.MustParsePrefix("168.63.129.16/32"), Special},   // The host of a machine at Azure.
	{netip.MustParsePrefix("192.0.0.0/24"), Special},       // Protocol assignments; metadata at Oracle Cloud.
	{netip.MustParsePrefix("fd00:ec2::/32"), Special},      // Metadata at AWS.
	{netip.MustParsePrefix("fd20:ce::/32"), Special},       // Metadata at Google Cloud.
	{netip.MustParsePrefix("fe80::/10"), Special},          // Link-local.
	{netip.MustParsePrefix("224.0.0.0/4"), Special},        // Multicast.
	{netip.MustParsePrefix("ff00::/8"), Special},           // Multicast.
	{netip.MustParsePrefix("240.0.0.0/4"), Special},        // Reserved, and broadcast.
	{netip.MustParsePrefix("2001::/32"), Special},          // Teredo, which hides an IPv4 address.
	{netip.MustParsePrefix("127.0.0.0/8"), Loopback},
	{netip.MustParsePrefix("0.0.0.0/8"), Loopback}, // Linux connects to itself.
	{netip.MustParsePrefix("::1/128"), Loopback},
	{netip.MustParsePrefix("::/128"), Loopback},
	{netip.MustParsePrefix("10.0.0.0/8"), Private},
	{netip.MustParsePrefix("172.16.0.0/12"), Private},
	{netip.MustParsePrefix("192.168.0.0/16"), Private},
	{netip.MustParsePrefix("100.64.0.0/10"), Private}, // Carriers' and overlay networks, such as Tailscale.
	{netip.MustParsePrefix("198.18.0.0/15"), Private}, // Benchmarks; fake addresses of VPN clients.
	{netip.MustParsePrefix("fc00::/7"), Private},
	{netip.MustParsePrefix("fec0::/10"), Private},       // Site-local, deprecated.
	{netip.MustParsePrefix("64:ff9b:1::/48"), Private},  // A network's own NAT64.
	{netip.MustParsePrefix("2001:10::/28"), Special},    // ORCHID, deprecated.
	{netip.MustParsePrefix("100::/64"), Special},        // Discarded.
	{netip.MustParsePrefix("2001:db8::/32"), Special},   // Documentation.
	{netip.MustParsePrefix("192.0.2.0/24"), Special},    // Documentation.
	{netip.MustParsePrefix("198.51.100.0/24"), Special}, // Documentation.
	{netip.MustParsePrefix("203.0.113.0/24"), Special},  // Documentation.
}

// embeddings are prefixes of IPv6 addresses that lead to an IPv4 address, and where in its bytes
// that stands.
var embeddings = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12}, // NAT64, RFC 6052.
	{netip.MustParsePrefix("2002::/16"), 2},     // 6to4, RFC 3056.
	{netip.MustParsePrefix("::/96"), 12},        // IPv4-compatible, deprecated.
}

// ScopeOf returns the scope of an address. An IPv6 address that leads to an IPv4 address has the
// scope of that.
func ScopeOf(address netip.Addr) Scope {
	address = address.WithZone("").Unmap()
	if !address.IsValid() {
		return Special
	}
	for _, known := range scopes {
		if known.prefix.Contains(address) {
			return known.scope
		}
	}
	for _, embedding := range embeddings {
		if embedding.prefix.Contains(address) {
			bytes := address.As16()
			return ScopeOf(netip.AddrFrom4([4]byte(bytes[embedding.at:])))
		}
	}
	return Public
}

// privateNames end the names that public DNS does not have.
// https://www.iana.org/assignments/special-use-domain-names
var privateNames = []string{".local", ".internal", ".home.arpa", ".localdomain"}

// ScopeOfHost returns the scope of the host in a URL, as far as its text tells. A name that looks
// public may still lead to any address: whoever connects to it checks that with [ScopeOf].
func ScopeOfHost(host string) Scope {
	host = strings.TrimSuffix(strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")), ".")
	if address, err := netip.ParseAddr(host); err == nil {
		return ScopeOf(address)
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	switch {
	case host == "localhost" || strings.HasSuffix(host, ".localhost"):
		return Loopback
	case last == "" || isNumber(last) || strings.ContainsAny(host, ":%"):
		return Special // An address in an unusual form, such as 0177.0.0.1 or 2130706433, or none at all.
	case last == host:
		return Private // A name without a dot is known to some network only.
	}
	for _, end := range privateNames {
		if strings.HasSuffix(host, end) {
			return Private
		}
	}
	return Public
}

// isNumber reports whether some resolvers take the last part of a name for a number.
// https://url.spec.whatwg.org/#ends-in-a-number-checker
func isNumber(part string) bool {
	if strings.HasPrefix(part, "0x") {
		return true
	}
	return strings.Trim(part, "0123456789") == ""
}
