package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
)

// pipelineVersion is part of every digest: raising it processes everything anew.
const pipelineVersion = "3"

// withPlaceholders separates, in a digest, the document from what its
// placeholders read. A document without any has no such part.
const withPlaceholders = "+"

// withLine separates, in the digest of a Location entity, the document from
// the line of its targets: refusals of them name it, after a restart too.
const withLine = "@"

// withNotes begins the digest of a document that was processed, but not as it
// should be. No document has such a digest, so it is processed again whenever
// it is read, after a restart too.
const withNotes = "!"

// pipeline turns documents into outputs. It has no state of its own and runs
// on many goroutines.
type pipeline struct {
	model      *model.Model
	reader     Reader
	rules      rules
	processors []Processor
	provided   store.Provided
	limits     Limits
	log        *slog.Logger
	described  Described
	epoch      string // digest of everything but the documents that decides about outputs
}

func newPipeline(c Config) *pipeline {
	p := &pipeline{model: c.Model, reader: c.Reader, rules: newRules(c.Rules, c.Locations), processors: c.Processors, provided: c.Provided, limits: c.Limits, log: c.Log}
	h := sha256.New()
	// JSON tells a list that allows everything, null, from one that allows nothing.
	written, _ := json.Marshal(p.rules)
	_, _ = fmt.Fprintf(h, "%s\x00%s\x00%s\x00%+v", pipelineVersion, c.Model.Digest(), written, c.Limits.Descriptor)
	for _, proc := range c.Processors {
		_, _ = fmt.Fprintf(h, "\x00%s %s", proc.Name(), proc.Version())
	}
	if c.Sources != "" {
		_, _ = fmt.Fprintf(h, "\x00%s", c.Sources)
	}
	p.described = describe(c.Model)
	p.epoch = hex.EncodeToString(h.Sum(nil))[:16]
	return p
}

// document processes chunk i up to the processors.
func (p *pipeline) document(ctx context.Context, r *reading, i int) {
	f := &r.found[i]
	f.doc.line = r.chunks[i].Line
	digest := p.digest(r, r.chunks[i].Digest())
	before := r.previous(digest)
	if before != nil && before.targets == nil && !r.need[before.ref] {
		f.doc = *before
		f.doc.line, f.doc.out, f.doc.stale = r.chunks[i].Line, nil, false
		return
	}
	f.doc.digest = digest
	file := r.at.Target
	root, err := descriptor.Parse(file, r.chunks[i], p.limits.Descriptor)
	if err != nil {
		f.bad = problemOf(err)
		return
	}
	if f.empty = root.Type == descriptor.Null; f.empty {
		return
	}
	if root.Line > 0 {
		f.doc.line = int(root.Line)
	}
	ref, err := descriptor.Identify(file, &root)
	if err != nil {
		f.bad = problemOf(err)
		return
	}
	f.ref, f.doc.ref, f.doc.kind = ref, ref.String(), ref.Kind
	if err := p.placeholders(ctx, r, f, &root); err != nil {
		f.doc.problem = problemOf(err)
		return
	}
	if same := r.previous(f.doc.digest); same != nil && same.targets == nil && !r.need[same.ref] && f.doc.digest != digest {
		line := f.doc.line
		f.doc = *same
		f.doc.line, f.doc.out, f.doc.stale = line, nil, false
		return
	}
	p.check(r, f, &root)
}

// digest is that of a document at this place under this epoch.
func (p *pipeline) digest(r *reading, text string) string {
	sum := sha256.Sum256([]byte(p.epoch + "\x00" + r.at.String() + "\x00" + r.origin.String() + "\x00" + r.provider + "\x00" + text))
	return hex.EncodeToString(sum[:16])
}

