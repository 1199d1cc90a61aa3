package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/store"
)

// past is an entity on its way back through its history.
type past struct {
	body      descriptor.Value // with uid and etag; zero when the entity is absent
	there     bool
	relations []relation
	status    json.RawMessage
}

var errDamaged = errors.New("the history does not fit the entity")

// undo takes one change back.
func (p *past) undo(action store.Action, raw []byte) error {
	if action == store.Created {
		*p = past{}
		return nil
	}
	d, err := decode(raw)
	if err != nil {
		return err
	}
	if d.Body != nil {
		if p.body, err = descriptor.ParseJSON(d.Body, maxDepth); err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
	} else {
		if !p.there {
			return errDamaged
		}
		if err := p.undoFields(d); err != nil {
			return err
		}
	}
	if action == store.Deleted {
		p.relations, p.status = nil, nil
	}
	p.there = true
	// Who declared a relation of today is not known here; what it is called and
	// where it leads make it the same.
	gained := make(map[named]bool, len(d.Gained))
	for _, r := range d.Gained {
		gained[named{r.Type, r.Target}] = true
	}
	for _, r := range d.Lost {
		gained[named{r.Type, r.Target}] = true // it is added below, once
	}
	p.relations = slices.DeleteFunc(p.relations, func(r relation) bool { return gained[named{r.Type, r.Target}] })
	p.relations = append(p.relations, d.Lost...)
	if d.Status != nil {
		p.status = d.Status.Before
	}
	return nil
}

func (p *past) undoFields(d *delta) error {
	for i := range d.Fields {
		f := &d.Fields[i]
		var before *descriptor.Value
		switch {
		case f.Splice != nil:
			now := lookup(&p.body, f.Path)
			if now == nil || now.Type != descriptor.String || f.Splice.Head < 0 || f.Splice.Tail < 0 || f.Splice.Head+f.Splice.Tail > len(now.Text) {
				return fmt.Errorf("%w at %s", errDamaged, f.Path)
			}
			text := descriptor.Str(now.Text[:f.Splice.Head] + f.Splice.Middle + now.Text[len(now.Text)-f.Splice.Tail:])
			before = &text
		case f.Before != nil:
			v, err := descriptor.ParseJSON(f.Before, maxDepth)
			if err != nil {
				return fmt.Errorf("%w at %s: %w", errDamaged, f.Path, err)
			}
			before = &v
		}
		if !set(&p.body, f.Path, before) {
			return fmt.Errorf("%w at %s", errDamaged, f.Path)
		}
	}
	if metadata := p.body.Get("metadata"); metadata != nil && d.ETag != "" {
		metadata.Set("etag", descriptor.Str(d.ETag))
	}
	return nil
}

var pointerUnescape = strings.NewReplacer("~1", "/", "~0", "~")

// step returns what a value has under one piece of a pointer.
func step(v *descriptor.Value, key string) *descriptor.Value {
	if v != nil && v.Type == descriptor.Array {
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(v.Items) {
			return &v.Items[i]
		}
		return nil
	}
	return v.Get(key)
}

// lookup follows a JSON pointer.
func lookup(v *descriptor.Value, path string) *descriptor.Value {
	for path != "" && v != nil {
		var key string
		key, path = nextKey(path)
		v = step(v, key)
	}
	return v
}

// nextKey takes the first piece off a JSON pointer.
func nextKey(path string) (key, rest string) {
	path = path[1:]
	if i := strings.IndexByte(path, '/'); i >= 0 {
		path, rest = path[:i], path[i:]
	}
	return pointerUnescape.Replace(path), rest
}

// set puts a value where a pointer leads, or with nil takes it out.
func set(v *descriptor.Value, path string, to *descriptor.Value) bool {
	if path == "" {
		if to == nil {
			return false
		}
		*v = *to
		return true
	}
	key, rest := nextKey(path)
	if rest != "" {
		next := step(v, key)
		return next != nil && set(next, rest, to)
	}
	switch v.Type {
	case descriptor.Object:
		if to == nil {
			v.Delete(key)
		} else {
			v.Set(key, *to)
		}
		return true
	case descriptor.Array:
		if now := step(v, key); now != nil && to != nil {
			*now = *to
			return true
		}
	}
	return false
}
