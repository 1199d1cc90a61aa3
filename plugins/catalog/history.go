package main

import (
	"context"
	"strconv"
	"time"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/rawjson"
)

// The history is not in Backstage's API; its errors have the same body.

// changes serves GET /history: what happened to entities.
func changes(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	q := r.Query()
	limit, _, err := number(q, "limit")
	if err != nil {
		return nil, err
	}
	query := sdk.CatalogHistory{Ref: q.Get("ref"), Owner: q.Get("owner"), Kind: q.Get("kind"), Limit: limit, Cursor: q.Get("cursor")}
	for _, value := range q.All("action") {
		query.Actions = append(query.Actions, list(value)...)
	}
	switch order := q.Get("order"); order {
	case "", "newest":
	case "oldest":
		query.Oldest = true
	default:
		return nil, sdk.Invalid("Invalid order \"%s\", expected one of: newest, oldest", order)
	}
	if since := q.Get("since"); since != "" {
		if query.Since, err = time.Parse(time.RFC3339, since); err != nil {
			return nil, sdk.Invalid("Invalid since, must be a time such as 2026-11-24T20:21:51Z")
		}
	}
	doc, err := sdk.Viewer(ctx).Catalog().History(query)
	if err != nil {
		return nil, err
	}
	return document(doc, "", ""), nil
}

// asOf serves GET /history/by-name/{kind}/{namespace}/{name}?at=…: an entity
// as it was at a revision or a time.
func asOf(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	at := r.Query().Get("at")
	if at == "" {
		return nil, sdk.Invalid("Missing query parameter at, a revision or a time")
	}
	doc, err := sdk.Viewer(ctx).Catalog().AsOf(refOf(r), at)
	if err != nil {
		return nil, err
	}
	return document(doc, "", ""), nil
}

// removedLocations serves GET /history/locations: those that were registered once.
func removedLocations(ctx context.Context, _ *sdk.Request) (*sdk.Response, error) {
	doc, err := sdk.Viewer(ctx).Catalog().RemovedLocations()
	if err != nil {
		return nil, err
	}
	return document(doc, `{"items":`, "}"), nil
}

// restoreLocation serves POST /history/locations/{id}/restore: it registers a
// removed location again and says what came back.
func restoreLocation(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	back, err := sdk.Viewer(ctx).Catalog().RestoreLocation(r.Param("id"))
	if err != nil {
		return nil, err
	}
	b := appendLocation([]byte(`{"location":`), sdk.CatalogLocation{ID: back.ID, Type: back.Type, Target: back.Target, EntityRef: back.EntityRef})
	b = strconv.AppendInt(append(b, `,"entities":`...), int64(back.Entities), 10)
	b = append(b, `,"entityRefs":[`...)
	for i, ref := range back.Refs {
		if i > 0 {
			b = append(b, ',')
		}
		b = rawjson.AppendQuote(b, ref)
	}
	b = append(append(b, `],"pending":`...), truth(back.Pending)...)
	return sdk.NewResponse(201).Header("Content-Type", jsonType).Bytes(append(b, '}')), nil
}
