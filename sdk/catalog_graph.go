package sdk

import (
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

var (
	opCatalogGraph  = operation{abi.CapCatalog, abi.CatalogGraph, "catalog.graph/1"}
	opCatalogImpact = operation{abi.CapCatalog, abi.CatalogImpact, "catalog.impact/1"}
)

// CatalogGraph says what to draw. An edge runs from its source to its target,
// named as the first relation of its pair is, whichever end declares it.
type CatalogGraph struct {
	Refs      []string // where it starts, 1 to 100
	Relations []string // types, of either end; none = all
	Kinds     []string // of the nodes beside Refs; none = all
	Direction string   // outgoing, incoming or both (default)
	MaxDepth  int      // default 1, at most 10
	MaxNodes  int      // default 100, at most 1,000
	FanOut    int      // neighbours of a node per type of relation; default 50, at most 1,000
	Expand    []string // refs, at most 100: all of their neighbours are shown, whatever depth and fan-out say
	Explain   string   // a ref to show the shortest way to
}

// Graph returns {"nodes","edges","caps","path"}; contract.CatalogGraphRequest
// has the members. "cut" of a node counts neighbours that are not shown, by
// relation; 100 is that many or more. A ref that leads nowhere is Invalid.
func (c Catalog) Graph(q CatalogGraph) (Document, error) {
	return c.document(opCatalogGraph, &contract.CatalogGraphRequest{
		Refs: q.Refs, Relations: q.Relations, Kinds: q.Kinds, Direction: q.Direction,
		MaxDepth: q.MaxDepth, MaxNodes: q.MaxNodes, FanOut: q.FanOut, Expand: q.Expand, Explain: q.Explain, Own: c.own,
	})
}

// CatalogImpact names an entity that would go. 0 is the default of a bound.
type CatalogImpact struct {
	Ref      string
	MaxDepth int // default and most 10
	MaxNodes int // affected entities; default 500, at most 1,000
}

// Impact returns what breaks, or loses something, when an entity goes:
// {"entity","affected","owners","direct","indirect","goes","truncated"}.
func (c Catalog) Impact(q CatalogImpact) (Document, error) {
	return c.document(opCatalogImpact, &contract.CatalogImpactRequest{Ref: q.Ref, MaxDepth: q.MaxDepth, MaxNodes: q.MaxNodes, Own: c.own})
}
