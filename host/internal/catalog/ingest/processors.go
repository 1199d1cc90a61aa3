package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/entity"
)

// batchSize is how many entities a processor sees in one call, unless it says
// otherwise.
const batchSize = 100

// maxReport is how many bytes of an error that a processor reports are shown.
const maxReport = 2000

// runProcessors shows the documents that were read to the processors that
// asked for their kinds, one processor after the other.
func (p *pipeline) runProcessors(ctx context.Context, readings []*reading) {
	for _, proc := range p.processors {
		kinds, most := proc.Kinds(), proc.Batch()
		if most <= 0 {
			most = batchSize
		}
		var batch []*found
		var of []*reading
		flush := func() {
			if len(batch) > 0 {
				p.runBatch(ctx, proc, batch, of)
			}
			batch, of = nil, nil
		}
		for _, r := range readings {
			for i := range r.found {
				f := &r.found[i]
				if f.root == nil || len(kinds) > 0 && !slices.Contains(kinds, strings.ToLower(f.ref.Kind)) {
					continue
				}
				batch, of = append(batch, f), append(of, r)
				if len(batch) == most {
					flush()
				}
			}
		}
		flush()
	}
}

// hopeless is after how many entities without an answer to any a processor is
// not asked for the rest of a batch one by one.
const hopeless = 10

// runBatch shows a batch to a processor. When it may have failed for one of
// its entities, the processor is asked for each alone: one by one and not by
// halves, since each time the bad entity is asked for may be a crash, and a
// plugin that crashes often is stopped for a while.
func (p *pipeline) runBatch(ctx context.Context, proc Processor, batch []*found, of []*reading) {
	err := p.ask(ctx, proc, batch, of)
	if err == nil {
		return
	}
	failed, first, answered := len(batch), batch[0].doc.ref, false
	if len(batch) > 1 && blamesContent(err) {
		failed = 0
		for i, f := range batch {
			if ctx.Err() == nil && (answered || failed < hopeless) {
				alone := p.ask(ctx, proc, batch[i:i+1], of[i:i+1])
				if alone == nil {
					answered = true
					continue
				}
				err = alone
			}
			if failed++; failed == 1 {
				first = f.doc.ref
			}
			f.unanswered(proc, err)
		}
	} else {
		for _, f := range batch {
			f.unanswered(proc, err)
		}
	}
	if ctx.Err() == nil {
		p.log.Warn("a processor failed", "processor", proc.Name(), "entities", failed, "of", len(batch), "first", first, "error", err)
	}
}

// ask takes the answers of a processor over into its batch, or says why there
// are none.
func (p *pipeline) ask(ctx context.Context, proc Processor, batch []*found, of []*reading) error {
	req := contract.ProcessRequest{Processor: proc.Name(), Items: make([]contract.ProcessItem, len(batch))}
	for i, f := range batch {
		req.Items[i] = contract.ProcessItem{Ref: f.doc.ref, Entity: f.root.AppendJSON(nil)}
	}
	reply, err := proc.Process(ctx, req)
	if err != nil {
		return err
	}
	if len(reply.Results) != len(batch) {
		return fault.New(fault.Invalid, "it answered %d results for %d entities", len(reply.Results), len(batch))
	}
	for i, f := range batch {
		taken, err := p.take(of[i], f, proc, reply.Results[i])
		if err != nil {
			f.without(proc, err)
			continue
		}
		*f = taken
	}
	return nil
}

// unanswered goes on without a processor that gave no answer; it is asked
// again.
func (f *found) unanswered(proc Processor, err error) {
	f.unasked = true
	f.without(proc, fault.New(fault.Unavailable, "processor %s failed: %s", proc.Name(), fault.Message(err)))
}

// blamesContent reports whether a batch may have failed for one of its entities,
// so that the others are worth asking for alone.
func blamesContent(err error) bool {
	var busy interface{ RetryAfter() time.Duration }
	switch {
	case err == nil, errors.As(err, &busy): // refused before it was read
		return false
	default:
		return fault.Is(err, fault.Internal) || fault.Is(err, fault.Timeout) || fault.Is(err, fault.Exhausted)
	}
}

// without goes on without a processor's answer: with the entity as it was, or
// not at all.
func (f *found) without(proc Processor, err error) {
	f.partial = true
	why := problemOf(err)
	if proc.FailOpen() {
		why.warning = true
		why.message += "; the entity goes on without it"
		f.doc.notes = append(f.doc.notes, *why)
		return
	}
	f.doc.problem, f.doc.out, f.root, f.extra = why, nil, nil, nil
}

