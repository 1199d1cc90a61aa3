package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/entity"
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

// reading is one source to be read in a pass.
type reading struct {
	at       source.Location
	within   string
	origin   source.Location
	provider string
	before   *facts          // nil on the first read
	need     map[string]bool // refs that must be processed though they did not change
	known    map[string]*doc // documents of before that were accepted, by digest
	chunks   []descriptor.Chunk
	found    []found // one per chunk
	after    *facts
	// postponed says that there was no time to read it.
	postponed bool
	changes   *changes // that were read of a bucket; nil = the whole was
}

// found is what one document came to.
type found struct {
	doc   doc
	root  *descriptor.Value // while it still goes through processors
	decl  *model.Declaration
	ref   entity.Ref
	bad   *problem // names no entity
	deps  []source.Location
	empty bool
	extra []found // what processors emitted

	unasked bool // a processor failed
	partial bool // a processor may not have emitted all that it should
}

// read reads the source and cuts it into documents. Afterwards either after
// is set (nothing to process) or chunks is.
func (p *pipeline) read(ctx context.Context, r *reading) {
	ctx, cancel := context.WithTimeout(ctx, p.limits.ReadTimeout)
	defer cancel()
	request := source.Request{Location: r.at, Within: r.within}
	if b := r.before; b != nil && len(r.need) == 0 && !b.unsettled() && b.origin == r.origin.String() && b.provider == r.provider {
		if etag, ok := strings.CutPrefix(b.etag, p.epoch+" "); ok {
			request.ETag = etag
		}
	}
	after := &facts{at: r.at, within: r.within, origin: r.origin.String(), provider: r.provider}
	if r.before != nil {
		after.row, after.etag, after.digest = r.before.row, r.before.etag, r.before.digest
	}
	var err error
	if r.at.Type == Plugin {
		err = p.readProvided(ctx, r, after)
	} else {
		err = p.readSource(ctx, r, after, request)
	}
	if r.after != nil {
		return // it did not change
	}
	if err != nil {
		// The last good version stays: a file that cannot be read is an error,
		// not a file that says nothing.
		if r.before != nil {
			after.docs, after.deps = withoutOutputs(r.before.docs), r.before.deps
		}
		after.failure = err
		r.after = after
		return
	}
	r.after = after
	r.found = make([]found, len(r.chunks))
	r.remember()
}

// readSource reads a file or a URL and cuts it into documents.
func (p *pipeline) readSource(ctx context.Context, r *reading, after *facts, request source.Request) error {
	content, err := p.reader.Read(ctx, request)
	if err != nil {
		return err //nolint:wrapcheck // says what and why
	}
	if content.NotModified {
		r.after = r.before
		r.after.within, r.after.failure = r.within, nil
		return nil
	}
	after.etag, after.digest = p.epoch+" "+content.ETag, content.Digest
	r.chunks, err = descriptor.Split(r.at.Target, content.Data, p.limits.Descriptor)
	return err //nolint:wrapcheck // names the file
}

// withoutOutputs returns documents as they were, which cannot be processed now.
func withoutOutputs(docs []doc) []doc {
	out := slices.Clone(docs)
	for i := range out {
		out[i].out, out[i].stale = nil, true
	}
	return out
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

// previous finds the document of the last read that had the digest.
func (r *reading) previous(digest string) *doc { return r.known[digest] }

// previously returns the documents that the source had and this reading is
// about.
func (r *reading) previously() []doc {
	if r.changes != nil {
		return r.changes.left
	}
	return r.before.docs
}

// remember prepares previous.
func (r *reading) remember() {
	if r.before == nil {
		return
	}
	was := r.previously()
	r.known = make(map[string]*doc, len(was))
	for i := range was {
		if d := &was[i]; d.problem == nil && d.parent == "" && d.digest != "" {
			r.known[d.digest] = d
		}
	}
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

// collect makes the facts of the source of its documents.
func (r *reading) collect() {
	if r.found == nil {
		return // unchanged, or unreadable
	}
	named := map[string]bool{}
	var add func(f *found, parent string)
	add = func(f *found, parent string) {
		switch {
		case f.empty:
			return
		case f.bad != nil:
			r.after.broken = append(r.after.broken, *f.bad)
			return
		}
		if parent != "" {
			f.doc.parent = parent
		}
		r.after.deps = append(r.after.deps, f.deps...)
		r.after.docs = append(r.after.docs, f.doc)
		named[f.doc.ref] = true
		for i := range f.extra {
			add(&f.extra[i], f.doc.ref)
		}
	}
	processed := map[string]*found{}
	for i := range r.found {
		f := &r.found[i]
		add(f, "")
		if f.doc.ref != "" && processed[f.doc.ref] == nil {
			processed[f.doc.ref] = f
		}
		if f.unasked {
			r.after.unasked = 1
		}
	}
	if r.before != nil {
		if r.after.unasked > 0 {
			r.after.unasked += r.before.unasked
		}
		for _, d := range r.previously() {
			if named[d.ref] {
				continue
			}
			// What a document emitted stays with it as long as it is kept as it
			// was, or nobody knows whether it still emits it; and a document
			// that no longer says what it is may be any of those that were here.
			parent := processed[d.parent]
			unknown := parent != nil && (parent.partial || parent.doc.problem != nil)
			if kept := parent != nil && parent.doc.out == nil; kept || unknown || len(r.after.broken) > 0 {
				d.out, d.stale = nil, unknown || !kept
				r.after.docs = append(r.after.docs, d)
			}
		}
	}
	if c := r.changes; c != nil {
		r.after.base = r.before
		for i := range r.after.docs {
			r.after.differ = append(r.after.differ, r.after.docs[i].ref)
		}
		for i := range c.left {
			r.after.differ = append(r.after.differ, c.left[i].ref)
		}
		r.after.docs = append(c.kept, r.after.docs...)
	}
	r.chunks, r.found, r.changes = nil, nil, nil
}
