package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
)

// Plugin is the type of location that a plugin's bucket is: "plugin:ci". It is
// read from the store and from nowhere else.
const Plugin = "plugin"

// providerPlugin begins the provider of every bucket of a plugin, which is its
// location too.
const providerPlugin = Plugin + ":"

// MaxBuckets bounds the buckets of one plugin.
const MaxBuckets = 20

// bucketKey is the key of the liveness edges of a bucket.
func bucketKey(bucket string) string { return "provider:" + bucket }

// bucket reports whether the root is one: no Location entity stands for it.
func (r *root) bucket() bool { return r.at.Type == Plugin }

// buckets returns the roots of what plugins provided.
func (e *Engine) buckets(ctx context.Context) ([]root, error) {
	if e.config.Provided == nil {
		return nil, nil
	}
	rows, err := e.config.Provided.ListBuckets(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing what plugins provide: %w", err)
	}
	out := make([]root, 0, len(rows))
	for _, b := range rows {
		at, err := source.ParseLocation(b.Bucket)
		if err != nil || at.Type != Plugin {
			return nil, fmt.Errorf("the store has a bucket %q that is no plugin's", b.Bucket)
		}
		out = append(out, root{at: at, provider: b.Bucket, ref: bucketKey(b.Bucket)})
	}
	return out, nil
}

// mayProvide reports why a plugin may not provide a document that is otherwise
// in order. Which kinds it may was decided when it did; here is what no scope
// allows, and what a Location entity of a plugin may not lead to.
func (p *pipeline) mayProvide(r *reading, f *found) error {
	if r.at.Type != Plugin {
		if r.origin.Type == Plugin && identity(f.ref.Kind) {
			return fault.New(fault.Denied, "kind %s may not come from a location that a plugin provides", f.ref.Kind)
		}
		return nil
	}
	if identity(f.ref.Kind) {
		return nil
	}
	relations, err := f.decl.Relations(r.at.Target, f.ref, f.root)
	if err != nil {
		return nil //nolint:nilerr // finish refuses the document for it
	}
	self := f.ref.String()
	for _, rel := range relations {
		own := rel.Type == "ownedBy" && rel.Source == self || rel.Type == "ownerOf" && rel.Target == self
		if protected(rel.Type) && !own {
			return fault.New(fault.Denied, "relation %s from %s to %s counts only when the user or group itself declares it", rel.Type, rel.Source, rel.Target)
		}
	}
	return nil
}

// DocumentProblem is what is wrong with one of several documents.
type DocumentProblem struct {
	Index   int    // of the document; -1 = of none
	Line    int    // in its text; 0 = unknown
	Ref     string // where the document says it
	Name    string // "InputError", …
	Message string
	Warning bool // the entity is taken all the same
}

// Provision is a change of one bucket.
type Provision struct {
	Owner     string   // installation of the plugin; what another one had in the bucket goes
	Bucket    string   // "plugin:<id>" or "plugin:<id>/<provider>"
	Full      bool     // what is not in Documents goes
	Documents [][]byte // one descriptor each, JSON or YAML
	Remove    []string // canonical refs
	// Allow says why the plugin may not bring a kind, nil if it may.
	Allow func(kind string) error
}

// Provisioned is what became of it.
type Provisioned struct {
	Entities int // in the bucket
	Problems []DocumentProblem
}

// Provide changes a bucket and returns when the catalog has the change. What
// is wrong with one document keeps none of the others from being taken: with
// Full, a document that cannot be used leaves what was there under its ref.
// Faults: Exhausted (the bucket would be too large), Timeout (the change is
// stored and shows later), Unavailable.
func (e *Engine) Provide(ctx context.Context, p Provision) (Provisioned, error) {
	if e.config.Provided == nil {
		return Provisioned{}, fault.New(fault.Unavailable, "this catalog takes nothing from plugins")
	}
	at, err := source.ParseLocation(p.Bucket)
	if err != nil || at.Type != Plugin {
		return Provisioned{}, fault.New(fault.Invalid, "%q is no bucket of a plugin", p.Bucket)
	}
	checked := e.check(ctx, at, p.Documents, p.Allow)
	batch := store.ProvidedBatch{
		Bucket: p.Bucket, Owner: p.Owner, Full: p.Full, Remove: p.Remove, MaxEntities: e.config.Limits.Provided, MaxBytes: e.config.Limits.Bytes,
		MaxBuckets: MaxBuckets,
	}
	index := map[string]int{}
	for i, c := range checked {
		if c.problem == nil {
			batch.Upsert = append(batch.Upsert, store.ProvidedRow{Ref: c.ref, Text: c.text})
			index[c.ref] = i
		}
	}
	if p.Full {
		if err := e.keepRefused(ctx, &batch, checked); err != nil {
			return Provisioned{}, err
		}
	}
	bucket, err := e.config.Provided.ApplyProvided(ctx, batch)
	if err != nil {
		return Provisioned{}, err //nolint:wrapcheck // a fault with the message for the plugin
	}
	out := Provisioned{Entities: bucket.Entities, Problems: problemsOf(checked)}
	done := make(chan []DocumentProblem, 1)
	e.request(scope{sources: map[string]bool{p.Bucket: true}, after: []inquiry{{
		bucket: p.Bucket, index: index, reply: func(found []DocumentProblem) { done <- found },
	}}})
	select {
	case later := <-done:
		out.Problems = append(out.Problems, later...)
		return out, nil
	case <-ctx.Done():
		return Provisioned{}, fault.Wrap(fault.Timeout, ctx.Err(), "the change is stored, and the catalog shows it as soon as it can")
	}
}

