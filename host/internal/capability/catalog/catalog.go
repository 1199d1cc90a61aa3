package catalog

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/quantity"
	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/entity"
)

// mediaType of the JSON behind the handles.
const mediaType = "application/json; charset=utf-8"

// maxRefs bounds one by-refs request.
const maxRefs = 10_000

// Location is a registered location as GET /locations shows it.
type Location struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Target    string `json:"target"`
	EntityRef string `json:"entityRef,omitempty"`
}

// Locations lists registered locations.
type Locations interface {
	Locations(ctx context.Context) ([]Location, error)
}

// Engine changes the catalog and looks at what a change would do; the ingest
// engine does.
type Engine interface {
	Provide(ctx context.Context, p ingest.Provision) (ingest.Provisioned, error)
	Validate(ctx context.Context, documents [][]byte, place string) (refs []string, problems []ingest.DocumentProblem, err error)
	Preview(ctx context.Context, kind, target string) (ingest.Previewed, error)
	Ancestry(ctx context.Context, ref string) ([]ingest.Ancestor, error)
	Dependents(ctx context.Context, ref string, most int) (refs []string, more bool, err error)
	Inverses() catalog.Inverses
	Model() ingest.Described
	Refresh(by ingest.Asker, ref string)
	RefreshKeys(plugin string, keys []string)
	Register(ctx context.Context, by ingest.Asker, kind, target string) (ingest.LocationStatus, error)
	Unregister(ctx context.Context, by ingest.Asker, id, of string) error
	Remove(by ingest.Asker, ref string) error
}

// Permits decides by policy what may be done with an entity.
type Permits interface {
	// MayWith returns nil or a fault of kind Denied.
	MayWith(ctx context.Context, who principal.Authority, permission, ref string) error
}

// Deps is what the capability stands on.
type Deps struct {
	Reader    catalog.Reader
	Graph     catalog.Graph
	Problems  catalog.Problems
	Locations Locations
	Engine    Engine
	Past      History
	Removed   Registrations
	Permits   Permits // nil = one may do with an entity what one sees
	Now       func() time.Time
}

// New returns the table's row.
func New(d Deps) capability.Capability {
	s := service{d.Reader, d.Graph, d.Problems, d.Locations, d.Engine, d.Past, d.Removed, d.Permits, quantity.NewRate(maxRefreshes, d.Now)}
	return capability.Capability{
		ID: abi.CapCatalog, EveryActor: true, Scope: scopes{},
		Ops: map[uint32]capability.Operation{
			abi.CatalogGet:     capability.Op("catalog.get/1", s.get),
			abi.CatalogQuery:   capability.Op("catalog.query/1", s.query),
			abi.CatalogFacets:  capability.Op("catalog.facets/1", s.facets),
			abi.CatalogByRefs:  capability.Op("catalog.by-refs/1", s.byRefs),
			abi.CatalogLocList: capability.Op("catalog.locations/1", s.list),

			abi.CatalogTraverse:  capability.Op("catalog.traverse/1", s.traverse),
			abi.CatalogProblems:  capability.Op("catalog.problems/1", s.problems),
			abi.CatalogGraph:     capability.Op("catalog.graph/1", s.draw),
			abi.CatalogImpact:    capability.Op("catalog.impact/1", s.impact),
			abi.CatalogModel:     capability.Op("catalog.model/1", s.model),
			abi.CatalogAncestry:  capability.Op("catalog.ancestry/1", s.ancestry),
			abi.CatalogApply:     capability.Op("catalog.apply/1", s.apply),
			abi.CatalogRefresh:   capability.Op("catalog.refresh/1", s.refresh),
			abi.CatalogValidate:  capability.Op("catalog.validate/1", s.validate),
			abi.CatalogLocAdd:    capability.Op("catalog.add-location/1", s.addLocation),
			abi.CatalogLocDelete: capability.Op("catalog.delete-location/1", s.deleteLocation),
			abi.CatalogRemove:    capability.Op("catalog.remove-entity/1", s.remove),

			abi.CatalogHistory:    capability.Op("catalog.history/1", s.changes),
			abi.CatalogAsOf:       capability.Op("catalog.as-of/1", s.asOf),
			abi.CatalogLocRemoved: capability.Op("catalog.removed-locations/1", s.removedLocations),
			abi.CatalogLocRestore: capability.Op("catalog.restore-location/1", s.restoreLocation),
		},
	}
}

