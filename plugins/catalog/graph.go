package main

import (
	"context"

	"github.com/callboard/callboard/sdk"
)

// graph serves GET /graph: what stands around entities.
func graph(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	params := r.Query()
	q := sdk.CatalogGraph{
		Refs: nonEmpty(params.All("entityRef")), Relations: nonEmpty(params.All("relation")), Kinds: nonEmpty(params.All("kind")),
		Expand:    nonEmpty(params.All("expand")),
		Direction: params.Get("direction"), Explain: params.Get("explain"),
	}
	for _, bound := range []struct {
		name string
		to   *int
	}{{"maxDepth", &q.MaxDepth}, {"maxNodes", &q.MaxNodes}, {"fanOut", &q.FanOut}} {
		if err := bounded(params, bound.name, bound.to); err != nil {
			return nil, err
		}
	}
	return draw(ctx, q, "entityRef")
}

// graphByBody serves POST /graph.
func graphByBody(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	var q sdk.CatalogGraph
	err := body(r, func(key string, value []byte) (err error) {
		switch key {
		case "entityRefs":
			q.Refs, err = texts(key, value)
		case "relations":
			q.Relations, err = texts(key, value)
		case "kinds":
			q.Kinds, err = texts(key, value)
		case "expand":
			q.Expand, err = texts(key, value)
		case "direction":
			q.Direction, err = text(key, value)
		case "explain":
			q.Explain, err = text(key, value)
		case "maxDepth":
			q.MaxDepth, err = positive(key, value)
		case "maxNodes":
			q.MaxNodes, err = positive(key, value)
		case "fanOut":
			q.FanOut, err = positive(key, value)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return draw(ctx, q, "entityRefs")
}

// draw answers a graph; refs is the name of the field that says where it starts.
func draw(ctx context.Context, q sdk.CatalogGraph, refs string) (*sdk.Response, error) {
	if len(q.Refs) == 0 {
		return nil, sdk.Invalid("%s is missing; it names 1 to 100 entities to start from", refs)
	}
	doc, err := sdk.Viewer(ctx).Catalog().Graph(q)
	if err != nil {
		return nil, err
	}
	return document(doc, "", ""), nil
}

// impact serves GET /entities/by-name/{kind}/{namespace}/{name}/impact: what
// breaks, or loses something, when the entity goes.
func impact(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	q := sdk.CatalogImpact{Ref: refOf(r)}
	params := r.Query()
	if err := bounded(params, "maxDepth", &q.MaxDepth); err != nil {
		return nil, err
	}
	if err := bounded(params, "maxNodes", &q.MaxNodes); err != nil {
		return nil, err
	}
	doc, err := sdk.Viewer(ctx).Catalog().Impact(q)
	if sdk.CodeOf(err) == sdk.CodeNotFound {
		return nil, sdk.NotFound("No such entity %s", q.Ref)
	}
	if err != nil {
		return nil, err
	}
	return document(doc, "", ""), nil
}

// bounded reads a bound from the query string. The capability reads 0 as its
// default, so it is refused here.
func bounded(params sdk.Values, name string, to *int) error {
	n, given, err := number(params, name)
	if err == nil && given && n == 0 {
		err = tooFew(name)
	}
	*to = n
	return err
}

func positive(key string, value []byte) (int, error) {
	n, err := count(key, value)
	if err == nil && n == 0 {
		err = tooFew(key)
	}
	return n, err
}

func tooFew(name string) error { return sdk.Invalid("%s is 0; it must be at least 1", name) }
