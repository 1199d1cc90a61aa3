package catalog

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/history"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/entity"
)

// History answers what the catalog was; history.Reader does.
type History interface {
	Changes(ctx context.Context, v principal.Viewer, q history.Query) (catalog.Document, error)
	AsOf(ctx context.Context, v principal.Viewer, reach history.Reach, ref string, m history.Moment) (catalog.Document, error)
}

// Registrations remembers what was registered; the ingest engine does.
type Registrations interface {
	RemovedLocations(ctx context.Context) ([]store.DeletedLocationRow, error)
	Restore(ctx context.Context, by ingest.Asker, id string) (ingest.Restored, error)
}

// pastReach is what a plugin reads of the history. What is no longer in the
// catalog is judged by its kind alone; a plugin with a filter does not read it.
func pastReach(r *Reach) history.Reach {
	if r.whole() {
		return history.Reach{}
	}
	return history.Reach{Filter: r.narrowed(nil), Gone: func(ref string) bool {
		kind, _, _ := strings.Cut(ref, ":")
		return len(r.Filters) == 0 && r.allows(kind)
	}}
}

// canonical returns a ref as the catalog writes it, "" for none.
func canonical(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	ref, err := entity.ParseRef(text, "", "")
	if err != nil {
		return "", fault.New(fault.Invalid, "%w", err)
	}
	return ref.String(), nil
}

func (s service) changes(ctx context.Context, c *capability.Call, q *contract.CatalogHistoryRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	query := history.Query{
		Kind: strings.ToLower(q.Kind), Actions: q.Actions, Oldest: q.Oldest, Limit: q.Limit, Cursor: q.Cursor, Reach: pastReach(r),
	}
	if query.Ref, err = canonical(q.Ref); err != nil {
		return nil, err
	}
	if query.Owner, err = canonical(q.Owner); err != nil {
		return nil, err
	}
	if q.Since != "" {
		if query.Since, err = time.Parse(time.RFC3339, q.Since); err != nil {
			return nil, fault.New(fault.Invalid, "since is a time, 2026-11-24T20:21:51Z, not %.60q", q.Since)
		}
	}
	kind := query.Kind
	if query.Ref != "" {
		kind, _, _ = strings.Cut(query.Ref, ":")
	}
	if kind == "" {
		kind = "*"
	}
	c.Reached(abi.CapCatalog, "kind", kind)
	v := c.Viewer(q.Own)
	doc, err := s.history.Changes(ctx, v, query)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	return hand(c, v, doc)
}

func (s service) asOf(ctx context.Context, c *capability.Call, q *contract.CatalogAsOfRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	ref, err := entity.ParseRef(q.Ref, "", "")
	if err != nil {
		return nil, fault.New(fault.Invalid, "%w", err)
	}
	if !r.allows(ref.Kind) {
		return nil, outOfReach(r, ref.Kind)
	}
	m, err := history.ParseMoment(q.At)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	c.Reached(abi.CapCatalog, "kind", strings.ToLower(ref.Kind))
	v := c.Viewer(q.Own)
	doc, err := s.history.AsOf(ctx, v, pastReach(r), ref.String(), m)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	return hand(c, v, doc)
}

// removedLocation is a location that was registered once, as it is shown.
type removedLocation struct {
	ID           string    `json:"id"`
	Type         string    `json:"type"`
	Target       string    `json:"target"`
	EntityRef    string    `json:"entityRef"`
	RegisteredBy string    `json:"registeredBy"`
	RemovedAt    time.Time `json:"removedAt"`
	RemovedBy    string    `json:"removedBy"`
	Plugin       string    `json:"plugin"`
}

func (s service) removedLocations(ctx context.Context, c *capability.Call, q *contract.CatalogRemovedLocationsRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	if !r.allows("location") {
		return nil, outOfReach(r, "location")
	}
	rows, err := s.registrations.RemovedLocations(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault of the store
	}
	out := make([]removedLocation, len(rows))
	for i, row := range rows {
		out[i] = removedLocation{
			ID: row.ID, Type: row.Type, Target: row.Target, EntityRef: ingest.LocationRef(row.Type, row.Target),
			RegisteredBy: row.CreatedBy, RemovedAt: row.DeletedAt, RemovedBy: row.DeletedBy, Plugin: row.Plugin,
		}
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "encoding removed locations")
	}
	return hand(c, c.Viewer(q.Own), catalog.Document{Body: catalog.Body{body}, Revision: s.reader.Revision()})
}

// answering is left of a deadline for answering, when something is waited for.
const answering = time.Second

func (s service) restoreLocation(ctx context.Context, c *capability.Call, q *contract.CatalogRestoreLocationRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	if err := mayRegister(c); err != nil {
		return nil, err
	}
	if c.Own(q.Own) {
		if err := s.registeredByItself(ctx, c, q.ID); err != nil {
			return nil, err
		}
	}
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-answering))
		defer cancel()
	}
	back, err := s.registrations.Restore(ctx, asker(c, q.Own), q.ID)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	a := &contract.CatalogRestoreLocationAnswer{
		ID: back.ID, Type: back.Type, Target: back.Target, EntityRef: back.EntityRef, Entities: back.Entities, Refs: []string{}, Pending: back.Pending,
	}
	v := c.Viewer(q.Own)
	for _, ref := range back.Refs {
		if _, err := s.sees(ctx, v, r, ref); err == nil {
			a.Refs = append(a.Refs, ref)
		}
	}
	return a, nil
}

// registeredByItself refuses to a plugin that acts for itself what others registered.
func (s service) registeredByItself(ctx context.Context, c *capability.Call, id string) error {
	rows, err := s.registrations.RemovedLocations(ctx)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the store
	}
	for _, row := range rows {
		if row.ID == id && row.CreatedBy == itself(c) {
			return nil
		}
	}
	return fault.New(fault.NotFound, "no removed location has the id %q", id)
}