type service struct {
	reader    catalog.Reader
	graph     catalog.Graph
	troubles  catalog.Problems
	locations Locations
	engine    Engine
	history   History

	registrations Registrations
	permits       Permits

	refreshes *quantity.Rate // by installation
}

func scopeOf(c *capability.Call) (*Scope, error) {
	s, ok := c.Scope.(*Scope)
	if !ok {
		return nil, fault.New(fault.Internal, "the call has no catalog scope")
	}
	return s, nil
}

// reach returns the part of the catalog that the call may read, and refuses
// own rights to a plugin that has none.
func reach(c *capability.Call, own bool) (*Reach, error) {
	s, err := scopeOf(c)
	if err != nil {
		return nil, err
	}
	if !c.Own(own) {
		return s.Read, nil
	}
	if s.Own == nil {
		return nil, &capability.Denial{
			Missing: "catalog: own",
			Why:     "reading the catalog with the plugin's own rights needs `own` in the scope of catalog, declared and granted",
		}
	}
	return s.Own, nil
}

func (s service) get(ctx context.Context, c *capability.Call, q *contract.CatalogGetRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	v := c.Viewer(q.Own)
	if kind, _, found := strings.Cut(q.Ref, ":"); found {
		c.Reached(abi.CapCatalog, "kind", strings.ToLower(kind))
	}
	if !r.whole() {
		if err := s.within(ctx, v, r, q); err != nil {
			return nil, err
		}
	}
	doc, err := s.reader.Get(ctx, v, catalog.GetQuery{Ref: q.Ref, UID: q.UID, Fields: q.Fields})
	if err != nil {
		return nil, err
	}
	return hand(c, v, doc)
}

// within refuses an entity outside of the plugin's reach. A kind that it does
// not read is a denial; an entity that its filter leaves out is absent.
func (s service) within(ctx context.Context, v principal.Viewer, r *Reach, q *contract.CatalogGetRequest) error {
	one := catalog.Filter{{{Key: "metadata.uid", Values: []string{q.UID}}}}
	if q.Ref != "" {
		ref, err := entity.ParseRef(q.Ref, "", "")
		if err != nil {
			return fault.New(fault.Invalid, "%w", err)
		}
		if !r.allows(ref.Kind) {
			return outOfReach(r, ref.Kind)
		}
		one = catalog.Filter{{
			{Key: "kind", Values: []string{ref.Kind}},
			{Key: "metadata.namespace", Values: []string{ref.Namespace}},
			{Key: "metadata.name", Values: []string{ref.Name}},
		}}
	}
	page, err := s.reader.Query(ctx, v, catalog.Query{Filter: r.narrowed(one), Limit: 1})
	if err == nil && page.Count == 0 {
		err = fault.New(fault.NotFound, "no entity %s%s that the plugin reads", q.Ref, q.UID)
	}
	return err
}

func outOfReach(r *Reach, kind string) error {
	kind = strings.ToLower(kind)
	return &capability.Denial{
		Missing: "catalog: read kind " + kind,
		Why:     "the plugin reads " + r.String() + " of the catalog; it does not read kind " + kind,
	}
}