// tell notes the errors that a processor reported about an entity, which goes
// on with whatever else the processor answered.
func (f *found) tell(proc Processor, reported []string) {
	for i, text := range reported {
		if i == maxItems-1 { // the last item is for the rest
			f.doc.notes = append(f.doc.notes, problem{name: "Error", message: fmt.Sprintf("processor %s: and %d more errors", proc.Name(), len(reported)-i)})
			break
		}
		if len(text) > maxReport {
			text = text[:maxReport] + "…"
		}
		f.doc.notes = append(f.doc.notes, problem{name: "Error", message: "processor " + proc.Name() + ": " + strings.ToValidUTF8(text, "\ufffd")})
	}
	// What it could not find out is not gone.
	f.partial = f.partial || len(reported) > 0
}

// take returns the document with a processor's result in its place, all of it
// or, with an error, nothing.
func (p *pipeline) take(r *reading, before *found, proc Processor, result contract.ProcessResult) (found, error) {
	f := *before
	f.doc.out, f.doc.notes, f.extra = before.doc.out.clone(), slices.Clone(before.doc.notes), slices.Clone(before.extra)
	wrong := func(format string, args ...any) (found, error) {
		return found{}, fault.New(fault.Invalid, "processor %s: %s", proc.Name(), fmt.Sprintf(format, args...))
	}
	f.tell(proc, result.Errors)
	if len(result.Entity) > 0 {
		root, err := descriptor.ParseJSON(result.Entity, p.limits.Descriptor.Depth)
		if err != nil {
			return wrong("its answer for %s is not usable: %v", f.doc.ref, err)
		}
		ref, err := descriptor.Identify(r.at.Target, &root)
		if err != nil || ref.String() != f.doc.ref {
			return wrong("it turned %s into another entity", f.doc.ref)
		}
		if p.check(r, &f, &root); f.doc.problem != nil {
			return wrong("its answer for %s is refused: %s", f.doc.ref, f.doc.problem.message)
		}
		if err := keepsAuthority(r.at.Target, before, &f); err != nil {
			return wrong("%s", problemOf(err).message)
		}
	}
	if len(result.Relations) > model.MaxRelations {
		return wrong("%d relations; at most %d", len(result.Relations), model.MaxRelations)
	}
	for _, rel := range result.Relations {
		from, err1 := entity.ParseRef(rel.Source, "", f.ref.Namespace)
		to, err2 := entity.ParseRef(rel.Target, "", f.ref.Namespace)
		switch {
		case err1 != nil || err2 != nil || rel.Type == "":
			return wrong("relation %q from %q to %q is not well-formed", rel.Type, rel.Source, rel.Target)
		case protected(rel.Type):
			return wrong("relation %s counts only when a descriptor declares it", rel.Type)
		}
		if f.doc.out == nil {
			f.doc.out = &output{}
		}
		f.doc.out.relations = append(f.doc.out.relations, model.Relation{Source: from.String(), Type: rel.Type, Target: to.String()})
	}
	if len(result.RefreshKeys) > 0 {
		if f.doc.out == nil {
			f.doc.out = &output{}
		}
		var err error
		if f.doc.out.keys, err = withKeys(f.doc.out.keys, proc, result.RefreshKeys); err != nil {
			return wrong("%s", fault.Message(err))
		}
	}
	for _, text := range result.Emit {
		child, err := p.emitted(r, &f, text)
		if err != nil {
			return wrong("an entity that it emitted for %s is refused: %v", f.doc.ref, err)
		}
		f.extra = append(f.extra, child)
	}
	return f, nil
}

// emitted checks an entity that a processor emitted; it is not processed again.
func (p *pipeline) emitted(r *reading, parent *found, text []byte) (found, error) {
	root, err := descriptor.ParseJSON(text, p.limits.Descriptor.Depth)
	if err != nil {
		return found{}, err
	}
	ref, err := descriptor.Identify("", &root)
	if err != nil {
		return found{}, err
	}
	child := found{ref: ref, doc: doc{ref: ref.String(), kind: ref.Kind, line: parent.doc.line, parent: parent.doc.ref}}
	child.doc.digest = p.digest(r, parent.doc.digest+"\x00"+string(text))
	p.check(r, &child, &root)
	p.finish(r, &child)
	if child.doc.problem != nil {
		return found{}, fault.New(fault.Invalid, "%s", child.doc.problem.message)
	}
	if err := mayEmit(ref, child.doc.out.relations); err != nil {
		return found{}, err
	}
	return child, nil
}
