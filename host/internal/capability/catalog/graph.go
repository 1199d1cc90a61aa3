package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/entity"
)

func (s service) traverse(ctx context.Context, c *capability.Call, q *contract.CatalogTraverseRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	v := c.Viewer(q.Own)
	query := catalog.TraverseQuery{
		Refs: q.Refs, Relations: q.Relations, Direction: q.Direction, Depth: q.Depth, Limit: q.Limit, Fields: q.Fields, RefsOnly: q.RefsOnly,
		Reach: s.reachOf(ctx, v, r),
	}
	doc, err := s.graph.Traverse(ctx, v, query)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	return hand(c, v, doc)
}

func (s service) problems(ctx context.Context, c *capability.Call, q *contract.CatalogProblemsRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	v := c.Viewer(q.Own)
	query := catalog.ProblemsQuery{Types: q.Types, Owners: q.Owners, Kinds: q.Kinds, Limit: q.Limit, Offset: q.Offset, Reach: s.reachOf(ctx, v, r)}
	doc, err := s.troubles.Problems(ctx, v, query)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	return hand(c, v, doc)
}

// draw answers what stands around entities.
func (s service) draw(ctx context.Context, c *capability.Call, q *contract.CatalogGraphRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	v := c.Viewer(q.Own)
	doc, err := s.graph.Graph(ctx, v, catalog.GraphQuery{
		Refs: q.Refs, Relations: q.Relations, Kinds: q.Kinds, Direction: q.Direction, MaxDepth: q.MaxDepth, MaxNodes: q.MaxNodes,
		FanOut: q.FanOut, Expand: q.Expand, Explain: q.Explain, Inverses: s.engine.Inverses(), Reach: s.reachOf(ctx, v, r),
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	return hand(c, v, doc)
}

// maxGoes bounds what is named as going with an entity.
const maxGoes = 1000

// impact answers what misses an entity, and what goes with it.
func (s service) impact(ctx context.Context, c *capability.Call, q *contract.CatalogImpactRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	ref, err := entity.ParseRef(q.Ref, "", "")
	if err != nil {
		return nil, fault.New(fault.Invalid, "%w", err)
	}
	v := c.Viewer(q.Own)
	if _, err := s.sees(ctx, v, r, ref.String()); err != nil {
		return nil, err
	}
	goes, more, err := s.engine.Dependents(ctx, ref.String(), maxGoes)
	if err != nil && !fault.Is(err, fault.NotFound) { // readers see it, the engine has just removed it
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	doc, err := s.graph.Impact(ctx, v, catalog.ImpactQuery{
		Ref: ref.String(), MaxDepth: q.MaxDepth, MaxNodes: q.MaxNodes, Inverses: s.engine.Inverses(), Goes: goes, GoesMore: more, Reach: s.reachOf(ctx, v, r),
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	return hand(c, v, doc)
}

// reachOf is which entities of those that the viewer sees the plugin reaches;
// nil = all.
func (s service) reachOf(ctx context.Context, v principal.Viewer, r *Reach) func(ref string) bool {
	if r.whole() {
		return nil
	}
	return func(ref string) bool { return s.reaches(ctx, v, r, ref) }
}

// reaches reports whether an entity that the viewer sees is within the
// plugin's reach.
func (s service) reaches(ctx context.Context, v principal.Viewer, r *Reach, ref string) bool {
	kind, _, _ := strings.Cut(ref, ":")
	switch {
	case !r.allows(kind):
		return false
	case len(r.Filters) == 0:
		return true
	}
	return s.within(ctx, v, r, &contract.CatalogGetRequest{Ref: ref}) == nil
}

// sees returns an entity that the viewer sees within the plugin's reach.
// Faults: as those of get.
func (s service) sees(ctx context.Context, v principal.Viewer, r *Reach, ref string) (catalog.Document, error) {
	if !r.whole() {
		if err := s.within(ctx, v, r, &contract.CatalogGetRequest{Ref: ref}); err != nil {
			return catalog.Document{}, err
		}
	}
	return s.reader.Get(ctx, v, catalog.GetQuery{Ref: ref}) //nolint:wrapcheck // a fault with the message for the guest
}

// ancestry shows of what leads to an entity what the viewer may see.
func (s service) ancestry(ctx context.Context, c *capability.Call, q *contract.CatalogAncestryRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	ref, err := entity.ParseRef(q.Ref, "", "")
	if err != nil {
		return nil, fault.New(fault.Invalid, "%w", err)
	}
	v := c.Viewer(q.Own)
	if _, err := s.sees(ctx, v, r, ref.String()); err != nil {
		return nil, err
	}
	chain, err := s.engine.Ancestry(ctx, ref.String())
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	type item struct {
		Entity  json.RawMessage `json:"entity"`
		Parents []string        `json:"parentEntityRefs"`
	}
	var items []item
	hidden := map[string]bool{}
	for _, a := range chain {
		doc, err := s.sees(ctx, v, r, a.Ref)
		switch {
		case fault.Is(err, fault.NotFound), fault.Is(err, fault.Denied):
			hidden[a.Ref] = true
			continue
		case err != nil:
			return nil, err
		}
		items = append(items, item{Entity: slices.Concat(doc.Body...), Parents: a.Parents})
	}
	for i := range items {
		items[i].Parents = slices.DeleteFunc(items[i].Parents, func(ref string) bool { return hidden[ref] })
		if items[i].Parents == nil {
			items[i].Parents = []string{}
		}
	}
	body, err := json.Marshal(map[string]any{"rootEntityRef": ref.String(), "items": items})
	if err != nil {
		return nil, fmt.Errorf("encoding the ancestry of %s: %w", ref, err)
	}
	return hand(c, v, catalog.Document{Body: catalog.Body{body}, Revision: s.reader.Revision()})
}
