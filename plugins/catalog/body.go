package main

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/rawjson"
)

// body walks the members of a JSON object. Reading it in place costs a tenth
// of encoding/json in the sandbox.
func body(r *sdk.Request, member func(key string, value []byte) error) error {
	b, err := r.Body()
	if err != nil {
		return err
	}
	if len(b) == 0 {
		return nil
	}
	if !saysJSON(r.Header("Content-Type")) {
		return malformed("the content type is not JSON")
	}
	var first error
	err = rawjson.EachMember(b, func(key string, value []byte) {
		if first == nil && string(value) != "null" {
			first = member(key, value)
		}
	})
	if errors.Is(err, rawjson.ErrDepth) {
		return sdk.Invalid("Malformed request body, it is %w", err)
	}
	if err != nil {
		return malformed("expected a JSON object")
	}
	return first
}

// saysJSON reports whether a media type is JSON. A form of another site could
// send others without being asked for.
func saysJSON(mediaType string) bool {
	name, _, _ := strings.Cut(mediaType, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	return name == "application/json" || strings.HasSuffix(name, "+json")
}

// malformed is the error of a body that is no JSON, or not said to be.
func malformed(what string) error {
	return sdk.Invalid("Malformed request body (did you remember to specify an application/json content type?), %s", what)
}

func missing(key string) error { return malformed("\"" + key + "\" is missing") }

func texts(key string, value []byte) ([]string, error) {
	out := []string{}
	valid := true
	err := rawjson.Each(value, func(item []byte) {
		s, isText := rawjson.Unquote(item)
		valid = valid && isText
		out = append(out, s)
	})
	if err != nil || !valid {
		return nil, sdk.Invalid("Malformed request body, \"%s\" must be an array of strings", key)
	}
	return out, nil
}

func text(key string, value []byte) (string, error) {
	s, isText := rawjson.Unquote(value)
	if !isText {
		return "", sdk.Invalid("Malformed request body, \"%s\" must be a string", key)
	}
	return s, nil
}

func count(key string, value []byte) (int, error) {
	n, err := strconv.Atoi(string(value))
	if err != nil || n < 0 {
		return 0, sdk.Invalid("Invalid %s, must be zero or greater", key)
	}
	return n, nil
}

// predicate takes a query in the predicate language; the catalog reads it.
func predicate(value []byte) ([]byte, error) {
	if value[0] != '{' {
		return nil, sdk.Invalid("Query must be an object")
	}
	return value, nil
}

// queryEntitiesByBody serves POST /entities/by-query.
func queryEntitiesByBody(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	var q sdk.CatalogQuery
	hasLimit := false
	err := body(r, func(key string, value []byte) (err error) {
		switch key {
		case "cursor":
			if q.Cursor, err = text(key, value); err == nil && q.Cursor == "" {
				err = sdk.Invalid("Cursor cannot be empty")
			}
		case "limit":
			hasLimit = true
			q.Limit, err = count(key, value)
		case "offset":
			q.Offset, err = count(key, value)
		case "orderBy", "orderField":
			q.Order, err = bodyOrder(key, value)
		case "fullTextFilter":
			q.FullTextTerm = rawjson.GetString(value, "term")
			if names, ok := rawjson.Get(value, "fields"); ok {
				q.FullTextFields, err = texts("fullTextFilter.fields", names)
			}
		case "fields":
			var names []string
			if names, err = texts(key, value); err == nil {
				q.Fields, err = fields(names)
			}
		case "totalItems":
			var mode string
			if mode, err = text(key, value); err == nil {
				err = totalItems(mode, true)
			}
		case "query":
			q.Predicate, err = predicate(value)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if q.Cursor != "" {
		q = sdk.CatalogQuery{Cursor: q.Cursor, Limit: q.Limit, Fields: q.Fields}
	}
	return runQuery(ctx, q, hasLimit)
}

// bodyOrder reads [{field, order}], and "path,asc" as in the query string.
func bodyOrder(key string, value []byte) ([]sdk.OrderField, error) {
	var out []sdk.OrderField
	var first error
	err := rawjson.Each(value, func(item []byte) {
		if s, isText := rawjson.Unquote(item); isText {
			more, err := orderFields([]string{s})
			if err != nil && first == nil {
				first = err
			}
			out = append(out, more...)
			return
		}
		field, order := rawjson.GetString(item, "field"), rawjson.GetString(item, "order")
		if first == nil && (field == "" || order != "asc" && order != "desc") {
			first = sdk.Invalid("Invalid order field order, must be asc or desc")
		}
		out = append(out, sdk.OrderField{Field: field, Desc: order == "desc"})
	})
	if err != nil {
		return nil, sdk.Invalid("Malformed request body, \"%s\" must be an array", key)
	}
	return out, first
}

// entitiesByRefs serves POST /entities/by-refs.
func entitiesByRefs(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	params := r.Query()
	q := sdk.CatalogRefs{}
	hasRefs := false
	names := params.All("fields")
	err := body(r, func(key string, value []byte) (err error) {
		switch key {
		case "entityRefs":
			hasRefs = true
			q.Refs, err = texts(key, value)
		case "fields":
			var more []string
			more, err = texts(key, value)
			names = append(names, more...)
		case "query":
			q.Predicate, err = predicate(value)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if !hasRefs {
		return nil, missing("entityRefs")
	}
	if q.Fields, err = fields(names); err != nil {
		return nil, err
	}
	if q.Filter, err = sdk.ParseFilter(params.All("filter")...); err != nil {
		return nil, err
	}
	doc, err := sdk.Viewer(ctx).Catalog().ByRefs(q)
	if err != nil {
		return nil, err
	}
	return document(doc, `{"items":`, "}"), nil
}

// facetsByBody serves POST /entity-facets.
func facetsByBody(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	var q sdk.CatalogFacets
	err := body(r, func(key string, value []byte) (err error) {
		switch key {
		case "facets":
			q.Facets, err = texts(key, value)
		case "query":
			q.Predicate, err = predicate(value)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if q.Facets = nonEmpty(q.Facets); len(q.Facets) == 0 {
		return nil, sdk.Invalid("Missing or empty facets parameter")
	}
	return runFacets(ctx, q)
}
