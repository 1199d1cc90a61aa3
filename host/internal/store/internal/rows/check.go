package rows

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// Text refuses what a text column cannot hold on every backend: NUL, and bytes
// that are not UTF-8. Pairs are the field's name and its value.
func Text(pairs ...string) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		if s := pairs[i+1]; !IsText(s) {
			return fault.New(fault.Invalid, "%s %q is not UTF-8 text without NUL", pairs[i], s)
		}
	}
	return nil
}

// IsText reports whether every backend can hold s as text: UTF-8 without NUL.
func IsText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// Readable returns s as text that every backend can hold. It is for messages,
// where losing a byte is better than losing the message.
func Readable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// CheckBatch refuses a batch that a backend could not write, before anything
// is sent.
func CheckBatch(b store.Batch) error {
	if b.Record != nil && !Moves(b) {
		return fault.New(fault.Invalid, "a batch that changes no entity has no history")
	}
	seen := make(map[string]struct{}, len(b.Upsert))
	for i := range b.Upsert {
		e := &b.Upsert[i]
		if e.Ref == "" || e.UID == "" || len(e.Body) == 0 {
			return fault.New(fault.Invalid, "entity %q with uid %q and a body of %d bytes: none may be empty", e.Ref, e.UID, len(e.Body))
		}
		if err := Text("ref", e.Ref, "uid", e.UID, "kind", e.Kind, "namespace", e.Namespace, "name", e.Name, "etag", e.ETag,
			"provider", e.Provider, "location", e.Location, "origin", e.Origin, "digest", e.Digest); err != nil {
			return err
		}
		for _, key := range e.RefreshKeys {
			if err := Text("refresh key", key); err != nil {
				return err
			}
		}
		if _, twice := seen[e.Ref]; twice {
			return fault.New(fault.Invalid, "entity %q is twice in one batch", e.Ref)
		}
		seen[e.Ref] = struct{}{}
	}
	for _, ref := range b.Delete {
		if err := Text("ref", ref); err != nil {
			return err
		}
	}
	for key, relations := range b.Relations {
		if err := Text("declaring ref", key); err != nil {
			return err
		}
		for _, r := range relations {
			if r.DeclaredBy != "" && r.DeclaredBy != key {
				return fault.New(fault.Invalid, "relation declared by %q is listed under %q", r.DeclaredBy, key)
			}
			if err := Text("relation source", r.Source, "relation type", r.Type, "relation target", r.Target); err != nil {
				return err
			}
		}
	}
	for key, targets := range b.References {
		if err := Text("reference source", key); err != nil {
			return err
		}
		for _, target := range targets {
			if err := Text("reference target", target); err != nil {
				return err
			}
		}
	}
	for _, s := range b.Sources {
		if err := Text("location", s.Location, "etag", s.ETag, "digest", s.Digest); err != nil {
			return err
		}
	}
	for _, location := range b.DropSources {
		if err := Text("location", location); err != nil {
			return err
		}
	}
	return nil
}

// Moves reports whether the batch changes what readers of the catalog see, and
// so takes a revision.
func Moves(b store.Batch) bool {
	return len(b.Upsert) > 0 || len(b.Delete) > 0 || len(b.Relations) > 0
}

// LastSources returns the sources with the last row of each location, for a
// statement that may name a row only once.
func LastSources(sources []store.SourceRow) []store.SourceRow {
	last := make(map[string]int, len(sources))
	for i := range sources {
		last[sources[i].Location] = i
	}
	out := make([]store.SourceRow, 0, len(last))
	for i := range sources {
		if last[sources[i].Location] == i {
			out = append(out, sources[i])
		}
	}
	return out
}

// Deleted returns the sorted refs of the batch that go, each once.
func Deleted(b store.Batch) []string {
	gone := slices.Clone(b.Delete)
	slices.Sort(gone)
	return slices.Compact(gone)
}

// After returns the smallest byte string above every string with the prefix,
// nil if there is none.
func After(prefix string) []byte {
	end := []byte(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}
