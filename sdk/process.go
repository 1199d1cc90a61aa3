package sdk

import (
	"encoding/json"
	"fmt"

	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/rawjson"
)

// Entity is an entity that a processor looks at. Reading and the setters work
// on its JSON text and cost little; Decode and Replace go through encoding/json.
type Entity struct {
	ref       string
	json      []byte
	changed   bool
	relations []contract.EmittedRelation
	emit      [][]byte
	errors    []string
	keys      []string
}

// Ref returns the canonical entity ref.
func (e *Entity) Ref() string { return e.ref }

// Bytes returns the entity as JSON, with the changes made so far.
func (e *Entity) Bytes() []byte { return e.json }

// Get returns the text at a path of keys, such as "spec", "type"; "" when
// there is none.
func (e *Entity) Get(path ...string) string { return rawjson.GetString(e.json, path...) }

// Annotation returns the value of an annotation.
func (e *Entity) Annotation(key string) string { return e.Get("metadata", "annotations", key) }

// SetAnnotation sets an annotation.
func (e *Entity) SetAnnotation(key, value string) error {
	return e.SetText(value, "metadata", "annotations", key)
}

// SetLabel sets a label.
func (e *Entity) SetLabel(key, value string) error {
	return e.SetText(value, "metadata", "labels", key)
}

// SetText puts text at a path. Setting what is there already changes nothing.
func (e *Entity) SetText(value string, path ...string) error {
	if raw, ok := rawjson.Get(e.json, path...); ok {
		if old, isText := rawjson.Unquote(raw); isText && old == value {
			return nil
		}
	}
	return e.SetJSON(rawjson.AppendQuote(nil, value), path...)
}

// SetJSON puts a JSON value at a path.
func (e *Entity) SetJSON(value []byte, path ...string) error {
	b, err := rawjson.Set(e.json, value, path...)
	if err != nil {
		return Errorf(CodeInvalid, "setting %v of %s: %w", path, e.ref, err)
	}
	e.json, e.changed = b, true
	return nil
}

// Decode reads the entity into v.
func (e *Entity) Decode(v any) error {
	if err := json.Unmarshal(e.json, v); err != nil {
		return Errorf(CodeInvalid, "decoding %s: %w", e.ref, err)
	}
	return nil
}

// Replace makes v the entity. Its kind, namespace and name must stay.
func (e *Entity) Replace(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return Errorf(CodeInvalid, "encoding %s: %w", e.ref, err)
	}
	e.json, e.changed = b, true
	return nil
}

// Relate adds a relation from this entity to another.
func (e *Entity) Relate(relation, targetRef string) {
	e.relations = append(e.relations, contract.EmittedRelation{Source: e.ref, Type: relation, Target: targetRef})
}

// RelateFrom adds a relation from another entity to this one.
func (e *Entity) RelateFrom(sourceRef, relation string) {
	e.relations = append(e.relations, contract.EmittedRelation{Source: sourceRef, Type: relation, Target: e.ref})
}

// Emit adds a child entity, as JSON, that lives as long as this one emits it.
// It may name its owner, and be of any kind but User, Group and Location.
func (e *Entity) Emit(child []byte) { e.emit = append(e.emit, child) }

// RefreshWith names what else the entity is made of: "jira:PAY". When that
// changes, Own(ctx).Catalog().RefreshKeys with the name has the entity processed
// again. At most 100 names of 512 bytes.
func (e *Entity) RefreshWith(keys ...string) { e.keys = append(e.keys, keys...) }

// Fail adds an item to the entity's status and lets processing go on: the
// entity takes the other changes and keeps what was emitted for it before.
func (e *Entity) Fail(format string, args ...any) {
	e.errors = append(e.errors, fmt.Sprintf(format, args...))
}

// process runs one processor over a batch.
func (g *Guest) process(c *call, payload []byte) []byte {
	var req contract.ProcessRequest
	if _, err := req.UnmarshalMsg(payload); err != nil {
		return g.fail(Errorf(CodeInvalid, "reading the batch: %w", err))
	}
	run := g.plugin.Processors[req.Processor]
	if run == nil {
		return g.fail(NotFound("processor %q is not registered by this plugin", req.Processor))
	}
	reply := contract.ProcessReply{Results: make([]contract.ProcessResult, len(req.Items))}
	for i := range req.Items {
		if err := c.Err(); err != nil {
			return g.fail(&Error{Code: CodeTimeout, Message: "the deadline passed while processing " + req.Items[i].Ref, Err: err})
		}
		e := Entity{ref: req.Items[i].Ref, json: req.Items[i].Entity}
		out := &reply.Results[i]
		if err := run(c, &e); err != nil {
			e.errors = append(e.errors, err.Error())
			out.Errors = e.errors
			continue
		}
		out.Relations, out.Emit, out.Errors, out.RefreshKeys = e.relations, e.emit, e.errors, e.keys
		if e.changed {
			out.Entity = e.json
		}
	}
	return g.succeed(&reply)
}