func (s service) query(ctx context.Context, c *capability.Call, q *contract.CatalogQueryRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	v := c.Viewer(q.Own)
	s.reached(c, q.Filter)
	order := make([]catalog.Order, len(q.Order))
	for i, o := range q.Order {
		order[i] = catalog.Order{Field: o.Field, Desc: o.Desc}
	}
	page, err := s.reader.Query(ctx, v, catalog.Query{
		Filter: r.narrowed(filter(q.Filter)), Predicate: q.Query, Order: order,
		FullTextTerm: q.FullTextTerm, FullTextFields: q.FullTextFields, Fields: q.Fields,
		Limit: q.Limit, Offset: q.Offset, Cursor: q.Cursor,
	})
	if err != nil {
		return nil, err
	}
	n, size, err := c.Handles.PutShared(page.Body, mediaType, v.Authority())
	if err != nil {
		return nil, err
	}
	return &contract.CatalogQueryAnswer{
		Handle: n, Size: uint64(size), Count: page.Count, TotalItems: page.TotalItems, //nolint:gosec // sizes are not negative
		NextCursor: page.NextCursor, PrevCursor: page.PrevCursor, Revision: page.Revision,
	}, nil
}

func (s service) facets(ctx context.Context, c *capability.Call, q *contract.CatalogFacetsRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	v := c.Viewer(q.Own)
	s.reached(c, q.Filter)
	doc, err := s.reader.Facets(ctx, v, catalog.FacetQuery{Facets: q.Facets, Filter: r.narrowed(filter(q.Filter)), Predicate: q.Query})
	if err != nil {
		return nil, err
	}
	return hand(c, v, doc)
}

func (s service) byRefs(ctx context.Context, c *capability.Call, q *contract.CatalogByRefsRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	if len(q.Refs) > maxRefs {
		return nil, fault.New(fault.Invalid, "%d entity refs asked for, at most %d at once", len(q.Refs), maxRefs)
	}
	v := c.Viewer(q.Own)
	for _, ref := range q.Refs[:min(len(q.Refs), maxReached)] {
		if kind, _, found := strings.Cut(ref, ":"); found {
			c.Reached(abi.CapCatalog, "kind", strings.ToLower(kind))
		}
	}
	doc, err := s.reader.ByRefs(ctx, v, catalog.RefsQuery{Refs: q.Refs, Filter: r.narrowed(filter(q.Filter)), Predicate: q.Query, Fields: q.Fields})
	if err != nil {
		return nil, err
	}
	return hand(c, v, doc)
}

func (s service) list(ctx context.Context, c *capability.Call, q *contract.CatalogLocationsRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	if !r.allows("location") {
		return nil, outOfReach(r, "location")
	}
	locations, err := s.locations.Locations(ctx)
	if err != nil {
		return nil, err
	}
	if locations == nil {
		locations = []Location{}
	}
	body, err := json.Marshal(locations)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "encoding locations")
	}
	return hand(c, c.Viewer(q.Own), catalog.Document{Body: catalog.Body{body}, Revision: s.reader.Revision()})
}

// maxReached is how many refs of one request are looked at for their kinds.
const maxReached = 20

// reached notes the kinds that a filter asks for; one that names none in any of
// its parts asks for all.
func (service) reached(c *capability.Call, f []contract.FilterAll) {
	if len(f) == 0 {
		c.Reached(abi.CapCatalog, "kind", "*")
	}
	for _, all := range f {
		named := false
		for _, t := range all.Terms {
			if !strings.EqualFold(t.Key, "kind") {
				continue
			}
			for _, kind := range t.Values {
				named = true
				c.Reached(abi.CapCatalog, "kind", strings.ToLower(kind))
			}
		}
		if !named {
			c.Reached(abi.CapCatalog, "kind", "*")
		}
	}
}

// hand puts a document behind a handle.
func hand(c *capability.Call, v principal.Viewer, doc catalog.Document) (msgp.Marshaler, error) {
	n, size, err := c.Handles.PutShared(doc.Body, mediaType, v.Authority())
	if err != nil {
		return nil, err
	}
	return &contract.CatalogHandle{Handle: n, Size: uint64(size), ETag: doc.ETag, Revision: doc.Revision}, nil //nolint:gosec // sizes are not negative
}

func filter(in []contract.FilterAll) catalog.Filter {
	if len(in) == 0 {
		return nil
	}
	out := make(catalog.Filter, len(in))
	for i, all := range in {
		out[i] = make([]catalog.Term, len(all.Terms))
		for j, t := range all.Terms {
			out[i][j] = catalog.Term{Key: t.Key, Values: t.Values}
		}
	}
	return out
}
