package sdk

import (
	"context"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

var (
	opCatalogApply     = operation{abi.CapCatalog, abi.CatalogApply, "catalog.apply/1"}
	opCatalogRefresh   = operation{abi.CapCatalog, abi.CatalogRefresh, "catalog.refresh/1"}
	opCatalogTraverse  = operation{abi.CapCatalog, abi.CatalogTraverse, "catalog.traverse/1"}
	opCatalogProblems  = operation{abi.CapCatalog, abi.CatalogProblems, "catalog.problems/1"}
	opCatalogModel     = operation{abi.CapCatalog, abi.CatalogModel, "catalog.model/1"}
	opCatalogAncestry  = operation{abi.CapCatalog, abi.CatalogAncestry, "catalog.ancestry/1"}
	opCatalogValidate  = operation{abi.CapCatalog, abi.CatalogValidate, "catalog.validate/1"}
	opCatalogLocAdd    = operation{abi.CapCatalog, abi.CatalogLocAdd, "catalog.add-location/1"}
	opCatalogLocDelete = operation{abi.CapCatalog, abi.CatalogLocDelete, "catalog.delete-location/1"}
	opCatalogRemove    = operation{abi.CapCatalog, abi.CatalogRemove, "catalog.remove-entity/1"}
)

// CatalogChange is what a plugin brings to the catalog: into "plugin:<id>", or
// with Provider into "plugin:<id>/<provider>".
type CatalogChange struct {
	Provider string
	Full     bool     // what is in the bucket and not here goes
	Entities [][]byte // descriptors, JSON or YAML, one each
	Handle   Handle   // many: YAML documents or a JSON array
	Remove   []string // refs
}

// CatalogProblem is what is wrong with one descriptor. Index is its place, in
// Entities first, then in what Handle holds; -1 = of none.
type CatalogProblem = contract.CatalogProblem

// CatalogApplied is what became of a change.
type CatalogApplied struct {
	Revision uint64 // of a catalog that has the change
	Entities int    // in the bucket now
	Problems []CatalogProblem
}

// Apply brings entities and returns when the catalog has them. What is wrong
// with one of them is a problem of its own: the others are taken.
func (c Catalog) Apply(q CatalogChange) (CatalogApplied, error) {
	var a contract.CatalogApplyAnswer
	err := c.call.do(opCatalogApply, &contract.CatalogApplyRequest{
		Provider: q.Provider, Full: q.Full, Entities: q.Entities, Handle: q.Handle.id, Remove: q.Remove, Own: c.own,
	}, &a)
	return CatalogApplied(a), err
}

// Refresh lets the sources of up to 100 entities be read again soon.
func (c Catalog) Refresh(refs ...string) error {
	return c.call.do(opCatalogRefresh, &contract.CatalogRefreshRequest{Refs: refs, Own: c.own}, nil)
}

// RefreshKeys lets the entities be processed again soon for which a processor
// of the plugin named one of up to 100 keys. A viewer is refused.
func (c Catalog) RefreshKeys(keys ...string) error {
	if !c.own {
		return Denied("keys are refreshed with the plugin's own rights: Own(ctx).Catalog()")
	}
	return c.call.do(opCatalogRefresh, &contract.CatalogRefreshRequest{Keys: keys, Own: true}, nil)
}

// CatalogTraversal says where to start and how far to go along relations.
type CatalogTraversal struct {
	Refs      []string
	Relations []string // types; none = all
	Direction string   // declared, incoming or both (default)
	Depth     int      // default 1, at most 10
	Limit     int      // nodes; default 100, at most 1,000
	Fields    []string // of the entities
	RefsOnly  bool     // no entities
}

// Traverse returns {"nodes":[{"ref","depth","entity"}],"edges":[{"source","type","target"}],"truncated"}.
func (c Catalog) Traverse(q CatalogTraversal) (Document, error) {
	return c.document(opCatalogTraverse, &contract.CatalogTraverseRequest{
		Refs: q.Refs, Relations: q.Relations, Direction: q.Direction, Depth: q.Depth, Limit: q.Limit, Fields: q.Fields, RefsOnly: q.RefsOnly, Own: c.own,
	})
}

// CatalogProblemQuery selects what is wrong with entities. A list without
// values selects all.
type CatalogProblemQuery struct {
	Types  []string // processing, unreadable, dangling, orphan, unowned
	Owners []string // refs, or "none"
	Kinds  []string
	Limit  int // default 50, at most 1,000
	Offset int
}

// Problems returns {"items":[{"entityRef","type","level","message","owners",
// "location","line","relation":{"type","targetRef"}}],"totalItems","counts":{"types","owners","kinds"}}.
func (c Catalog) Problems(q CatalogProblemQuery) (Document, error) {
	return c.document(opCatalogProblems, &contract.CatalogProblemsRequest{
		Types: q.Types, Owners: q.Owners, Kinds: q.Kinds, Limit: q.Limit, Offset: q.Offset, Own: c.own,
	})
}

// Model returns {"kinds","relations","annotations","labels"}: what entities
// there can be, and which plugin says so.
func (c Catalog) Model() (Document, error) {
	return c.document(opCatalogModel, &contract.CatalogModelRequest{Own: c.own})
}

// Ancestry returns {"rootEntityRef","items":[{"entity","parentEntityRefs"}]}:
// the entity and everything that leads to it.
func (c Catalog) Ancestry(ref string) (Document, error) {
	return c.document(opCatalogAncestry, &contract.CatalogAncestryRequest{Ref: ref, Own: c.own})
}

// Validate looks at YAML documents as the catalog would and stores nothing.
// place is where they would come from, "url:https://…", whose rules then
// count; empty = from the plugin. refs are those without a problem.
func (c Catalog) Validate(text []byte, place string) (refs []string, problems []CatalogProblem, err error) {
	var a contract.CatalogValidateAnswer
	err = c.call.do(opCatalogValidate, &contract.CatalogValidateRequest{Text: text, Location: place, Own: c.own}, &a)
	return a.Refs, a.Problems, err
}

// CatalogLocation is a registered location, or one that was looked at. Handle
// is of a dry run: a JSON array of the entities that it would bring.
type CatalogLocation struct {
	ID        string
	Type      string
	Target    string
	EntityRef string
	Exists    bool
	Handle    Handle
	Problems  []CatalogProblem
}

// AddLocation registers a URL, or with dryRun reads it and stores nothing.
func (c Catalog) AddLocation(url string, dryRun bool) (CatalogLocation, error) {
	var a contract.CatalogLocationAnswer
	if err := c.call.do(opCatalogLocAdd, &contract.CatalogLocationRequest{Type: "url", Target: url, DryRun: dryRun, Own: c.own}, &a); err != nil {
		return CatalogLocation{}, err
	}
	return CatalogLocation{
		ID: a.ID, Type: a.Type, Target: a.Target, EntityRef: a.EntityRef, Exists: a.Exists, Problems: a.Problems,
		Handle: Handle{call: c.call, id: a.Handle, size: a.Size},
	}, nil
}

// DeleteLocation removes a registered location, and what only it brought.
func (c Catalog) DeleteLocation(id string) error {
	return c.call.do(opCatalogLocDelete, &contract.CatalogLocationDeleteRequest{ID: id, Own: c.own}, nil)
}

// RemoveEntity takes out an orphan. What a source still brings is read again
// instead, and stays: to remove it, change the source, or unregister its
// location. Own(ctx) is refused.
func (c Catalog) RemoveEntity(ref string) error {
	if c.own {
		return Denied("entities are removed with the rights of a viewer; what the plugin brings goes with Apply")
	}
	return c.call.do(opCatalogRemove, &contract.CatalogRemoveRequest{Ref: ref}, nil)
}

// Provider brings entities when its schedule says so: it calls
// Own(ctx).Catalog().Apply, with its name as Provider where the plugin has
// several. The message goes to the log: "412 repositories".
type Provider func(ctx context.Context) (message string, err error)

// Providers maps the names of plugin.yaml's providers to functions.
type Providers map[string]Provider

// provide runs one provider.
func (g *Guest) provide(c *call, payload []byte) []byte {
	var req contract.ProvideRequest
	if _, err := req.UnmarshalMsg(payload); err != nil {
		return g.fail(Errorf(CodeInvalid, "reading the request: %w", err))
	}
	run := g.plugin.Providers[req.Provider]
	if run == nil {
		return g.fail(NotFound("provider %q is not registered by this plugin", req.Provider))
	}
	message, err := run(c)
	if err != nil {
		return g.fail(err)
	}
	return g.succeed(&contract.ProvideReply{Message: message})
}
