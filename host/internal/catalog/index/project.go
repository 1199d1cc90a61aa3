package index

import (
	"bytes"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
)

// cleanFields checks the paths of a projection. Faults: Invalid.
func cleanFields(fields []string) ([]string, error) {
	var out []string
	for _, f := range fields {
		f = strings.TrimSpace(f)
		if strings.Contains(f, "[") {
			return nil, fault.New(fault.Invalid, "invalid fields, array type fields are not supported")
		}
		if f != "" {
			out = append(out, f)
		}
	}
	return out, nil
}

// project keeps of a JSON object what the dotted paths name, in the object's
// own order. A key may itself hold dots: of the keys that a path could mean
// the shortest that exists is taken.
func project(body []byte, fields []string) []byte {
	s := scanner{data: body}
	out := projectObject(make([]byte, 0, 256), &s, fields)
	if out == nil {
		return []byte("{}")
	}
	return out
}

type projectedMember struct {
	key, value []byte // raw; key without its quotes
	whole      bool
	rest       []string
}

// projectObject appends the projection of the object at s; nil = it is none.
func projectObject(dst []byte, s *scanner, fields []string) []byte {
	var room [16]projectedMember
	members := room[:0]
	ok := s.object(func(key []byte, _ bool) bool {
		s.peek()
		start := s.pos
		if !s.skip(0) {
			return false
		}
		members = append(members, projectedMember{key: key, value: s.data[start:s.pos]})
		return true
	})
	if !ok {
		return nil
	}
	for _, f := range fields {
		assign(members, f)
	}
	dst = append(dst, '{')
	first := true
	for i := range members {
		m := &members[i]
		if !m.whole && len(m.rest) == 0 {
			continue
		}
		mark := len(dst)
		if !first {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), m.key...), '"', ':')
		if m.whole {
			dst = append(dst, m.value...)
			first = false
			continue
		}
		before := len(dst)
		nested := projectObject(dst, &scanner{data: m.value}, m.rest)
		if nested == nil || len(nested) == before+len("{}") {
			dst = dst[:mark] // nothing below matched: the member is left out
			continue
		}
		dst, first = nested, false
	}
	return append(dst, '}')
}

// assign gives a path to the member that its shortest matching prefix names.
func assign(members []projectedMember, path string) {
	for from := 0; ; {
		dot := strings.IndexByte(path[from:], '.')
		prefix := path
		if dot >= 0 {
			prefix = path[:from+dot]
		}
		for i := range members {
			if !sameKey(members[i].key, prefix) {
				continue
			}
			if len(prefix) == len(path) {
				members[i].whole = true
			} else {
				members[i].rest = append(members[i].rest, path[len(prefix)+1:])
			}
			return
		}
		if dot < 0 {
			return
		}
		from += dot + 1
	}
}

// sameKey compares a raw key with its text.
func sameKey(raw []byte, key string) bool {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw) == key
	}
	plain, ok := appendUnescaped(nil, raw)
	return ok && string(plain) == key
}
