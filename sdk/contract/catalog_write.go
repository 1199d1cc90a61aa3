package contract

//go:generate go tool msgp -io=false

// CatalogApplyRequest is the payload of catalog.apply/1. The entities go into
// a bucket that is the plugin's own: "plugin:<id>", or with Provider
// "plugin:<id>/<provider>". Full replaces what is in the bucket; otherwise
// Entities are added or replaced and Remove goes. An entity is a descriptor,
// as JSON or YAML; Handle holds many of them, as YAML documents or a JSON array.
type CatalogApplyRequest struct {
	Provider string   `msg:"p" json:"provider,omitempty"` // 1 to 64 of a-z, 0-9, "-"
	Full     bool     `msg:"f" json:"full,omitempty"`
	Entities [][]byte `msg:"e,limit=20000" json:"entities,omitempty"`
	Handle   uint32   `msg:"h" json:"handle,omitempty"`
	Remove   []string `msg:"r,limit=20000" json:"remove,omitempty"` // refs
	Own      bool     `msg:"o" json:"own,omitempty"`
}

// CatalogApplyAnswer is the answer to catalog.apply/1. The catalog of Revision
// has the change. An entity with a problem is left out, or as it was; the
// others are applied.
type CatalogApplyAnswer struct {
	Revision uint64           `msg:"v" json:"revision"`
	Entities int              `msg:"e" json:"entities"` // in the bucket now
	Problems []CatalogProblem `msg:"p,limit=20000" json:"problems,omitempty"`
}

// CatalogProblem is what is wrong with one descriptor.
type CatalogProblem struct {
	Index   int    `msg:"i" json:"index"`          // of the descriptor in the request; -1 = of none
	Line    int    `msg:"l" json:"line,omitempty"` // in its text, where that is known
	Ref     string `msg:"r" json:"ref,omitempty"`  // where the descriptor says which entity it is
	Name    string `msg:"n" json:"name"`           // "InputError", "NotAllowedError", …
	Message string `msg:"m" json:"message"`
	Warning bool   `msg:"w" json:"warning,omitempty"` // the entity is taken all the same
}

// CatalogRefreshRequest is the payload of catalog.refresh/1: the sources of
// these entities are read again soon. With Keys, which a plugin asks for with
// its own rights, entities for which its processors named one of them are
// processed again, though their sources did not change. At most 100 of both.
type CatalogRefreshRequest struct {
	Refs []string `msg:"r,limit=20000" json:"refs"`
	Own  bool     `msg:"o" json:"own,omitempty"`
	Keys []string `msg:"k,limit=20000" json:"keys,omitempty"`
}

// CatalogTraverseRequest is the payload of catalog.traverse/1: what can be
// reached from Refs by relations. The answer is a handle to
// {"nodes":[{"ref","depth","entity"}],"edges":[{"source","type","target"}],"truncated"}.
type CatalogTraverseRequest struct {
	Refs      []string `msg:"r,limit=20000" json:"refs"`
	Relations []string `msg:"t,limit=20000" json:"relations,omitempty"` // types; none = all
	Direction string   `msg:"d" json:"direction,omitempty"`             // declared (by the entity itself), incoming (by others), or both (default)
	Depth     int      `msg:"n" json:"depth,omitempty"`                 // default 1, at most 10
	Limit     int      `msg:"l" json:"limit,omitempty"`                 // nodes; default 100, at most 1,000
	Fields    []string `msg:"f,limit=20000" json:"fields,omitempty"`    // of the entities; none = all
	RefsOnly  bool     `msg:"e" json:"refsOnly,omitempty"`              // no entities
	Own       bool     `msg:"o" json:"own,omitempty"`
}

