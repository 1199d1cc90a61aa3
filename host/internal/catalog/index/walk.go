package index

import (
	"bytes"
	"strings"
)

// row says that an entity has a value under a key: one row of Backstage's
// search table.
type row struct {
	folded string // lower-cased
	id     uint32
	origin uint32 // 0: written as it folds; else its place in keyRows.origins, from 1
}

// keyRows are the rows of one key, in the order of ids and within an entity in
// its own order: of equal rows the first stays.
type keyRows struct {
	key     string
	rows    []row
	origins []string
	nulls   []uint32 // entities where the key has no value, or one too long
}

// origin returns a row's value as written.
func (k *keyRows) origin(r *row) string {
	if r.origin == 0 {
		return r.folded
	}
	return k.origins[r.origin-1]
}

// collector walks documents and gathers their rows. It is for one goroutine.
type collector struct {
	keys    map[string]int
	columns []keyRows
	// flags say that an array of strings holds an item: Backstage's rows
	// path.item = true. There are many such keys and one value, so the keys
	// become the values of one column.
	flags    []row
	broken   []uint32 // documents that are not JSON
	arena    arena
	path     []byte // folded
	buf      []byte
	scan     scanner
	id       uint32
	hasSpace bool // the entity names its namespace
}

func newCollector() *collector { return &collector{keys: make(map[string]int)} }

// incomingMark sets the rows of incoming relations apart from all others: what
// they tell depends on whether the viewer may see the entity that declared them.
const incomingMark = "\x00"

// add walks one document.
func (c *collector) add(id uint32, d *document) {
	c.id, c.hasSpace = id, false
	c.scan = scanner{data: d.full}
	c.path = c.path[:0]
	if c.scan.peek() != '{' || !c.value(0) || !c.scan.done() {
		c.broken = append(c.broken, id)
		return
	}
	if !c.hasSpace {
		c.emit([]byte("metadata.namespace"), []byte("default"))
	}
	if d.uid != "" {
		c.emit([]byte("metadata.uid"), bytesOf(d.uid))
	}
	d.relations(func(r relation) {
		c.buf = c.buf[:0]
		if r.incoming {
			c.buf = append(c.buf, incomingMark...)
		}
		c.buf = append(c.buf, "relations."...)
		c.buf = appendFolded(c.buf, bytesOf(r.kind))
		c.emit(c.buf, bytesOf(r.target))
	})
}

// skipped reports whether the generic walk leaves the path out, because it is
// no search term or is added by itself.
func (c *collector) skipped() bool {
	switch string(c.path) {
	case "attachments", "relations", "status", "metadata.uid", "metadata.etag":
		return true
	}
	return false
}

func (c *collector) value(depth int) bool {
	s := &c.scan
	if depth > maxDepth {
		return false
	}
	switch s.peek() {
	case '{':
		return s.object(func(key []byte, escaped bool) bool {
			if escaped {
				var ok bool
				if key, ok = appendUnescaped(nil, key); !ok {
					return false
				}
			}
			return c.member(key, depth)
		})
	case '[':
		return s.array(func() bool { return c.item(depth) })
	case '"':
		_, ok := c.text()
		return ok
	default:
		raw, ok := s.scalar()
		if !ok {
			return false
		}
		switch string(raw) {
		case "null":
			c.null(c.path)
		case "true", "false":
			c.emit(c.path, raw)
		default:
			number, ok := appendNumber(c.arena.room(32), raw)
			if !ok {
				return false
			}
			c.emit(c.path, bytesOf(c.arena.keep(number)))
		}
		return true
	}
}

func (c *collector) member(key []byte, depth int) bool {
	length := len(c.path)
	if length > 0 {
		c.path = append(c.path, '.')
	}
	c.path = appendFolded(c.path, key)
	if depth <= 1 {
		if c.skipped() {
			c.path = c.path[:length]
			return c.scan.skip(depth + 1)
		}
		if string(c.path) == "metadata.namespace" {
			next := c.scan.peek()
			c.hasSpace = c.hasSpace || next == '"' && !bytes.HasPrefix(c.scan.data[c.scan.pos:], []byte(`""`))
		}
	}
	ok := c.value(depth + 1)
	c.path = c.path[:length]
	return ok
}

// item is one item of an array: it counts under the array's own path, and a
// string also as `path.item = true`.
func (c *collector) item(depth int) bool {
	if c.scan.peek() != '"' {
		return c.value(depth + 1)
	}
	item, ok := c.text()
	if !ok {
		return false
	}
	if len(item) > 3*maxUnits {
		return true
	}
	flag := append(append(c.arena.room(len(c.path)+1+2*len(item)), c.path...), '.')
	flag = appendFolded(flag, item)
	if fits(flag) {
		c.flags = append(c.flags, row{folded: c.arena.keep(flag), id: c.id})
	}
	return true
}

// text reads a string, adds its row and returns what it stands for.
func (c *collector) text() ([]byte, bool) {
	raw, escaped, ok := c.scan.str()
	if !ok {
		return nil, false
	}
	switch {
	case !escaped:
	case len(raw) > 6*maxUnits: // no escape shrinks more than six to one
		c.null(c.path)
		return raw, true
	default:
		value, ok := appendUnescaped(c.arena.room(len(raw)), raw)
		if !ok {
			return nil, false
		}
		raw = bytesOf(c.arena.keep(value))
	}
	c.emit(c.path, raw)
	return raw, true
}

// emit adds a row. The value's bytes must stay as they are while the segment is built.
func (c *collector) emit(key, value []byte) {
	if !fits(key) {
		return
	}
	if !fits(value) {
		c.null(key)
		return
	}
	column := c.column(key)
	r := row{id: c.id}
	if same, _ := folded(value); same {
		r.folded = text(value)
	} else {
		r.folded = c.arena.keep(appendFolded(c.arena.room(2*len(value)), value))
		if r.folded != text(value) {
			column.origins = append(column.origins, text(value))
			r.origin = uint32(len(column.origins))
		}
	}
	column.rows = append(column.rows, r)
}

func (c *collector) null(key []byte) {
	if !fits(key) {
		return
	}
	column := c.column(key)
	column.nulls = append(column.nulls, c.id)
}

func (c *collector) column(key []byte) *keyRows {
	i, ok := c.keys[string(key)]
	if !ok {
		i = len(c.columns)
		name := strings.Clone(text(key))
		c.keys[name] = i
		c.columns = append(c.columns, keyRows{key: name})
	}
	return &c.columns[i]
}
