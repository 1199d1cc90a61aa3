package contract

//go:generate go tool msgp -io=false

// CatalogGraphRequest is the payload of catalog.graph/1: what stands around
// Refs, to be drawn. The answer is a handle to
// {"nodes":[{"ref","kind","name","title","type","owner","system","depth","cut"}],"edges":[{"source","type","target"}],
// "caps":[{"cap","limit","count","entityRefs"}],"path"}.
type CatalogGraphRequest struct {
	Refs      []string `msg:"r,limit=20000" json:"refs"`                // 1 to 100; one that leads nowhere is refused
	Relations []string `msg:"t,limit=20000" json:"relations,omitempty"` // types, of either end; none = all
	Kinds     []string `msg:"k,limit=20000" json:"kinds,omitempty"`     // of the nodes beside Refs; none = all
	Direction string   `msg:"d" json:"direction,omitempty"`             // outgoing, incoming, or both (default)
	MaxDepth  int      `msg:"n" json:"maxDepth,omitempty"`              // default 1, at most 10
	MaxNodes  int      `msg:"l" json:"maxNodes,omitempty"`              // default 100, at most 1,000
	FanOut    int      `msg:"f" json:"fanOut,omitempty"`                // neighbours of a node per type of relation; default 50, at most 1,000
	Expand    []string `msg:"e,limit=20000" json:"expand,omitempty"`    // refs, at most 100: all of their neighbours are shown, whatever depth and fan-out say
	Explain   string   `msg:"x" json:"explain,omitempty"`               // a ref to show the shortest way to
	Own       bool     `msg:"o" json:"own,omitempty"`
}

// CatalogImpactRequest is the payload of catalog.impact/1: what breaks, or
// loses something, when Ref goes. The answer is a handle to
// {"entity","affected":[{…as a node…,"depth","effect","path"}],"owners":[{"owner","direct","indirect"}],"direct","indirect","goes","truncated"}.
type CatalogImpactRequest struct {
	Ref      string `msg:"r" json:"ref"`
	MaxDepth int    `msg:"n" json:"maxDepth,omitempty"` // default and most 10
	MaxNodes int    `msg:"l" json:"maxNodes,omitempty"` // affected entities; default 500, at most 1,000
	Own      bool   `msg:"o" json:"own,omitempty"`
}
