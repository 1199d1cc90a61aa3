package main

import (
	"context"
	"slices"
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/rawjson"
)

// entityByName serves GET /entities/by-name/{kind}/{namespace}/{name}.
func entityByName(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	kind, namespace, name := r.Param("kind"), r.Param("namespace"), r.Param("name")
	doc, err := sdk.Viewer(ctx).Catalog().Get(kind + ":" + namespace + "/" + name)
	if absent(err) {
		return nil, sdk.NotFound("No entity named '%s' found, with kind '%s' in namespace '%s'", name, kind, namespace)
	}
	if err != nil {
		return nil, err
	}
	return document(doc, "", ""), nil
}

// entityByUID serves GET /entities/by-uid/{uid}.
func entityByUID(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	uid := r.Param("uid")
	doc, err := sdk.Viewer(ctx).Catalog().GetByUID(uid)
	if absent(err) {
		return nil, sdk.NotFound("No entity with uid %s", uid)
	}
	if err != nil {
		return nil, err
	}
	return document(doc, "", ""), nil
}

// ancestry serves GET /entities/by-name/{kind}/{namespace}/{name}/ancestry.
func ancestry(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	doc, err := sdk.Viewer(ctx).Catalog().Ancestry(refOf(r))
	if absent(err) {
		return nil, sdk.NotFound("No such entity %s", refOf(r))
	}
	if err != nil {
		return nil, err
	}
	return document(doc, "", ""), nil
}

// model serves GET /model.
func model(ctx context.Context, _ *sdk.Request) (*sdk.Response, error) {
	doc, err := sdk.Viewer(ctx).Catalog().Model()
	if err != nil {
		return nil, err
	}
	return document(doc, "", ""), nil
}

// refOf is the entity that the path names.
func refOf(r *sdk.Request) string {
	return r.Param("kind") + ":" + r.Param("namespace") + "/" + r.Param("name")
}

// removeEntity serves DELETE /entities/by-uid/{uid}, which is content with what
// is not there.
func removeEntity(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	catalog := sdk.Viewer(ctx).Catalog()
	doc, err := catalog.GetByUID(r.Param("uid"), "kind", "metadata.namespace", "metadata.name")
	if absent(err) {
		return sdk.NewResponse(204), nil
	}
	if err != nil {
		return nil, err
	}
	b, err := doc.Bytes()
	if err != nil {
		return nil, err
	}
	ref := rawjson.GetString(b, "kind") + ":" + rawjson.GetString(b, "metadata", "namespace") + "/" + rawjson.GetString(b, "metadata", "name")
	if err := catalog.RemoveEntity(ref); err != nil && !absent(err) {
		return nil, err
	}
	return sdk.NewResponse(204), nil
}