// CatalogProblemsRequest is the payload of catalog.problems/1: what is wrong
// with entities, and who owns them. A list without values selects all. The
// answer is a handle to {"items":[{"entityRef","type","level","message",
// "owners","location","line","relation":{"type","targetRef"}}],"totalItems",
// "counts":{"types","owners","kinds"}}; counts are lists of {"value","count"}.
type CatalogProblemsRequest struct {
	Types  []string `msg:"t,limit=20000" json:"types,omitempty"`  // processing, unreadable, dangling, orphan, unowned
	Owners []string `msg:"w,limit=20000" json:"owners,omitempty"` // refs, or "none"
	Kinds  []string `msg:"k,limit=20000" json:"kinds,omitempty"`
	Limit  int      `msg:"l" json:"limit,omitempty"` // default 50, at most 1,000
	Offset int      `msg:"s" json:"offset,omitempty"`
	Own    bool     `msg:"o" json:"own,omitempty"`
}

// CatalogModelRequest is the payload of catalog.model/1. The answer is a handle
// to {"kinds","relations","annotations","labels"}: the model that the layers of
// all plugins make, as /api/catalog/model shows it.
type CatalogModelRequest struct {
	Own bool `msg:"o" json:"own,omitempty"`
}

// CatalogAncestryRequest is the payload of catalog.ancestry/1. The answer is a
// handle to {"rootEntityRef","items":[{"entity","parentEntityRefs"}]}: the
// entity and everything that leads to it, as Backstage's API shows it.
type CatalogAncestryRequest struct {
	Ref string `msg:"r" json:"ref"`
	Own bool   `msg:"o" json:"own,omitempty"`
}

// CatalogValidateRequest is the payload of catalog.validate/1: YAML documents,
// in Text or behind Handle. Nothing is stored.
type CatalogValidateRequest struct {
	Text     []byte `msg:"t" json:"text,omitempty"`
	Handle   uint32 `msg:"h" json:"handle,omitempty"`
	Location string `msg:"l" json:"location,omitempty"` // "url:https://…" that the text would come from; empty = as the plugin's own
	Own      bool   `msg:"o" json:"own,omitempty"`
}

// CatalogValidateAnswer is the answer to catalog.validate/1.
type CatalogValidateAnswer struct {
	Refs     []string         `msg:"r,limit=20000" json:"refs"` // of the entities without a problem
	Problems []CatalogProblem `msg:"p,limit=20000" json:"problems,omitempty"`
}

// CatalogLocationRequest is the payload of catalog.add-location/1. A dry run
// reads the location and stores nothing.
type CatalogLocationRequest struct {
	Type   string `msg:"t" json:"type"` // url
	Target string `msg:"g" json:"target"`
	DryRun bool   `msg:"d" json:"dryRun,omitempty"`
	Own    bool   `msg:"o" json:"own,omitempty"`
}

// CatalogLocationAnswer is the answer to catalog.add-location/1. Handle is of
// a dry run: a JSON array of the entities that the location would bring, of
// what its own file says.
type CatalogLocationAnswer struct {
	ID        string           `msg:"i" json:"id,omitempty"`
	Type      string           `msg:"t" json:"type"`
	Target    string           `msg:"g" json:"target"`
	EntityRef string           `msg:"e" json:"entityRef"`
	Exists    bool             `msg:"x" json:"exists"` // was registered before
	Handle    uint32           `msg:"h" json:"handle,omitempty"`
	Size      uint64           `msg:"s" json:"size,omitempty"`
	Problems  []CatalogProblem `msg:"p,limit=20000" json:"problems,omitempty"`
}

// CatalogLocationDeleteRequest is the payload of catalog.delete-location/1.
type CatalogLocationDeleteRequest struct {
	ID  string `msg:"i" json:"id"`
	Own bool   `msg:"o" json:"own,omitempty"`
}

// CatalogRemoveRequest is the payload of catalog.remove-entity/1, which nobody
// asks for with a plugin's own rights.
type CatalogRemoveRequest struct {
	Ref string `msg:"r" json:"ref"`
}

// ProvideRequest is the payload of entity.provide/1.
type ProvideRequest struct {
	Provider string `msg:"p" json:"provider"` // as the code registers it
}

// ProvideReply is the reply to entity.provide/1. What is provided goes through
// catalog.apply.
type ProvideReply struct {
	Message string `msg:"m" json:"message,omitempty"` // for the log: "412 repositories"
}
