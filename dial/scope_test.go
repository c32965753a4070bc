package dial

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestScopeOfHost(t *testing.T) {
	for host, want := range map[string]Scope{
		"ghcr.io": Public, "registry-1.docker.io": Public, "8.8.8.8": Public, "2606:4700::1111": Public, "[2606:4700::1111]": Public,
		"1.1.1.1.": Public, "127.0.0.1.evil.example": Public, "localhost.evil.example": Public, "x--1": Private,

		"10.0.0.1": Private, "172.16.0.1": Private, "172.31.255.255": Private, "192.168.1.1": Private, "100.64.0.1": Private,
		"100.127.255.255": Private, "198.18.0.1": Private, "fd12::1": Private, "fec0::1": Private, "::ffff:10.0.0.1": Private,
		"64:ff9b::a00:1": Private, "64:ff9b:1::a00:1": Private, "2002:a00:1::": Private, "::10.0.0.1": Private,
		"registry": Private, "registry.local": Private, "Registry.LOCAL.": Private, "metadata.google.internal": Private,
		"nas.home.arpa": Private, "box.localdomain": Private,

		"localhost": Loopback, "LOCALHOST.": Loopback, "x.localhost": Loopback, "127.0.0.1": Loopback, "127.255.0.1": Loopback,
		"::1": Loopback, "[::1]": Loopback, "0.0.0.0": Loopback, "0.1.2.3": Loopback, "::": Loopback, "::ffff:127.0.0.1": Loopback,
		"::ffff:7f00:1": Loopback, "64:ff9b::7f00:1": Loopback, "2002:7f00:1::": Loopback, "::127.0.0.1": Loopback, "::1%lo": Loopback,

		"169.254.169.254": Special, "169.254.0.1": Special, "100.100.100.200": Special, "168.63.129.16": Special,
		"192.0.0.192": Special, "fd00:ec2::254": Special, "fd20:ce::254": Special, "fe80::1": Special, "fe80::1%eth0": Special,
		"::ffff:169.254.169.254": Special, "64:ff9b::a9fe:a9fe": Special, "2002:a9fe:a9fe::": Special,
		"224.0.0.1": Special, "ff02::1": Special, "255.255.255.255": Special, "240.0.0.1": Special, "2001::1": Special,
		"2130706433": Special, "0x7f000001": Special, "0x7f.1": Special, "0177.0.0.1": Special, "127.1": Special,
		"10.0.0.256": Special, "evil.0x7f": Special, "": Special, ".": Special, "a:b": Special, "x%y": Special,
	} {
		assert.Equal(t, want, ScopeOfHost(host), "%q", host)
	}
	assert.Equal(t, Special, ScopeOf(netip.Addr{}))
}

// TestTheEdgesOfPrefixes: what is beside a private network is public.
func TestTheEdgesOfPrefixes(t *testing.T) {
	for _, host := range []string{
		"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "100.63.255.255", "100.128.0.0",
		"126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "1.0.0.0",
		"168.63.129.15", "192.0.1.0", "fbff::1", "2002:808:808::", "64:ff9b::808:808", "::ffff:8.8.8.8",
	} {
		assert.Equal(t, Public, ScopeOfHost(host), host)
	}
}

func TestWhoRefersToWhom(t *testing.T) {
	for from, allowed := range map[Scope][]Scope{
		Public: {Public}, Private: {Public, Private}, Loopback: {Public, Private, Loopback}, Special: {Public},
	} {
		for _, to := range []Scope{Public, Private, Loopback, Special} {
			want := false
			for _, one := range allowed {
				want = want || one == to
			}
			assert.Equal(t, want, from.MayReferTo(to), "from %s to %s", from, to)
		}
	}
}

// FuzzScopeOfHost: what is an address in any form has a scope that the standard library agrees
// with, and nothing that looks like a number is public by its text.
func FuzzScopeOfHost(f *testing.F) {
	f.Fuzz(func(t *testing.T, host string) {
		scope := ScopeOfHost(host)
		require.NotEmpty(t, scope.String())
		address, err := netip.ParseAddr(host)
		if err != nil {
			return
		}
		require.Equal(t, ScopeOf(address), scope)
		require.Equal(t, scope, ScopeOf(netip.AddrFrom16(address.As16())), "mapped or not")
		require.Equal(t, scope, ScopeOf(address.WithZone("")))
		inner := address.Unmap()
		if inner.IsLoopback() || inner.IsPrivate() || inner.IsLinkLocalUnicast() || inner.IsMulticast() || inner.IsUnspecified() {
			require.NotEqual(t, Public, scope)
		}
		require.False(t, Public.MayReferTo(scope) && scope != Public)
	})
}
