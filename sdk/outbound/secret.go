package outbound

import (
	"errors"
	"fmt"
)

// SecretTarget says where the host may put a secret, and whether the plugin
// may have its value.
type SecretTarget struct {
	Name   string `json:"name"`
	Host   string `json:"host,omitempty"`   // pattern, see ParsePattern; empty = sent nowhere
	Header string `json:"header,omitempty"` // field of the request; empty = sent nowhere
	Reveal bool   `json:"reveal,omitempty"`
}

// Check says what is wrong with a target as it is written.
func (s SecretTarget) Check() error {
	_, err := s.Canonical()
	return err
}

// Canonical returns the target in its one form.
func (s SecretTarget) Canonical() (SecretTarget, error) {
	if err := CheckName(s.Name); err != nil {
		return SecretTarget{}, err
	}
	switch {
	case s.Host == "" && s.Header == "" && s.Reveal:
		return s, nil
	case s.Host == "" || s.Header == "":
		return SecretTarget{}, fmt.Errorf("secret %q needs the host and the header field that it may go to, or reveal: true alone", s.Name)
	}
	var err error
	if s.Host, err = ParsePattern(s.Host); err != nil {
		return SecretTarget{}, fmt.Errorf("secret %q: %w", s.Name, err)
	}
	if s.Header, err = CheckHeader(s.Header, ""); err != nil {
		return SecretTarget{}, fmt.Errorf("secret %q: %w", s.Name, err)
	}
	return s, nil
}

// Covers reports whether the target, in its one form, lets the secret go into
// a field, by canonical name, of a request to a host.
func (s SecretTarget) Covers(host, header string) bool {
	return s.Header != "" && s.Header == header && MatchHost(s.Host, host)
}

// Narrow returns what both targets, in their one form, allow, and whether
// there is anything.
func (s SecretTarget) Narrow(o SecretTarget) (SecretTarget, bool) {
	if s.Name != o.Name {
		return SecretTarget{}, false
	}
	out := SecretTarget{Name: s.Name, Reveal: s.Reveal && o.Reveal}
	if host, ok := NarrowHost(s.Host, o.Host); ok && s.Header == o.Header && s.Header != "" {
		out.Host, out.Header = host, s.Header
	}
	return out, out.Reveal || out.Header != ""
}

// String says the target in words.
func (s SecretTarget) String() string {
	switch {
	case s.Header == "":
		return s.Name + " revealed"
	case s.Host == AnyHost:
		return s.Name + " in " + s.Header + " to a host that the grant names" + s.revealed()
	}
	return s.Name + " in " + s.Header + " to " + s.Host + s.revealed()
}

func (s SecretTarget) revealed() string {
	if s.Reveal {
		return ", and revealed"
	}
	return ""
}

// MinSecret is the length below which a text is no secret: it would be found
// by chance in any answer.
const MinSecret = 8

// CheckValue says why a value cannot be used as a secret, without the value.
func CheckValue(value string) error {
	if len(value) < MinSecret {
		return fmt.Errorf("its value has fewer than %d characters", MinSecret)
	}
	for i := range len(value) {
		if value[i] < ' ' || value[i] >= 0x7f {
			return errors.New("its value has a control character, or one outside of ASCII")
		}
	}
	return nil
}
