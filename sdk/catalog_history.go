package sdk

import (
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

var (
	opCatalogHistory    = operation{abi.CapCatalog, abi.CatalogHistory, "catalog.history/1"}
	opCatalogAsOf       = operation{abi.CapCatalog, abi.CatalogAsOf, "catalog.as-of/1"}
	opCatalogLocRemoved = operation{abi.CapCatalog, abi.CatalogLocRemoved, "catalog.removed-locations/1"}
	opCatalogLocRestore = operation{abi.CapCatalog, abi.CatalogLocRestore, "catalog.restore-location/1"}
)

// CatalogHistory selects what happened to entities; all of it must hold.
type CatalogHistory struct {
	Ref     string
	Owner   string // ref
	Kind    string
	Actions []string // created, updated, deleted, relations, status; none = all
	Since   time.Time
	Oldest  bool // oldest first
	Limit   int  // default 50, at most 200
	Cursor  string
}

// History returns {"items":[{"id","revision","at","entityRef","uid","action","owner","cause","fields","relationsGained","relationsLost"}],"pageInfo":{"nextCursor"}}.
func (c Catalog) History(q CatalogHistory) (Document, error) {
	since := ""
	if !q.Since.IsZero() {
		since = q.Since.UTC().Format(time.RFC3339Nano)
	}
	return c.document(opCatalogHistory, &contract.CatalogHistoryRequest{
		Ref: q.Ref, Owner: q.Owner, Kind: q.Kind, Actions: q.Actions, Since: since, Oldest: q.Oldest, Limit: q.Limit, Cursor: q.Cursor, Own: c.own,
	})
}

// AsOf returns an entity as it was at a revision, "17", or at a time of
// RFC 3339: {"entityRef","revision","changedAt","changedRevision","entity"}.
func (c Catalog) AsOf(ref, at string) (Document, error) {
	return c.document(opCatalogAsOf, &contract.CatalogAsOfRequest{Ref: ref, At: at, Own: c.own})
}

// RemovedLocations returns locations that were registered once:
// [{"id","type","target","entityRef","registeredBy","removedAt","removedBy","plugin"}].
func (c Catalog) RemovedLocations() (Document, error) {
	return c.document(opCatalogLocRemoved, &contract.CatalogRemovedLocationsRequest{Own: c.own})
}

// RestoredLocation is a location that is registered again. Refs are of what
// came back; with Pending it has not been read yet.
type RestoredLocation = contract.CatalogRestoreLocationAnswer

// RestoreLocation registers a removed location again, under its id.
func (c Catalog) RestoreLocation(id string) (RestoredLocation, error) {
	var a RestoredLocation
	err := c.call.do(opCatalogLocRestore, &contract.CatalogRestoreLocationRequest{ID: id, Own: c.own}, &a)
	return a, err
}
