package blob

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/quantity"
	"github.com/callboard/callboard/host/internal/fault"
)

// DefaultQuota is the quota of a scope that names none.
const DefaultQuota = 100 << 20

// Scope is where a plugin may keep blobs, and how many bytes:
// {prefixes: ["reports/"], quota: "100MiB"}.
type Scope struct {
	Prefixes []string // sorted, none inside of another; nil = every key, empty = none
	Quota    int64
}

type scopes struct{}

// Parse implements capability.ScopeLanguage.
func (scopes) Parse(raw json.RawMessage) (capability.Scope, error) {
	var in struct {
		Prefixes []string `json:"prefixes"`
		Quota    string   `json:"quota"`
	}
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return nil, fault.New(fault.Invalid, `a blob scope is written {prefixes: ["reports/"], quota: "100MiB"}: %w`, err)
		}
	}
	s := &Scope{Quota: DefaultQuota}
	if in.Quota != "" {
		var err error
		if s.Quota, err = quantity.Bytes(in.Quota); err != nil {
			return nil, err //nolint:wrapcheck // a fault that names the key
		}
	}
	for _, prefix := range in.Prefixes {
		if prefix == "" || len(prefix) > MaxKey {
			return nil, fault.New(fault.Invalid, "prefix %q: it has 1 to %d bytes; leave prefixes out for every key", prefix, MaxKey)
		}
	}
	s.Prefixes = distinct(in.Prefixes)
	return s, nil
}

// distinct sorts prefixes and drops those inside of another.
func distinct(prefixes []string) []string {
	if len(prefixes) == 0 {
		return prefixes
	}
	sorted := slices.Clone(prefixes)
	slices.Sort(sorted)
	out := sorted[:1]
	for _, p := range sorted[1:] {
		if !strings.HasPrefix(p, out[len(out)-1]) {
			out = append(out, p)
		}
	}
	return out
}

// Narrow returns the keys that both have, and the smaller quota.
func (s *Scope) Narrow(other capability.Scope) capability.Scope {
	o, ok := other.(*Scope)
	if !ok {
		return &Scope{Prefixes: []string{}}
	}
	out := &Scope{Quota: min(s.Quota, o.Quota)}
	switch {
	case s.Prefixes == nil:
		out.Prefixes = o.Prefixes
	case o.Prefixes == nil:
		out.Prefixes = s.Prefixes
	default:
		out.Prefixes = []string{}
		for _, p := range s.Prefixes {
			if o.reaches(p) {
				out.Prefixes = append(out.Prefixes, p)
			}
		}
		for _, p := range o.Prefixes {
			if s.reaches(p) && !slices.Contains(out.Prefixes, p) {
				out.Prefixes = append(out.Prefixes, p)
			}
		}
		slices.Sort(out.Prefixes)
	}
	return out
}

// reaches reports whether every key with a prefix, and so a key itself, is in
// the scope.
func (s *Scope) reaches(prefix string) bool {
	return s.Prefixes == nil || slices.ContainsFunc(s.Prefixes, func(p string) bool { return strings.HasPrefix(prefix, p) })
}

// String says the scope in words.
func (s *Scope) String() string {
	words := fmt.Sprintf("keep up to %d bytes", s.Quota)
	switch {
	case s.Prefixes == nil:
		return words
	case len(s.Prefixes) == 0:
		return "keep nothing"
	}
	quoted := make([]string, len(s.Prefixes))
	for i, p := range s.Prefixes {
		quoted[i] = fmt.Sprintf("%q", p)
	}
	return words + " under " + strings.Join(quoted, ", ")
}
