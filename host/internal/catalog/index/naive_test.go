package index_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/callboard/callboard/host/internal/catalog"
)

// naive is the catalog as a list, evaluated one entity at a time with
// encoding/json: slow, short, and with nothing in common with the index.
type naive struct {
	entities map[string]catalog.Entity
	sees     func(ref string) bool // nil = all
	known    map[string][]naiveRow // rows by ref, kept between questions
}

type naiveRow struct {
	key, value, origin string
	null, incoming     bool
}

func (n naive) visible(ref string) bool {
	_, ok := n.entities[ref]
	return ok && (n.sees == nil || n.sees(ref))
}

// rows returns an entity's rows as a viewer of the naive catalog may use them.
func (n naive) rows(e catalog.Entity) []naiveRow {
	if rows, ok := n.known[e.Ref]; ok {
		return rows
	}
	rows := n.flatten(e)
	n.known[e.Ref] = rows
	return rows
}

func (n naive) flatten(e catalog.Entity) []naiveRow {
	var rows []naiveRow
	add := func(key string, value any, incoming bool) {
		key = strings.ToLower(key)
		if len(utf16.Encode([]rune(key))) > 200 {
			return
		}
		r := naiveRow{key: key, null: true, incoming: incoming}
		if value != nil {
			origin := fmt.Sprint(value)
			if f, ok := value.(float64); ok {
				origin = strconv.FormatFloat(f, 'f', -1, 64)
			}
			if len(utf16.Encode([]rune(origin))) <= 200 {
				r = naiveRow{key: key, value: strings.ToLower(origin), origin: origin, incoming: incoming}
			}
		}
		for _, old := range rows {
			if old.key == r.key && old.value == r.value && old.null == r.null {
				return
			}
		}
		rows = append(rows, r)
	}
	var visit func(path string, v any)
	visit = func(path string, v any) {
		switch path {
		case "attachments", "relations", "status", "metadata.uid", "metadata.etag":
			return
		}
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				visit(path, item)
				if s, ok := item.(string); ok {
					add(path+"."+s, "true", false)
				}
			}
		case ordered:
			for _, m := range v {
				if path == "" {
					visit(m.key, m.value)
				} else {
					visit(path+"."+m.key, m.value)
				}
			}
		default:
			add(path, v, false)
		}
	}
	root := parseOrdered(e.Body)
	visit("", root)
	if metadata, ok := root.(ordered).get("metadata").(ordered); !ok || metadata.get("namespace") == nil || metadata.get("namespace") == "" {
		add("metadata.namespace", "default", false)
	}
	add("metadata.uid", e.UID, false)
	for _, r := range e.Relations {
		if !r.Incoming || n.sees == nil || n.visible(r.TargetRef) {
			add("relations."+r.Type, r.TargetRef, r.Incoming)
		}
	}
	return rows
}

// matches evaluates filter, predicate and full text.
func (n naive) matches(rows []naiveRow, q catalog.Query) bool {
	some := func(test func(r naiveRow) bool) bool { return slices.ContainsFunc(rows, test) }
	if len(q.Filter) > 0 && !slices.ContainsFunc(q.Filter, func(terms []catalog.Term) bool {
		for _, t := range terms {
			if !some(func(r naiveRow) bool {
				if r.key != strings.ToLower(t.Key) {
					return false
				}
				return len(t.Values) == 0 || !r.null && slices.ContainsFunc(t.Values, func(v string) bool { return strings.ToLower(v) == r.value })
			}) {
				return false
			}
		}
		return true
	}) {
		return false
	}
	if q.Predicate != nil {
		var p any
		if err := json.Unmarshal(q.Predicate, &p); err != nil {
			panic(err)
		}
		if !naivePredicate(rows, p.(map[string]any)) {
			return false
		}
	}
	term := strings.ToLower(strings.TrimSpace(q.FullTextTerm))
	if term == "" {
		return true
	}
	fields := q.FullTextFields
	if len(fields) == 0 {
		fields = []string{"metadata.uid"}
		if len(q.Order) > 0 {
			fields = []string{q.Order[0].Field}
		}
	}
	return some(func(r naiveRow) bool {
		return !r.null && strings.Contains(r.value, term) &&
			slices.ContainsFunc(fields, func(f string) bool { return strings.ToLower(f) == r.key })
	})
}

func naivePredicate(rows []naiveRow, p map[string]any) bool {
	for key, operand := range p {
		switch key {
		case "$all":
			for _, sub := range operand.([]any) {
				if !naivePredicate(rows, sub.(map[string]any)) {
					return false
				}
			}
		case "$any":
			if !slices.ContainsFunc(operand.([]any), func(sub any) bool { return naivePredicate(rows, sub.(map[string]any)) }) {
				return false
			}
		case "$not":
			if naivePredicate(rows, operand.(map[string]any)) {
				return false
			}
		default:
			if !naiveField(rows, strings.ToLower(key), operand) {
				return false
			}
		}
	}
	return true
}

