package catalog

// Inverses maps the second type of each pair of relations to the first:
// "dependencyOf" to "dependsOn". The first is the one that the model names
// first; it is the type of the edge, whichever end declares the relation.
type Inverses map[string]string

// The directions of edges.
const (
	Outgoing = "outgoing" // from source to target
	Both     = "both"
)

// GraphQuery says what to draw. A relation that is cut nowhere has both of its
// ends among the nodes, so all relations among the nodes are edges.
type GraphQuery struct {
	Refs      []string // where it starts, 1 to 100
	Relations []string // types, of either end; none = all
	Kinds     []string // of the nodes beside the starts, without regard to case; none = all
	Direction string   // Outgoing, Incoming or empty for both; edges run from source to target
	MaxDepth  int      // 0 = 1; at most 10
	MaxNodes  int      // 0 = 100; at most 1,000
	FanOut    int      // neighbours followed from a node, per type of relation; 0 = 50; at most 1,000
	Expand    []string // of these, at most 100, all neighbours are shown, whatever depth and fan-out say
	Explain   string   // a ref: the answer shows the shortest way to it
	Inverses  Inverses
	// Reach is as in TraverseQuery.
	Reach func(ref string) bool
}

// ImpactQuery names what would go.
type ImpactQuery struct {
	Ref      string
	MaxDepth int // 0 = 10, the most
	MaxNodes int // affected entities; 0 = 500; at most 1,000
	Inverses Inverses
	Goes     []string // what goes with it; canonical refs
	GoesMore bool     // Goes is not all
	Reach    func(ref string) bool
}
