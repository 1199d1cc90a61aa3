package main

import (
	"strconv"
	"strings"

	"github.com/callboard/callboard/sdk"
)

// number reads a whole number that is not negative; set is false when the
// parameter is absent.
func number(q sdk.Values, name string) (n int, set bool, err error) {
	if !q.Has(name) {
		return 0, false, nil
	}
	n, convErr := strconv.Atoi(q.Get(name))
	switch {
	case convErr != nil:
		return 0, true, sdk.Invalid("Invalid %s, must be a whole number", name)
	case n < 0:
		return 0, true, sdk.Invalid("Invalid %s, must be zero or greater", name)
	}
	return n, true, nil
}

// fields reads "fields": paths to keep, with commas between, in any number of parameters.
func fields(values []string) ([]string, error) {
	var out []string
	for _, value := range values {
		for _, path := range strings.Split(value, ",") {
			path = strings.TrimSpace(path)
			if strings.Contains(path, "[") {
				return nil, sdk.Invalid("Invalid field \"%s\", array type fields are not supported", path)
			}
			if path != "" {
				out = append(out, path)
			}
		}
	}
	return out, nil
}

// orderFields reads "orderField=path,asc" of by-query.
func orderFields(values []string) ([]sdk.OrderField, error) {
	var out []sdk.OrderField
	for _, value := range values {
		field, rest, hasOrder := strings.Cut(value, ",")
		order, _, _ := strings.Cut(rest, ",")
		if hasOrder && order != "asc" && order != "desc" {
			return nil, sdk.Invalid("Invalid order field order, must be asc or desc")
		}
		out = append(out, sdk.OrderField{Field: field, Desc: order == "desc"})
	}
	return out, nil
}

// orders reads "order=asc:path" of /entities.
func orders(values []string) ([]sdk.OrderField, error) {
	var out []sdk.OrderField
	for _, value := range values {
		order, field, _ := strings.Cut(value, ":")
		if field == "" || order != "asc" && order != "desc" {
			return nil, sdk.Invalid("Invalid order parameter \"%s\", expected \"<asc or desc>:<field name>\"", value)
		}
		out = append(out, sdk.OrderField{Field: field, Desc: order == "desc"})
	}
	return out, nil
}

// list splits a parameter at its commas.
func list(value string) []string {
	if value == "" {
		return nil
	}
	return strings.Split(value, ",")
}

// totalItems checks the parameter of that name. The count costs nothing here,
// so it is always answered.
func totalItems(mode string, set bool) error {
	if set && mode != "include" && mode != "exclude" {
		return sdk.Invalid("Invalid totalItems parameter \"%s\", expected one of: include, exclude", mode)
	}
	return nil
}