func naiveField(rows []naiveRow, key string, operand any) bool {
	has := func(key string, test func(v string) bool) bool {
		return slices.ContainsFunc(rows, func(r naiveRow) bool { return r.key == key && !r.null && test(r.value) })
	}
	equals := func(key string, want any) bool {
		return has(key, func(v string) bool { return v == strings.ToLower(fmt.Sprint(want)) })
	}
	object, ok := operand.(map[string]any)
	if !ok {
		return equals(key, operand)
	}
	for operator, want := range object {
		switch operator {
		case "$exists":
			return slices.ContainsFunc(rows, func(r naiveRow) bool { return r.key == key }) == want.(bool)
		case "$in":
			return slices.ContainsFunc(want.([]any), func(w any) bool { return equals(key, w) })
		case "$hasPrefix":
			return has(key, func(v string) bool { return strings.HasPrefix(v, strings.ToLower(want.(string))) })
		case "$contains":
			relation, ok := want.(map[string]any)
			if !ok {
				return equals(key, want)
			}
			kind := "relations." + strings.ToLower(relation["type"].(string))
			switch target := relation["targetRef"].(type) {
			case nil:
				return has(kind, func(string) bool { return true })
			case string:
				return equals(kind, target)
			case map[string]any:
				return slices.ContainsFunc(target["$in"].([]any), func(w any) bool { return equals(kind, w) })
			}
		}
	}
	panic("no such operator")
}

// query returns the refs that pass, in order.
func (n naive) query(q catalog.Query) []string {
	type item struct {
		e    catalog.Entity
		keys []*string
	}
	var items []item
	for ref, e := range n.entities {
		rows := n.rows(e)
		if !n.visible(ref) || !n.matches(rows, q) {
			continue
		}
		it := item{e: e, keys: make([]*string, len(q.Order))}
		for i, o := range q.Order {
			for _, r := range rows {
				if r.key != strings.ToLower(o.Field) || r.null || n.sees != nil && r.incoming {
					continue
				}
				if it.keys[i] == nil || r.value < *it.keys[i] {
					it.keys[i] = &r.value
				}
			}
		}
		items = append(items, it)
	}
	slices.SortFunc(items, func(a, b item) int {
		for i, o := range q.Order {
			x, y := a.keys[i], b.keys[i]
			switch {
			case x == nil && y == nil:
			case x == nil:
				return 1
			case y == nil:
				return -1
			case *x != *y && o.Desc:
				return cmp.Compare(*y, *x)
			case *x != *y:
				return cmp.Compare(*x, *y)
			}
		}
		c := cmp.Compare(a.e.UID, b.e.UID)
		if len(q.Order) > 0 && q.Order[0].Desc {
			c = -c
		}
		return c
	})
	refs := make([]string, len(items))
	for i := range items {
		refs[i] = items[i].e.Ref
	}
	return refs
}

// facets counts as the index should.
func (n naive) facets(q catalog.FacetQuery) map[string][]map[string]any {
	out := make(map[string][]map[string]any)
	for _, name := range q.Facets {
		counts := make(map[string]int)
		for _, ref := range n.query(catalog.Query{Filter: q.Filter, Predicate: q.Predicate}) {
			for _, r := range n.rows(n.entities[ref]) {
				if r.key == strings.ToLower(name) && !r.null {
					counts[r.origin]++
				}
			}
		}
		out[name] = []map[string]any{}
		values := make([]string, 0, len(counts))
		for v := range counts {
			values = append(values, v)
		}
		slices.Sort(values)
		for _, v := range values {
			out[name] = append(out[name], map[string]any{"value": v, "count": float64(counts[v])})
		}
	}
	return out
}

// ordered is a JSON object that remembers the order of its members, which
// decides how a value is written when a list repeats it in another case.
type ordered []struct {
	key   string
	value any
}

func (o ordered) get(key string) any {
	for _, m := range o {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

func parseOrdered(body []byte) any {
	d := json.NewDecoder(strings.NewReader(string(body)))
	var read func() any
	read = func() any {
		token, err := d.Token()
		if err != nil {
			panic(err)
		}
		switch token {
		case json.Delim('{'):
			o := ordered{}
			for d.More() {
				key, _ := d.Token()
				o = append(o, struct {
					key   string
					value any
				}{key.(string), read()})
			}
			_, _ = d.Token()
			return o
		case json.Delim('['):
			list := []any{}
			for d.More() {
				list = append(list, read())
			}
			_, _ = d.Token()
			return list
		}
		return token
	}
	return read()
}
