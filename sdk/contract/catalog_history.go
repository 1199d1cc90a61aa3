package contract

//go:generate go tool msgp -io=false

// CatalogHistoryRequest is the payload of catalog.history/1: what happened to
// entities. Empty conditions select all. The answer is a handle to
// {"items":[{"id","revision","at","entityRef","uid","action","owner","cause","fields","relationsGained","relationsLost"}],"pageInfo":{"nextCursor"}}.
type CatalogHistoryRequest struct {
	Ref     string   `msg:"r" json:"ref,omitempty"`
	Owner   string   `msg:"w" json:"owner,omitempty"` // ref
	Kind    string   `msg:"k" json:"kind,omitempty"`
	Actions []string `msg:"a,limit=20000" json:"actions,omitempty"` // created, updated, deleted, relations, status
	Since   string   `msg:"s" json:"since,omitempty"`               // RFC 3339
	Oldest  bool     `msg:"d" json:"oldest,omitempty"`              // oldest first
	Limit   int      `msg:"l" json:"limit,omitempty"`               // default 50, at most 200
	Cursor  string   `msg:"c" json:"cursor,omitempty"`
	Own     bool     `msg:"o" json:"own,omitempty"`
}

// CatalogAsOfRequest is the payload of catalog.as-of/1: an entity as it was.
// The answer is a handle to {"entityRef","revision","changedAt","changedRevision","entity"}.
type CatalogAsOfRequest struct {
	Ref string `msg:"r" json:"ref"`
	At  string `msg:"a" json:"at"` // a revision, "17", or a time of RFC 3339
	Own bool   `msg:"o" json:"own,omitempty"`
}

// CatalogRemovedLocationsRequest is the payload of catalog.removed-locations/1:
// locations that were registered once. The answer is a handle to
// [{"id","type","target","entityRef","registeredBy","removedAt","removedBy","plugin"}], the last removed first.
type CatalogRemovedLocationsRequest struct {
	Own bool `msg:"o" json:"own,omitempty"`
}

// CatalogRestoreLocationRequest is the payload of catalog.restore-location/1:
// a removed location is registered again.
type CatalogRestoreLocationRequest struct {
	ID  string `msg:"i" json:"id"`
	Own bool   `msg:"o" json:"own,omitempty"`
}

// CatalogRestoreLocationAnswer is the answer to catalog.restore-location/1.
type CatalogRestoreLocationAnswer struct {
	ID        string   `msg:"i" json:"id"`
	Type      string   `msg:"t" json:"type"`
	Target    string   `msg:"g" json:"target"`
	EntityRef string   `msg:"e" json:"entityRef"`
	Entities  int      `msg:"n" json:"entities"`          // that came back
	Refs      []string `msg:"r,limit=20000" json:"refs"`  // of the first 1,000 of them that the viewer may see
	Pending   bool     `msg:"p" json:"pending,omitempty"` // it is registered, and has not been read yet
}
