package main

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/rawjson"
)

// locations serves GET /locations. The capability answers plain locations,
// the API puts each under "data".
func locations(ctx context.Context, _ *sdk.Request) (*sdk.Response, error) {
	out := []byte("[")
	err := eachLocation(ctx, func(location []byte) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, `{"data":`...), location...), '}')
	})
	if err != nil {
		return nil, err
	}
	return ok().Bytes(append(out, ']')), nil
}

// eachLocation yields the registered locations, oldest first.
func eachLocation(ctx context.Context, yield func(location []byte)) error {
	doc, err := sdk.Viewer(ctx).Catalog().Locations()
	if err != nil {
		return err
	}
	b, err := doc.Bytes()
	if err != nil {
		return err
	}
	return rawjson.Each(b, yield)
}

// Pages of locations.
const (
	defaultLocations = 20
	mostLocations    = 1000
)

// queryLocations serves POST /locations/by-query. A cursor holds the id after
// which the next page begins, and the query: what is registered or removed
// meanwhile moves nothing.
func queryLocations(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	limit, cursor, query := defaultLocations, "", []byte("{}")
	err := body(r, func(key string, value []byte) (err error) {
		switch key {
		case "cursor":
			cursor, err = text(key, value)
		case "limit":
			if limit, err = count(key, value); err == nil && (limit == 0 || limit > mostLocations) {
				err = sdk.Invalid("Invalid limit, must be between 1 and %d", mostLocations)
			}
		case "query":
			query, err = predicate(value)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	after := ""
	if cursor != "" {
		if after, query, err = readLocationCursor(cursor); err != nil {
			return nil, err
		}
	}
	found := map[string][]byte{}
	_, first := matches(query, []byte("{}"), 0) // also of a catalog without locations
	err = eachLocation(ctx, func(location []byte) {
		fits, err := matches(query, location, 0)
		if fits {
			found[rawjson.GetString(location, "id")] = location
		}
		if first == nil {
			first = err
		}
	})
	if err == nil {
		err = first
	}
	if err != nil {
		return nil, err
	}
	ids := slices.Sorted(maps.Keys(found))
	start, _ := slices.BinarySearch(ids, after+"\x00") // the one that follows after
	rest := ids[start:]
	items := []byte("[")
	for i, id := range rest[:min(limit, len(rest))] {
		if i > 0 {
			items = append(items, ',')
		}
		items = append(items, found[id]...)
	}
	b := strconv.AppendInt(append(items, `],"totalItems":`...), int64(len(found)), 10)
	b = append(b, `,"pageInfo":{`...)
	if len(rest) > limit {
		b = rawjson.AppendQuote(append(b, `"nextCursor":`...), locationCursor(rest[limit-1], query))
	}
	return ok().String(`{"items":`).Bytes(append(b, "}}"...)), nil
}

func locationCursor(after string, query []byte) string {
	b := rawjson.AppendQuote([]byte(`{"after":`), after)
	b = append(append(b, `,"query":`...), query...)
	return base64.RawURLEncoding.EncodeToString(append(b, '}'))
}

func readLocationCursor(cursor string) (after string, query []byte, err error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		after = rawjson.GetString(b, "after")
		query, _ = rawjson.Get(b, "query")
	}
	if after == "" || len(query) == 0 || query[0] != '{' {
		return "", nil, sdk.Invalid("Malformed cursor: it is not one of this catalog")
	}
	return after, query, nil
}

// findLocation returns the first location that fits, nil when none does.
func findLocation(ctx context.Context, fits func(location []byte) bool) ([]byte, error) {
	var found []byte
	err := eachLocation(ctx, func(location []byte) {
		if found == nil && fits(location) {
			found = location
		}
	})
	return found, err
}

// locationByID serves GET /locations/{id}.
func locationByID(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	id := r.Param("id")
	found, err := findLocation(ctx, func(l []byte) bool { return rawjson.GetString(l, "id") == id })
	if err == nil && found == nil {
		err = sdk.NotFound("Found no location with ID %s", id)
	}
	if err != nil {
		return nil, err
	}
	return ok().Bytes(found), nil
}

// locationByEntity serves GET /locations/by-entity/{kind}/{namespace}/{name}:
// the registered location that an entity originates in.
func locationByEntity(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	ref := refOf(r)
	doc, err := sdk.Viewer(ctx).Catalog().Get(ref, "metadata.annotations")
	if absent(err) {
		return nil, sdk.NotFound("found no entity for ref %s", ref)
	}
	if err != nil {
		return nil, err
	}
	b, err := doc.Bytes()
	if err != nil {
		return nil, err
	}
	origin := rawjson.GetString(b, "metadata", "annotations", "backstage.io/managed-by-origin-location")
	found, err := findLocation(ctx, func(l []byte) bool {
		return origin != "" && rawjson.GetString(l, "type")+":"+rawjson.GetString(l, "target") == origin
	})
	if err == nil && found == nil {
		err = sdk.NotFound("found no location for ref %s", ref)
	}
	if err != nil {
		return nil, err
	}
	return ok().Bytes(found), nil
}

// unregister serves DELETE /locations/{id}.
func unregister(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	err := sdk.Viewer(ctx).Catalog().DeleteLocation(r.Param("id"))
	if sdk.CodeOf(err) == sdk.CodeNotFound {
		return nil, sdk.NotFound("Found no location with ID %s", r.Param("id"))
	}
	if err != nil {
		return nil, err
	}
	return sdk.NewResponse(204), nil
}

// place is a location in a body.
type place struct{ kind, target string }

func readPlace(value []byte) (p place, err error) {
	if value[0] != '{' {
		return p, sdk.Invalid("Malformed request body, \"location\" must be an object")
	}
	return place{rawjson.GetString(value, "type"), rawjson.GetString(value, "target")}, nil
}

func (p place) check() error {
	switch {
	case p.kind == "":
		return missing("type")
	case p.target == "":
		return missing("target")
	case p.kind != "url":
		return sdk.Invalid("Registered locations must be of type 'url', not '%s'", p.kind)
	}
	return nil
}

// register serves POST /locations; with dryRun it stores nothing and answers
// what the location would bring.
func register(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	var p place
	err := body(r, func(key string, value []byte) (err error) {
		switch key {
		case "type":
			p.kind, err = text(key, value)
		case "target":
			p.target, err = text(key, value)
		}
		return err
	})
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return nil, err
	}
	dryRun := isYes(r.Query().Get("dryRun"))
	l, err := sdk.Viewer(ctx).Catalog().AddLocation(p.target, dryRun)
	if dryRun && unread(err) {
		err = sdk.Invalid("%s", message(err))
	}
	if err != nil {
		return nil, err
	}
	if dryRun {
		l.ID = p.kind + ":" + p.target
		if err := problemsError(l.Problems); err != nil {
			return nil, err
		}
	}
	b := append([]byte(nil), '{')
	if dryRun {
		b = append(append(append(b, `"exists":`...), truth(l.Exists)...), ',')
	}
	b = appendLocation(append(b, `"location":`...), l)
	resp := sdk.NewResponse(201).Header("Content-Type", jsonType).Bytes(append(b, `,"entities":`...))
	if dryRun {
		return resp.Handle(l.Handle).String("}"), nil
	}
	return resp.String("[]}"), nil
}

// unread reports whether a location could not be read, for whatever reason that
// whoever named it can do something about: it is not there, not allowed, too
// large or too slow.
func unread(err error) bool {
	switch sdk.CodeOf(err) {
	case sdk.CodeInvalid, sdk.CodeNotFound, sdk.CodeUnavailable, sdk.CodeExhausted, sdk.CodeTimeout:
		return true
	case sdk.CodeDenied: // without a missing grant it is the reader that refuses the host
		var e *sdk.Error
		return errors.As(err, &e) && e.MissingGrant == ""
	}
	return false
}

// problemsError is the error of a location whose descriptors are not all valid.
func problemsError(problems []sdk.CatalogProblem) error {
	var lines []string
	for _, p := range problems {
		if !p.Warning {
			lines = append(lines, describe(p))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return sdk.Invalid("%s", strings.Join(lines, "; "))
}

func appendLocation(b []byte, l sdk.CatalogLocation) []byte {
	b = rawjson.AppendQuote(append(b, `{"id":`...), l.ID)
	b = rawjson.AppendQuote(append(b, `,"type":`...), l.Type)
	b = rawjson.AppendQuote(append(b, `,"target":`...), l.Target)
	b = rawjson.AppendQuote(append(b, `,"entityRef":`...), l.EntityRef)
	return append(b, '}')
}

// isYes reads a flag of the query string.
func isYes(value string) bool {
	switch strings.ToLower(value) {
	case "true", "1", "yes", "y", "on":
		return true
	}
	return false
}

func truth(v bool) string {
	if v {
		return "true"
	}
	return "false"
}
