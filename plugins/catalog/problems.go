package main

import (
	"context"

	"github.com/callboard/callboard/sdk"
)

// problems serves GET /problems: what is wrong and who owns it. Each parameter
// may be repeated, or hold several values with commas between.
func problems(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	values := r.Query()
	var q sdk.CatalogProblemQuery
	var err error
	if q.Types, err = fields(values.All("type")); err != nil {
		return nil, err
	}
	if q.Owners, err = fields(values.All("owner")); err != nil {
		return nil, err
	}
	if q.Kinds, err = fields(values.All("kind")); err != nil {
		return nil, err
	}
	limit, set, err := number(values, "limit")
	if err != nil {
		return nil, err
	}
	if set && limit == 0 {
		return nil, sdk.Invalid("Invalid limit, must be greater than zero")
	}
	q.Limit = limit
	if q.Offset, _, err = number(values, "offset"); err != nil {
		return nil, err
	}
	doc, err := sdk.Viewer(ctx).Catalog().Problems(q)
	if err != nil {
		return nil, err
	}
	return document(doc, "", ""), nil
}
