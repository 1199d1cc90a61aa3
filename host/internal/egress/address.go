package egress

import "net/netip"

// Reach says how far a policy lets requests to a host go.
type Reach uint8

// The reaches. Refused is the zero value: a host that nobody named is not reached.
const (
	Refused Reach = iota
	Public        // the host's addresses must be public
	Private       // private and loopback addresses too; link-local never
)

// special are ranges that are neither private nor public as netip knows them:
// shared address space, benchmarks, documentation, protocol assignments,
// reserved, and the IPv6 prefixes that carry an IPv4 address inside.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("fec0::/10"),
}

// metadata are the addresses at which clouds serve credentials outside the
// link-local range. They are never reached, whatever a policy says.
var metadata = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"),
	netip.MustParseAddr("168.63.129.16"),
	netip.MustParseAddr("100.100.100.200"),
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
	case !addr.IsValid(), addr.IsUnspecified():
		return false, "an unspecified address"
	case addr.IsMulticast():
		return false, "a multicast address"
	case addr.IsLinkLocalUnicast():
		return false, "a link-local address"
	}
	if r == Private {
		return true, ""
	}
	switch {
	case addr.IsLoopback():
		return false, "a loopback address"
	case addr.IsPrivate():
		return false, "a private address"
	}
	for _, p := range special {
		if p.Contains(addr) {
			return false, "a reserved address"
		}
	}
	return true, ""
}
