package egress

import (
	"net/netip"
	"strings"
)

// Reach says how far a policy lets requests to a host go.
type Reach uint8

// The reaches. Refused is the zero value: a host that nobody named is not reached.
const (
	Refused Reach = iota
	Public        // the host's addresses must be public
	Private       // private and loopback addresses too; link-local never
)

// special are ranges that are neither private nor public as netip knows them:
// benchmarks, documentation, protocol assignments, reserved, and the IPv6
// prefixes that carry an IPv4 address inside. Nobody's service is there.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),           // IPv4-compatible
	netip.MustParsePrefix("::ffff:0:0:0/96"), // IPv4-translated
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), // Teredo among others
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), // 6to4
	netip.MustParsePrefix("3fff::/20"),
	netip.MustParsePrefix("5f00::/16"),
	netip.MustParsePrefix("fec0::/10"),
}

// shared is the address space between carriers and customers, and of some
// private networks: private for us.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// translated carries a public IPv4 address that a network without IPv4
// reaches through a translator (RFC 6052).
var translated = netip.MustParsePrefix("64:ff9b::/96")

// metadata are the addresses at which clouds serve credentials outside the
// link-local range. They are never reached, whatever a policy says.
var metadata = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"),
	netip.MustParseAddr("fd00:ec2::23"),
	netip.MustParseAddr("fd20:ce::254"),
	netip.MustParseAddr("fd00:42::42"),
	netip.MustParseAddr("168.63.129.16"),
	netip.MustParseAddr("100.100.100.200"),
	netip.MustParseAddr("192.0.0.192"),
}

// metadataNames are names of such services, for a proxy that resolves in our place.
var metadataNames = map[string]bool{
	"metadata": true, "metadata.google.internal": true, "metadata.goog": true, "instance-data": true,
	"instance-data.ec2.internal": true, "metadata.azure.internal": true, "metadata.oraclecloud.com": true,
}

// home reports whether a name means the machine that resolves it.
func home(name string) bool {
	name = strings.ToLower(name)
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || name == "localhost.localdomain" || !strings.ContainsAny(name, ".:")
}

// AddressError is the cause of a refusal to connect to where a host is, so
// that a caller can say it in its own words.
type AddressError struct {
	Addr   netip.Addr
	Why    string // "a private address"
	Always bool   // no policy reaches it; otherwise one with reach Private does
}

// Error says it with the address, for logs.
func (e *AddressError) Error() string { return e.Addr.String() + " is " + e.Why }

// refuse returns nil where reach permits an address.
func (r Reach) refuse(addr netip.Addr) *AddressError {
	ok, why := r.permits(addr)
	if ok {
		return nil
	}
	with, _ := Private.permits(addr)
	return &AddressError{Addr: addr, Why: why, Always: !with}
}

// permits reports whether reach lets a connection go to addr, and why not.
func (r Reach) permits(addr netip.Addr) (ok bool, why string) {
	addr = addr.Unmap().WithZone("")
	for _, m := range metadata {
		if addr == m {
			return false, "a cloud metadata address"
		}
	}
	switch {
	case r == Refused:
		return false, "reached by nobody"
	case !addr.IsValid(), addr.IsUnspecified():
		return false, "an unspecified address"
	case addr.IsMulticast():
		return false, "a multicast address"
	case addr.IsLinkLocalUnicast():
		return false, "a link-local address"
	case translated.Contains(addr):
		inside := addr.As16()
		return Public.permits(netip.AddrFrom4([4]byte(inside[12:])))
	case addr.IsLoopback():
		return r == Private, "a loopback address"
	case addr.IsPrivate():
		return r == Private, "a private address"
	case shared.Contains(addr):
		return r == Private, "an address of a shared network"
	}
	for _, p := range special {
		if p.Contains(addr) {
			return false, "a reserved address"
		}
	}
	return true, ""
}
