package entity

import (
	"errors"
	"fmt"
	"strings"
)

// The longest values that the format rules accept, in characters.
const (
	MaxName      = 63
	MaxSubdomain = 253
)

// CheckAPIVersion checks "[prefix/]suffix": prefix a DNS subdomain, suffix of
// letters and digits.
func CheckAPIVersion(s string) error {
	return prefixed(s, func(suffix string) error {
		return part(suffix, alphanumeric, alphanumeric, alphanumeric, "letters and digits")
	})
}

// CheckKind checks a kind: a letter, then letters and digits.
func CheckKind(s string) error {
	return part(s, letter, alphanumeric, alphanumeric, "a letter, then letters and digits")
}

// CheckName checks metadata.name.
func CheckName(s string) error {
	return part(s, alphanumeric, nameByte, alphanumeric, "letters, digits and any of -_. between them")
}

// CheckNamespace checks metadata.namespace: a DNS label.
func CheckNamespace(s string) error { return label(s) }

// CheckLabelKey checks the key of a label: "[dns-subdomain/]name".
func CheckLabelKey(s string) error { return prefixed(s, CheckName) }

// CheckLabelValue checks the value of a label: empty, or as a name.
func CheckLabelValue(s string) error {
	if s == "" {
		return nil
	}
	return CheckName(s)
}

// CheckAnnotationKey checks the key of an annotation: "[dns-subdomain/]name".
// The value of an annotation is any string.
func CheckAnnotationKey(s string) error { return prefixed(s, CheckName) }

// CheckTag checks one tag: lower-case letters, digits and any of :+# in
// groups that single hyphens separate.
func CheckTag(s string) error {
	const want = "lower-case letters, digits and any of :+#, separated by single hyphens"
	if err := part(s, tagByte, tagOrHyphen, tagByte, want); err != nil {
		return err
	}
	if i := strings.Index(s, "--"); i >= 0 {
		return fmt.Errorf("%q has two hyphens in a row at character %d; use %s", clip(s), i+1, want)
	}
	return nil
}

// CheckLinkText checks the title or the icon of a link: more than white space.
func CheckLinkText(s string) error {
	if strings.TrimSpace(strings.Trim(s, "\ufeff")) == "" {
		return errors.New("is empty")
	}
	return nil
}

// prefixed checks "[dns-subdomain/]name".
func prefixed(s string, name func(string) error) error {
	prefix, rest, found := strings.Cut(s, "/")
	if !found {
		return name(s)
	}
	if strings.Contains(rest, "/") {
		return fmt.Errorf("%q has more than one slash; use [prefix/]name", clip(s))
	}
	if err := subdomain(prefix); err != nil {
		return fmt.Errorf("in the part before the slash, %w", err)
	}
	if err := name(rest); err != nil {
		return fmt.Errorf("in the part after the slash, %w", err)
	}
	return nil
}

func subdomain(s string) error {
	if s == "" {
		return errors.New("the DNS name is empty")
	}
	if len(s) > MaxSubdomain {
		return fmt.Errorf("the DNS name is %d characters long; at most %d", len(s), MaxSubdomain)
	}
	for _, l := range strings.Split(s, ".") {
		if err := label(l); err != nil {
			return err
		}
	}
	return nil
}

func label(s string) error {
	return part(s, lowerOrDigit, lowerDigitHyphen, lowerOrDigit, "lower-case letters and digits, with hyphens between them")
}

// part checks 1 to MaxName bytes: the first, those between, and the last.
func part(s string, first, middle, last func(byte) bool, want string) error {
	if s == "" {
		return fmt.Errorf("is empty; use %s", want)
	}
	for i := 0; i < len(s); i++ {
		ok := middle
		switch i {
		case 0:
			ok = first
		case len(s) - 1:
			ok = last
		}
		if !ok(s[i]) {
			return fmt.Errorf("%q is not allowed at character %d of %q; use %s, at most %d characters", char(s, i), i+1, clip(s), want, MaxName)
		}
	}
	if len(s) > MaxName {
		return fmt.Errorf("%q is %d characters long; at most %d", clip(s), len(s), MaxName)
	}
	return nil
}

func char(s string, i int) string {
	for _, r := range s[i:] {
		return string(r)
	}
	return ""
}

// clip keeps messages readable when the value is not.
func clip(s string) string {
	if len(s) <= 80 {
		return s
	}
	return strings.ToValidUTF8(s[:77], "") + "..."
}

func lower(c byte) bool            { return 'a' <= c && c <= 'z' }
func digit(c byte) bool            { return '0' <= c && c <= '9' }
func letter(c byte) bool           { return lower(c) || 'A' <= c && c <= 'Z' }
func alphanumeric(c byte) bool     { return letter(c) || digit(c) }
func nameByte(c byte) bool         { return alphanumeric(c) || c == '-' || c == '_' || c == '.' }
func lowerOrDigit(c byte) bool     { return lower(c) || digit(c) }
func lowerDigitHyphen(c byte) bool { return lowerOrDigit(c) || c == '-' }
func tagByte(c byte) bool          { return lowerOrDigit(c) || c == ':' || c == '+' || c == '#' }
func tagOrHyphen(c byte) bool      { return tagByte(c) || c == '-' }
