package contract

//go:generate go tool msgp -io=false

// Route is one HTTP route that a plugin serves below /api/<plugin>.
type Route struct {
	Method string `msg:"m" json:"method"`
	Path   string `msg:"p" json:"path"`
}

// Description is the reply to describe/1: what the code registered. The host
// compares it with the manifest and names every difference.
type Description struct {
	SDK        string   `msg:"s" json:"sdk"` // "go/1"
	Routes     []Route  `msg:"r,limit=20000" json:"routes,omitempty"`
	Processors []string `msg:"p,limit=20000" json:"processors,omitempty"`
	Providers  []string `msg:"v,limit=20000" json:"providers,omitempty"`
	Events     []string `msg:"e,limit=20000" json:"events,omitempty"`    // topics that it listens to
	Schedules  []string `msg:"c,limit=20000" json:"schedules,omitempty"` // ids
	Tasks      []string `msg:"t,limit=20000" json:"tasks,omitempty"`     // names
	Migrates   bool     `msg:"g" json:"migrates,omitempty"`              // it registers a migration of its data
}

// Health is the reply to health/1.
type Health struct {
	OK      bool   `msg:"o" json:"ok"`
	Message string `msg:"m" json:"message,omitempty"`
}

// ProcessItem is one entity to process.
type ProcessItem struct {
	Ref    string `msg:"r" json:"ref"`
	Entity []byte `msg:"e" json:"entity"` // JSON
}

// ProcessRequest is the payload of entity.process/1: a batch for one processor.
type ProcessRequest struct {
	Processor string        `msg:"p" json:"processor"`
	Items     []ProcessItem `msg:"i,limit=20000" json:"items"`
}

// EmittedRelation is a relation that a processor adds, from Source to Target.
type EmittedRelation struct {
	Source string `msg:"s" json:"source"`
	Type   string `msg:"t" json:"type"`
	Target string `msg:"g" json:"target"`
}

// ProcessResult is what a processor answers for one item, in the order of the
// request. An empty Entity means unchanged. Errors become status items: the
// entity goes on with the rest of the result, is processed again whenever its
// source is read, and keeps what was emitted for it before.
//
// A result counts whole or not at all. The host refuses one that changes what
// decides who may do what: users and groups, an entity's owner, members or
// parents, the targets of a Location, relations of these types, and emitted
// users, groups and locations. An emitted entity may name its own owner.
type ProcessResult struct {
	Entity    []byte            `msg:"e" json:"entity,omitempty"` // JSON, whole
	Relations []EmittedRelation `msg:"r,limit=20000" json:"relations,omitempty"`
	Emit      [][]byte          `msg:"m,limit=20000" json:"emit,omitempty"` // child entities, JSON
	Errors    []string          `msg:"x,limit=20000" json:"errors,omitempty"`
	// RefreshKeys name what else the result depends on, at most 100 of 1 to 512
	// bytes. catalog.refresh with one of them, by the same plugin, has the
	// entity processed again.
	RefreshKeys []string `msg:"k,limit=20000" json:"refreshKeys,omitempty"`
}

// ProcessReply is the reply to entity.process/1.
type ProcessReply struct {
	Results []ProcessResult `msg:"r,limit=20000" json:"results"`
}
