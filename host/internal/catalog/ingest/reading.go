package ingest

import (
	"context"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/sdk/entity"
)

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
