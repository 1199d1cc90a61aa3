package contract

//go:generate go tool msgp -io=false

// CatalogGetRequest is the payload of catalog.get/1: by ref or by uid, one of
// them. Own asks for the plugin's own rights instead of the viewer's.
type CatalogGetRequest struct {
	Ref    string   `msg:"r" json:"ref,omitempty"`
	UID    string   `msg:"u" json:"uid,omitempty"`
	Fields []string `msg:"f,limit=20000" json:"fields,omitempty"`
	Own    bool     `msg:"o" json:"own,omitempty"`
}

// CatalogHandle is the answer of the operations that return JSON by handle.
type CatalogHandle struct {
	Handle   uint32 `msg:"h" json:"handle"`
	Size     uint64 `msg:"s" json:"size"`
	ETag     string `msg:"e" json:"etag,omitempty"`
	Revision uint64 `msg:"v" json:"revision"`
}

// FilterTerm is one condition: the key exists, or has the value, without
// regard to case. Keys are flattened as in Backstage's search table.
type FilterTerm struct {
	Key    string   `msg:"k" json:"key"`
	Values []string `msg:"v,limit=20000" json:"values,omitempty"` // none = exists; several = any of
}

// FilterAll is terms joined by AND.
type FilterAll struct {
	Terms []FilterTerm `msg:"t,limit=20000" json:"terms"`
}

// OrderField sorts by a flattened key.
type OrderField struct {
	Field string `msg:"f" json:"field"`
	Desc  bool   `msg:"d" json:"desc,omitempty"`
}

// CatalogQueryRequest is the payload of catalog.query/1. Filter is OR over its
// elements; none matches everything. Query is a predicate in Backstage's
// JSON grammar ($all, $any, $not, …) and is ANDed. With a Cursor, Filter,
// Query, Order and full text come from the cursor.
type CatalogQueryRequest struct {
	Filter         []FilterAll  `msg:"f,limit=20000" json:"filter,omitempty"`
	Query          []byte       `msg:"q" json:"query,omitempty"` // JSON
	Order          []OrderField `msg:"o,limit=20000" json:"order,omitempty"`
	FullTextTerm   string       `msg:"t" json:"fullTextTerm,omitempty"`
	FullTextFields []string     `msg:"x,limit=20000" json:"fullTextFields,omitempty"`
	Fields         []string     `msg:"i,limit=20000" json:"fields,omitempty"`
	Limit          int          `msg:"l" json:"limit,omitempty"` // 0 = default of 20; -1 = all (only /entities without limit)
	Offset         int          `msg:"s" json:"offset,omitempty"`
	Cursor         string       `msg:"c" json:"cursor,omitempty"`
	Own            bool         `msg:"w" json:"own,omitempty"`
}

// CatalogQueryAnswer is the answer to catalog.query/1. Handle is a JSON array
// of entities.
type CatalogQueryAnswer struct {
	Handle     uint32 `msg:"h" json:"handle"`
	Size       uint64 `msg:"s" json:"size"`
	Count      int    `msg:"n" json:"count"` // entities in the array
	TotalItems int    `msg:"t" json:"totalItems"`
	NextCursor string `msg:"c" json:"nextCursor,omitempty"`
	PrevCursor string `msg:"p" json:"prevCursor,omitempty"`
	Revision   uint64 `msg:"v" json:"revision"`
}

// CatalogByRefsRequest is the payload of catalog.by-refs/1. The answer is a
// handle to a JSON array of the same length and order, null for what is
// absent, hidden, or does not match Filter.
type CatalogByRefsRequest struct {
	Refs   []string    `msg:"r,limit=20000" json:"refs"`
	Filter []FilterAll `msg:"t,limit=20000" json:"filter,omitempty"`
	Query  []byte      `msg:"q" json:"query,omitempty"`
	Fields []string    `msg:"f,limit=20000" json:"fields,omitempty"`
	Own    bool        `msg:"o" json:"own,omitempty"`
}

// CatalogFacetsRequest is the payload of catalog.facets/1. The answer is a
// handle to {"<facet>":[{"value":…,"count":…}]}.
type CatalogFacetsRequest struct {
	Facets []string    `msg:"a,limit=20000" json:"facets"`
	Filter []FilterAll `msg:"f,limit=20000" json:"filter,omitempty"`
	Query  []byte      `msg:"q" json:"query,omitempty"`
	Own    bool        `msg:"o" json:"own,omitempty"`
}

// CatalogLocationsRequest is the payload of catalog.locations/1.
type CatalogLocationsRequest struct {
	Own bool `msg:"o" json:"own,omitempty"`
}