// refresh serves POST /refresh.
func refresh(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	var ref string
	err := body(r, func(key string, value []byte) (err error) {
		switch key {
		case "entityRef":
			ref, err = text(key, value)
		case "authorizationToken": // older clients send one
		default:
			err = sdk.Invalid("Malformed request body, must not have \"%s\"", key)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if ref == "" {
		return nil, missing("entityRef")
	}
	if err := sdk.Viewer(ctx).Catalog().Refresh(ref); err != nil {
		return nil, err
	}
	return sdk.NewResponse(200), nil
}

// validateEntity serves POST /validate-entity: 200 without a body, or 400 with
// what is wrong.
func validateEntity(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	var place string
	var descriptor []byte
	err := body(r, func(key string, value []byte) (err error) {
		switch key {
		case "entity":
			if descriptor = value; value[0] != '{' {
				err = sdk.Invalid("Malformed request body, \"entity\" must be an object")
			}
		case "location":
			place, err = text(key, value)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case descriptor == nil:
		return nil, missing("entity")
	case place == "":
		return nil, missing("location")
	case !strings.HasPrefix(place, "url:"):
		return invalid([]sdk.CatalogProblem{{Name: "TypeError", Message: "Invalid location ref '" + place + "', only supports 'url' locations"}}), nil
	}
	_, problems, err := sdk.Viewer(ctx).Catalog().Validate(descriptor, place)
	if err != nil {
		return nil, err
	}
	problems = slices.DeleteFunc(problems, func(p sdk.CatalogProblem) bool { return p.Warning })
	if len(problems) > 0 {
		return invalid(problems), nil
	}
	return sdk.NewResponse(200), nil
}

// invalid answers {errors}.
func invalid(problems []sdk.CatalogProblem) *sdk.Response {
	b := []byte(`{"errors":[`)
	for i, p := range problems {
		if i > 0 {
			b = append(b, ',')
		}
		b = rawjson.AppendQuote(append(b, `{"name":`...), p.Name)
		b = rawjson.AppendQuote(append(b, `,"message":`...), p.Message)
		b = append(b, '}')
	}
	return sdk.NewResponse(400).Header("Content-Type", jsonType).Bytes(append(b, "]}"...))
}

// absent reports whether there is no such entity. A name that no entity could
// have is absent too.
func absent(err error) bool {
	code := sdk.CodeOf(err)
	return code == sdk.CodeNotFound || code == sdk.CodeInvalid
}

// listEntities serves GET /entities: an array, paged with limit, offset and
// after, and a Link header that leads to the next page.
func listEntities(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	params := r.Query()
	q, err := commonQuery(params)
	if err != nil {
		return nil, err
	}
	if q.Order, err = orders(params.All("order")); err != nil {
		return nil, err
	}
	if len(q.Order) == 0 {
		q.Order = byRef()
	}
	limit, hasLimit, err := number(params, "limit")
	if err != nil {
		return nil, err
	}
	if hasLimit && limit == 0 {
		return nil, sdk.Invalid("Invalid limit, must be greater than zero")
	}
	offset, hasOffset, err := number(params, "offset")
	if err != nil {
		return nil, err
	}
	if params.Has("after") {
		if q.Cursor = params.Get("after"); q.Cursor == "" {
			return nil, sdk.Invalid("Invalid after, must not be empty")
		}
	}
	q.Limit, q.Offset = limit, offset
	if paged := hasLimit || hasOffset || q.Cursor != ""; !paged || !hasLimit && q.Cursor == "" {
		q.Limit = -1
	}
	p, err := query(ctx, q)
	if err != nil {
		return nil, err
	}
	resp := ok()
	if p.NextCursor != "" {
		resp.Header("Link", "<"+nextPage(params, p.NextCursor)+`>; rel="next"`)
	}
	return resp.Handle(p.Handle), nil
}

// byRef is the order of GET /entities when the client asks for none: that of
// entity refs, as in Backstage.
func byRef() []sdk.OrderField {
	return []sdk.OrderField{{Field: "kind"}, {Field: "metadata.namespace"}, {Field: "metadata.name"}}
}

// nextPage spells the address of the next page as Backstage does, relative to
// the API: without offset, with after.
func nextPage(params sdk.Values, cursor string) string {
	b := []byte("/entities?")
	for _, p := range params {
		if p.Name == "offset" || p.Name == "after" {
			continue
		}
		b = append(appendEscaped(b, p.Name), '=')
		b = append(appendEscaped(b, p.Value), '&')
	}
	b = append(b, "after="...)
	return string(appendEscaped(b, cursor))
}

// appendEscaped encodes text for a query string.
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '*':
			b = append(b, c)
		case c == ' ':
			b = append(b, '+')
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}

// commonQuery reads what the listing routes share: filter and fields.
func commonQuery(params sdk.Values) (q sdk.CatalogQuery, err error) {
	if q.Fields, err = fields(params.All("fields")); err != nil {
		return q, err
	}
	q.Filter, err = sdk.ParseFilter(params.All("filter")...)
	return q, err
}

// queryEntities serves GET /entities/by-query.
func queryEntities(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	params := r.Query()
	q, err := commonQuery(params)
	if err != nil {
		return nil, err
	}
	if err := totalItems(params.Get("totalItems"), params.Has("totalItems")); err != nil {
		return nil, err
	}
	limit, hasLimit, err := number(params, "limit")
	if err != nil {
		return nil, err
	}
	if q.Offset, _, err = number(params, "offset"); err != nil {
		return nil, err
	}
	q.Limit = limit
	if q.Cursor = params.Get("cursor"); q.Cursor == "" {
		if q.Order, err = orderFields(params.All("orderField")); err != nil {
			return nil, err
		}
		q.FullTextTerm = params.Get("fullTextFilterTerm")
		q.FullTextFields = list(params.Get("fullTextFilterFields"))
	}
	return runQuery(ctx, q, hasLimit)
}

// runQuery answers one page. A limit of 0 asks for the count only, while the
// capability reads 0 as its default.
func runQuery(ctx context.Context, q sdk.CatalogQuery, hasLimit bool) (*sdk.Response, error) {
	countOnly := hasLimit && q.Limit == 0
	if countOnly {
		q.Limit = 1
	}
	p, err := query(ctx, q)
	if err != nil {
		return nil, err
	}
	return page(p, countOnly), nil
}

// query asks the catalog. Clients look for the words "Malformed cursor".
func query(ctx context.Context, q sdk.CatalogQuery) (sdk.Page, error) {
	p, err := sdk.Viewer(ctx).Catalog().Query(q)
	if q.Cursor != "" && sdk.CodeOf(err) == sdk.CodeInvalid {
		err = sdk.Invalid("Malformed cursor: it is not one of this catalog")
	}
	return p, err
}

// facets serves GET /entity-facets.
func facets(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	params := r.Query()
	q := sdk.CatalogFacets{Facets: nonEmpty(params.All("facet"))}
	if len(q.Facets) == 0 {
		return nil, sdk.Invalid("Missing facet parameter")
	}
	var err error
	if q.Filter, err = sdk.ParseFilter(params.All("filter")...); err != nil {
		return nil, err
	}
	return runFacets(ctx, q)
}

func runFacets(ctx context.Context, q sdk.CatalogFacets) (*sdk.Response, error) {
	doc, err := sdk.Viewer(ctx).Catalog().Facets(q)
	if err != nil {
		return nil, err
	}
	return document(doc, `{"facets":`, "}"), nil
}

func nonEmpty(values []string) []string {
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}
