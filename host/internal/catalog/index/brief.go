package index

import "strings"

// brief is the few facts of an entity that a graph shows.
type brief struct {
	ref, kind, name, title, sort string
	owner, system                string
}

// briefOf reads them from an entity's bytes, and who owns it and what it is
// part of from its relations. sees tells which refs are visible; nil = all.
func briefOf(d *document, sees func(ref string) bool) brief {
	b := brief{ref: d.ref}
	read := func(to *string) func(s *scanner) bool {
		return func(s *scanner) bool { return s.textInto(to) }
	}
	s := scanner{data: d.full}
	s.fields(map[string]func(*scanner) bool{
		"kind": read(&b.kind),
		"metadata": func(s *scanner) bool {
			return s.fields(map[string]func(*scanner) bool{"name": read(&b.name), "title": read(&b.title)})
		},
		"spec": func(s *scanner) bool {
			return s.fields(map[string]func(*scanner) bool{
				"type": read(&b.sort),
				"profile": func(s *scanner) bool {
					var name string
					ok := s.fields(map[string]func(*scanner) bool{"displayName": read(&name)})
					if b.title == "" {
						b.title = name
					}
					return ok
				},
			})
		},
	})
	d.relations(func(r relation) {
		if r.incoming && sees != nil && !sees(r.target) {
			return
		}
		switch {
		case r.kind == "ownedBy" && b.owner == "":
			b.owner = r.target
		case r.kind == "partOf" && b.system == "" && strings.HasPrefix(r.target, "system:"):
			b.system = r.target
		}
	})
	return b
}

// fields reads the members of an object that somebody wants and passes over
// the others. What is no object is passed over too.
func (s *scanner) fields(want map[string]func(*scanner) bool) bool {
	if s.peek() != '{' {
		return s.skip(0)
	}
	return s.object(func(key []byte, _ bool) bool {
		if read := want[string(key)]; read != nil {
			return read(s)
		}
		return s.skip(0)
	})
}

// textInto reads a string; anything else is passed over.
func (s *scanner) textInto(to *string) bool {
	if s.peek() != '"' {
		return s.skip(0)
	}
	raw, escaped, ok := s.str()
	if escaped {
		raw, _ = appendUnescaped(nil, raw)
	}
	*to = string(raw)
	return ok
}

// append writes the members of a node, without its braces.
func (b *brief) append(dst []byte) []byte {
	dst = appendJSONString(append(dst, `"ref":`...), b.ref)
	for _, m := range [...]struct{ key, value string }{
		{`,"kind":`, b.kind}, {`,"name":`, b.name}, {`,"title":`, b.title}, {`,"type":`, b.sort}, {`,"owner":`, b.owner}, {`,"system":`, b.system},
	} {
		if m.value != "" {
			dst = appendJSONString(append(dst, m.key...), m.value)
		}
	}
	return dst
}
