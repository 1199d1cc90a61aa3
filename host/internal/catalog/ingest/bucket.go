package ingest

import (
	"context"
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/store"
)

// maxAgain is how many documents of a bucket are read again one by one; for
// more the bucket is read whole.
const maxAgain = 1000

// readProvided reads a bucket as chunks, one a descriptor: what changed since
// it was read last, or all of it.
func (p *pipeline) readProvided(ctx context.Context, r *reading, after *facts) error {
	if since, again, ok := p.sinceLast(r); ok {
		b, rows, err := p.provided.LoadProvidedChanges(ctx, r.at.String(), since, again)
		if err != nil {
			return err //nolint:wrapcheck // says what and why
		}
		if b.Revision == since && len(rows) == 0 {
			r.after = r.before
			r.after.within, r.after.failure = r.within, nil
			return nil
		}
		c, ok, err := p.changesOf(ctx, r.before, b, rows)
		if err != nil {
			return err
		}
		if ok {
			p.provide(r, after, b, rows)
			r.changes = c
			return nil
		}
	}
	b, rows, err := p.provided.LoadProvided(ctx, r.at.String())
	if err != nil {
		return err //nolint:wrapcheck // says what and why
	}
	p.provide(r, after, b, rows)
	return nil
}

// provide makes chunks of rows.
func (p *pipeline) provide(r *reading, after *facts, b store.BucketRow, rows []store.ProvidedRow) {
	now := strconv.FormatUint(b.Revision, 10)
	after.etag, after.digest, after.whole = p.epoch+" "+now, now, true
	r.chunks = make([]descriptor.Chunk, len(rows))
	for i, row := range rows {
		r.chunks[i] = descriptor.Chunk{Line: 1, Text: row.Text}
	}
}

// sinceLast returns the revision at which the bucket was read last, and the
// refs whose documents must be processed though they did not change. It is not
// ok when the bucket must be read whole.
func (p *pipeline) sinceLast(r *reading) (since uint64, again []string, ok bool) {
	b := r.before
	if b == nil || !b.whole || b.origin != r.origin.String() || b.provider != r.provider {
		return 0, nil, false
	}
	text, ok := strings.CutPrefix(b.etag, p.epoch+" ")
	if since, err := strconv.ParseUint(text, 10, 64); ok && err == nil {
		refs := map[string]bool{}
		for i := range b.docs {
			switch d := &b.docs[i]; {
			case d.problem == nil && !d.unfinished() && !r.need[d.ref]:
			case d.parent != "": // it comes of its parent
				refs[d.parent] = true
			default:
				refs[d.ref] = true
			}
		}
		for ref := range refs {
			again = append(again, ref)
		}
		return since, again, len(again) <= maxAgain
	}
	return 0, nil, false
}

// changes is a reading of a part of a bucket.
type changes struct {
	kept []doc // this reading says nothing about
	left []doc // the others that were there
}

// changesOf tells the documents that a change of a bucket leaves as they were
// from the others. It is not ok when these and what was read are not all that
// the bucket has.
func (p *pipeline) changesOf(ctx context.Context, before *facts, b store.BucketRow, rows []store.ProvidedRow) (*changes, bool, error) {
	read := make(map[string]bool, len(rows))
	for _, row := range rows {
		read[row.Ref] = true
	}
	c := &changes{}
	entities := len(rows) + c.split(before.docs, func(ref string) bool { return !read[ref] })
	if entities == b.Entities {
		return c, true, nil
	}
	refs, err := p.provided.ListProvided(ctx, b.Bucket) // some have gone
	if err != nil {
		return nil, false, err //nolint:wrapcheck // says what and why
	}
	there := make(map[string]bool, len(refs))
	for _, ref := range refs {
		there[ref] = true
	}
	entities = len(rows) + c.split(before.docs, func(ref string) bool { return there[ref] && !read[ref] })
	return c, entities == b.Entities, nil
}

// split sorts documents, with what they emitted, by whether they are kept, and
// returns how many of those that are a plugin brought.
func (c *changes) split(docs []doc, keep func(ref string) bool) (provided int) {
	c.kept, c.left = make([]doc, 0, len(docs)), nil
	for i := range docs {
		d := &docs[i]
		switch {
		case d.parent != "" && !keep(d.parent), d.parent == "" && !keep(d.ref):
			c.left = append(c.left, *d)
			continue
		case d.parent == "":
			provided++
		}
		c.kept = append(c.kept, *d)
		c.kept[len(c.kept)-1].out = nil
	}
	return provided
}

// touched returns the refs about which facts may say something else than those
// before, when they were made of these by a reading of a part.
func (f *facts) touched(before *facts) ([]string, bool) { return f.differ, f.base == before }