// keepRefused adds to a full change what the bucket has under the refs of
// documents that cannot be used.
func (e *Engine) keepRefused(ctx context.Context, batch *store.ProvidedBatch, checked []checkedDocument) error {
	refused := map[string]bool{}
	for _, c := range checked {
		if c.problem != nil && c.ref != "" && !c.forbidden {
			refused[c.ref] = true
		}
	}
	for _, row := range batch.Upsert {
		delete(refused, row.Ref)
	}
	if len(refused) == 0 {
		return nil
	}
	_, rows, err := e.config.Provided.LoadProvided(ctx, batch.Bucket)
	if err != nil {
		return err //nolint:wrapcheck // says what and why
	}
	for _, row := range rows {
		if refused[row.Ref] && !slices.Contains(batch.Remove, row.Ref) {
			batch.Upsert = append(batch.Upsert, row)
		}
	}
	return nil
}

// DropProvided empties the buckets of an installation, for a plugin that was
// removed. The catalog follows soon.
func (e *Engine) DropProvided(ctx context.Context, owner string) error {
	if e.config.Provided == nil {
		return nil
	}
	if _, err := e.config.Provided.DropProvided(ctx, owner); err != nil {
		return fmt.Errorf("dropping what %s provided: %w", owner, err)
	}
	e.request(scope{sources: map[string]bool{providerPlugin: true}})
	return nil
}

// verdicts says what the pass made of documents of a bucket: conflicts, and
// what processors found. index are the documents by ref.
func (w *walk) verdicts(bucket string, index map[string]int) []DocumentProblem {
	var out []DocumentProblem
	add := func(ref string, p *problem, warning bool) {
		out = append(out, DocumentProblem{Index: index[ref], Ref: ref, Name: p.name, Message: p.message, Warning: warning})
	}
	taken := map[string]bool{}
	if v := w.visits[bucket]; v != nil {
		for i := range v.facts.docs {
			d := &v.facts.docs[i]
			if _, asked := index[d.ref]; !asked || d.parent != "" {
				continue
			}
			n := w.state.nodes[d.ref]
			switch {
			case d.problem != nil:
				add(d.ref, d.problem, false)
			case n != nil && n.provider != bucket:
				add(d.ref, &problem{name: "ConflictError", message: d.ref + " is defined in " + n.location + " already; this one is ignored"}, false)
			}
			for j := range d.notes {
				add(d.ref, &d.notes[j], true)
			}
			taken[d.ref] = true
		}
	}
	for ref := range index {
		if !taken[ref] {
			add(ref, &problem{name: "ConflictError", message: ref + " was changed by somebody else meanwhile"}, false)
		}
	}
	slices.SortFunc(out, func(a, b DocumentProblem) int {
		if a.Index != b.Index {
			return a.Index - b.Index
		}
		return strings.Compare(a.Message, b.Message)
	})
	return out
}

// Documents cuts text into descriptors: YAML documents, or the items of a JSON
// array. Fault: Invalid.
func Documents(text []byte, lim descriptor.Limits) ([][]byte, error) {
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] == '[' {
		if int64(len(text)) > lim.FileBytes {
			return nil, fault.New(fault.Invalid, "the text has %d bytes, at most %d", len(text), lim.FileBytes)
		}
		var items []json.RawMessage
		if err := json.Unmarshal(trimmed, &items); err != nil {
			return nil, fault.New(fault.Invalid, "the text is no JSON array: %w", err)
		}
		if len(items) > lim.Documents {
			return nil, fault.New(fault.Invalid, "%d descriptors, at most %d at once", len(items), lim.Documents)
		}
		out := make([][]byte, len(items))
		for i, item := range items {
			out[i] = item
		}
		return out, nil
	}
	chunks, err := descriptor.Split("the text", text, lim)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%w", err)
	}
	out := make([][]byte, len(chunks))
	for i, c := range chunks {
		out[i] = c.Text
	}
	return out, nil
}
