package egress

import (
	"net/netip"
	"testing"
)

// Which addresses each reach connects to, by the range that they are in.
func TestSSRFAddresses(t *testing.T) {
	for _, tc := range []struct {
		name, addr      string
		public, private bool
	}{
		{"public", "8.8.8.8", true, true},
		{"public IPv6", "2606:4700::1111", true, true},
		{"public inside of IPv6", "::ffff:8.8.8.8", true, true},
		{"public through a translator", "64:ff9b::808:808", true, true},
		{"loopback", "127.0.0.1", false, true},
		{"loopback, the rest of it", "127.255.255.254", false, true},
		{"loopback IPv6", "::1", false, true},
		{"loopback inside of IPv6", "::ffff:127.0.0.1", false, true},
		{"loopback with a zone", "::1%lo", false, true},
		{"private 10", "10.0.0.1", false, true},
		{"private 172", "172.31.255.255", false, true},
		{"beside private 172", "172.32.0.1", true, true},
		{"private 192", "192.168.0.1", false, true},
		{"unique local", "fd12:3456::1", false, true},
		{"shared", "100.64.0.1", false, true},
		{"link-local", "169.254.1.1", false, false},
		{"link-local IPv6", "fe80::1", false, false},
		{"link-local with a zone", "fe80::1%eth0", false, false},
		{"metadata of AWS, GCP, Azure", "169.254.169.254", false, false},
		{"metadata of ECS", "169.254.170.2", false, false},
		{"metadata inside of IPv6", "::ffff:169.254.169.254", false, false},
		{"metadata of AWS over IPv6", "fd00:ec2::254", false, false},
		{"metadata of EKS over IPv6", "fd00:ec2::23", false, false},
		{"metadata of GCP over IPv6", "fd20:ce::254", false, false},
		{"metadata of Azure", "168.63.129.16", false, false},
		{"metadata of Alibaba", "100.100.100.200", false, false},
		{"metadata of Oracle", "192.0.0.192", false, false},
		{"metadata through a translator", "64:ff9b::a9fe:a9fe", false, false},
		{"loopback through a translator", "64:ff9b::7f00:1", false, false},
		{"private through a translator", "64:ff9b::a00:1", false, false},
		{"a translator's own prefix", "64:ff9b:1::a00:1", false, false},
		{"6to4 of loopback", "2002:7f00:1::", false, false},
		{"Teredo", "2001:0:7f00:1::", false, false},
		{"IPv4-compatible loopback", "::127.0.0.1", false, false},
		{"IPv4-translated loopback", "::ffff:0:127.0.0.1", false, false},
		{"unspecified", "0.0.0.0", false, false},
		{"unspecified IPv6", "::", false, false},
		{"this network", "0.1.2.3", false, false},
		{"multicast", "224.0.0.1", false, false},
		{"multicast IPv6", "ff02::1", false, false},
		{"broadcast", "255.255.255.255", false, false},
		{"reserved", "240.0.0.1", false, false},
		{"benchmarks", "198.18.0.1", false, false},
		{"documentation", "203.0.113.1", false, false},
		{"documentation IPv6", "2001:db8::1", false, false},
		{"documentation IPv6, the new one", "3fff::1", false, false},
		{"site-local", "fec0::1", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			addr := netip.MustParseAddr(tc.addr)
			for reach, want := range map[Reach]bool{Refused: false, Public: tc.public, Private: tc.private} {
				if got, why := reach.permits(addr); got != want || !got && why == "" {
					t.Errorf("reach %d connects to %s: %v (%s)", reach, tc.addr, got, why)
				}
			}
		})
	}
	if ok, _ := Private.permits(netip.Addr{}); ok {
		t.Error("no address at all is reached")
	}
}
