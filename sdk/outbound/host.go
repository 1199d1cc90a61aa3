package outbound

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// AnyHost is the pattern of a host that the manifest leaves to the operator:
// it matches nothing until a grant names the host.
const AnyHost = "*"

// ParseHost returns a host name or an IP address in its one spelling: names in
// lower case ASCII, addresses as netip writes them, IPv4 inside of IPv6 as IPv4.
// What resolvers and libraries read in different ways is refused: numbers that
// are no dotted address, zones, empty labels and a dot at the end, letters
// outside of ASCII.
func ParseHost(text string) (string, error) {
	if text == "" {
		return "", errors.New("there is no host")
	}
	if strings.Contains(text, ":") {
		addr, err := netip.ParseAddr(text)
		switch {
		case err != nil:
			return "", fmt.Errorf("host %.100q is no IPv6 address", text)
		case addr.Zone() != "":
			return "", fmt.Errorf("host %.100q has a zone, which means something on one machine only", text)
		}
		return addr.Unmap().String(), nil
	}
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.String(), nil
	}
	name := strings.ToLower(text)
	if len(name) > 253 {
		return "", errors.New("the host name is longer than 253 characters")
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if err := checkLabel(label, text); err != nil {
			return "", err
		}
	}
	if last := labels[len(labels)-1]; numeric(last) {
		return "", fmt.Errorf("host %.100q ends in a number and is no address of four parts; write the address as 192.0.2.1", text)
	}
	return name, nil
}

func checkLabel(label, host string) error {
	switch {
	case label == "":
		return fmt.Errorf("host %.100q has an empty part; write it without a dot at its end", host)
	case len(label) > 63:
		return fmt.Errorf("host %.100q has a part of more than 63 characters", host)
	case label[0] == '-' || label[len(label)-1] == '-':
		return fmt.Errorf("host %.100q has a part that starts or ends with -", host)
	}
	for _, r := range label {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
		case r >= 0x80:
			return fmt.Errorf("host %.100q has letters outside of ASCII; write it in its xn-- form", host)
		default:
			return fmt.Errorf("host %.100q has the character %q", host, r)
		}
	}
	return nil
}

// numeric reports whether some resolvers read a last label as a number, and
// the whole name as an IPv4 address: 127.1, 0x7f000001, 2130706433.
func numeric(label string) bool {
	if rest, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(rest, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}

// ParsePattern reads the host of a target: a host; *.example.com for every
// host below example.com, by one label or more and never example.com itself; or
// AnyHost. At least two labels follow "*.", so that no pattern is a whole
// top-level domain.
func ParsePattern(text string) (string, error) {
	if text == AnyHost {
		return text, nil
	}
	suffix, wild := strings.CutPrefix(text, "*.")
	host, err := ParseHost(suffix)
	if err != nil {
		return "", err
	}
	if !wild {
		return host, nil
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return "", fmt.Errorf("host %.100q: addresses have no hosts below them", text)
	}
	if !strings.Contains(host, ".") {
		return "", fmt.Errorf("host %.100q is too wide; at least two parts must follow the star", text)
	}
	return "*." + host, nil
}

// MatchHost reports whether a host in its one spelling is within a pattern.
func MatchHost(pattern, host string) bool {
	if suffix, wild := strings.CutPrefix(pattern, "*"); wild {
		return suffix != "" && len(host) > len(suffix) && strings.HasSuffix(host, suffix)
	}
	return pattern == host
}

// NarrowHost returns the hosts that two patterns have in common, if there are
// any: those of the narrower one.
func NarrowHost(a, b string) (string, bool) {
	switch {
	case a == AnyHost:
		return b, true
	case b == AnyHost, a == b:
		return a, true
	}
	_, wildA := strings.CutPrefix(a, "*.")
	_, wildB := strings.CutPrefix(b, "*.")
	switch {
	case wildA && MatchHost(a, strings.TrimPrefix(b, "*.")):
		return b, true
	case wildB && MatchHost(b, strings.TrimPrefix(a, "*.")):
		return a, true
	}
	return "", false
}