// placeholders puts in what the document names, and into its digest.
func (p *pipeline) placeholders(ctx context.Context, r *reading, f *found, root *descriptor.Value) error {
	if !descriptor.Placeholders(root) {
		return nil
	}
	if r.at.Type == Plugin {
		// What a plugin may read is its grants' to say, not the catalog's.
		return fault.New(fault.Invalid, "%s:%d: placeholders are not read for what a plugin brings; write the text itself", r.at.Target, f.doc.line)
	}
	h := sha256.New()
	err := descriptor.ResolvePlaceholders(r.at.Target, root, p.limits.Descriptor, func(target string) ([]byte, error) {
		at, err := p.reader.Resolve(r.at, "", target)
		if err != nil {
			return nil, shown(err)
		}
		f.deps = append(f.deps, at)
		ctx, cancel := context.WithTimeout(ctx, p.limits.ReadTimeout)
		defer cancel()
		within := r.within
		if within == "" && at.Type == source.File {
			within = source.Folder(r.origin)
		}
		content, err := p.reader.Read(ctx, source.Request{Location: at, Within: within, From: r.at})
		if err != nil {
			return nil, shown(err)
		}
		h.Write([]byte(content.Digest))
		return content.Data, nil
	})
	f.doc.digest += withPlaceholders + hex.EncodeToString(h.Sum(nil)[:8])
	return err
}

// shown keeps of an error what a reader of the status may see.
func shown(err error) error { return fmt.Errorf("%s", fault.Message(err)) }

// check validates a document against everything that needs no other document.
func (p *pipeline) check(r *reading, f *found, root *descriptor.Value) {
	file := r.at.Target
	refuse := func(err error) { f.doc.problem, f.root = problemOf(err), nil }
	// Which kinds a plugin brings is its scope's to say, when it brings them.
	if r.at.Type != Plugin && !p.rules.allow(f.ref.Kind, root.Lookup("spec.type").Str(), r.origin) {
		refuse(fault.New(fault.Denied, "%s:%d: no rule allows kind %s from %s; see catalog.rules", file, f.doc.line, f.ref.Kind, r.origin))
		f.doc.problem.forbidden = true
		return
	}
	if err := descriptor.CheckEnvelope(file, root); err != nil {
		refuse(err)
		return
	}
	decl, err := p.model.Find(file, root)
	if err != nil {
		refuse(err)
		return
	}
	decl.Default(root)
	decl.SortRefs(root)
	if err := decl.Validate(file, root); err != nil {
		refuse(err)
		return
	}
	f.root, f.decl = root, decl
	if err := p.mayProvide(r, f); err != nil {
		refuse(err)
		f.doc.problem.forbidden = true
		return
	}
	if f.doc.targets = targetsOf(root); f.doc.targets != nil {
		digest, _, _ := strings.Cut(f.doc.digest, withLine)
		f.doc.digest = digest + withLine + strconv.Itoa(f.doc.targets.line)
	}
}

// finish makes outputs of what came through the processors.
func (p *pipeline) finish(r *reading, f *found) {
	if f.root == nil {
		return
	}
	defer func() { f.root, f.decl = nil, nil }()
	f.decl.Compute(f.root)
	relations, err := f.decl.Relations(r.at.Target, f.ref, f.root)
	if err != nil {
		f.doc.problem = problemOf(err)
		return
	}
	out := &output{namespace: f.ref.Namespace, name: f.ref.Name, relations: relations}
	if f.doc.out != nil { // what processors added
		out.relations, out.keys = append(out.relations, f.doc.out.relations...), f.doc.out.keys
	}
	out.parts = assemble(f.root, r.at, r.origin, p.links(r.at))
	if n := len(out.parts.head) + len(out.parts.tail); n > p.limits.EntityBytes {
		f.doc.problem, f.doc.out = problemOf(fault.New(fault.Invalid, "%s:%d: the entity has %d bytes as JSON; at most %d", r.at.Target, f.doc.line, n, p.limits.EntityBytes)), nil
		return
	}
	f.doc.out = out
	if len(f.doc.notes) > 0 {
		f.doc.digest = withNotes + f.doc.digest
	}
}

// links are those of a source, as annotations show them.
func (p *pipeline) links(at source.Location) source.Links {
	if p.reader == nil || at.Type == Plugin {
		return source.Links{}
	}
	return p.reader.Links(at)
}
