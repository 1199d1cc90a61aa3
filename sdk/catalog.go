package sdk

import (
	"strings"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Catalog reads the catalog. Answers are handles: send them, or read them.
type Catalog Client

// Term is one condition of a filter: the key has one of the values, without
// regard to case; no value means that the key exists.
type Term = contract.FilterTerm

// FilterAll is terms that must all hold.
type FilterAll = contract.FilterAll

// Filter is an OR of ANDs; empty matches everything.
type Filter []FilterAll

// OrderField sorts by a flattened key; entities without it come last.
type OrderField = contract.OrderField

// CatalogQuery selects, sorts and pages. With a Cursor everything but Limit
// and Fields comes from the cursor.
type CatalogQuery struct {
	Filter         Filter
	Predicate      []byte // JSON predicate ($all, $any, $not, …), ANDed with Filter
	Order          []OrderField
	FullTextTerm   string
	FullTextFields []string
	Fields         []string // dotted paths to keep; none = all
	Limit          int      // 0 = 20, -1 = no limit
	Offset         int
	Cursor         string
}

// Document is an answer of the catalog: JSON behind a handle.
type Document struct {
	Handle
	ETag     string // without quotes; empty where none is kept
	Revision uint64 // of the catalog
}

// Page is one page of entities: a JSON array behind a handle.
type Page struct {
	Handle
	Count      int // entities in the array
	TotalItems int
	NextCursor string
	PrevCursor string
	Revision   uint64
}

var (
	opCatalogGet       = operation{abi.CapCatalog, abi.CatalogGet, "catalog.get/1"}
	opCatalogQuery     = operation{abi.CapCatalog, abi.CatalogQuery, "catalog.query/1"}
	opCatalogFacets    = operation{abi.CapCatalog, abi.CatalogFacets, "catalog.facets/1"}
	opCatalogByRefs    = operation{abi.CapCatalog, abi.CatalogByRefs, "catalog.by-refs/1"}
	opCatalogLocations = operation{abi.CapCatalog, abi.CatalogLocList, "catalog.locations/1"}
)

func (c Catalog) document(op operation, req interface {
	MarshalMsg([]byte) ([]byte, error)
},
) (Document, error) {
	var a contract.CatalogHandle
	if err := c.call.do(op, req, &a); err != nil {
		return Document{}, err
	}
	return Document{Handle: Handle{call: c.call, id: a.Handle, size: a.Size}, ETag: a.ETag, Revision: a.Revision}, nil
}

// Get returns one entity by ref. Hidden answers as absent: NotFound.
func (c Catalog) Get(ref string, fields ...string) (Document, error) {
	return c.document(opCatalogGet, &contract.CatalogGetRequest{Ref: ref, Fields: fields, Own: c.own})
}

// GetByUID returns one entity by uid.
func (c Catalog) GetByUID(uid string, fields ...string) (Document, error) {
	return c.document(opCatalogGet, &contract.CatalogGetRequest{UID: uid, Fields: fields, Own: c.own})
}

// Query returns a page of entities.
func (c Catalog) Query(q CatalogQuery) (Page, error) {
	req := contract.CatalogQueryRequest{
		Filter: q.Filter, Query: q.Predicate, Order: q.Order, FullTextTerm: q.FullTextTerm,
		FullTextFields: q.FullTextFields, Fields: q.Fields, Limit: q.Limit, Offset: q.Offset,
		Cursor: q.Cursor, Own: c.own,
	}
	var a contract.CatalogQueryAnswer
	if err := c.call.do(opCatalogQuery, &req, &a); err != nil {
		return Page{}, err
	}
	return Page{
		Handle: Handle{call: c.call, id: a.Handle, size: a.Size}, Count: a.Count, TotalItems: a.TotalItems,
		NextCursor: a.NextCursor, PrevCursor: a.PrevCursor, Revision: a.Revision,
	}, nil
}

// CatalogFacets asks for the counts of values.
type CatalogFacets struct {
	Facets    []string
	Filter    Filter
	Predicate []byte
}

// Facets counts values: {"<facet>":[{"value":…,"count":…}]}.
func (c Catalog) Facets(q CatalogFacets) (Document, error) {
	return c.document(opCatalogFacets, &contract.CatalogFacetsRequest{
		Facets: q.Facets, Filter: q.Filter, Query: q.Predicate, Own: c.own,
	})
}

// CatalogRefs asks for many entities at once.
type CatalogRefs struct {
	Refs      []string
	Filter    Filter
	Predicate []byte
	Fields    []string
}

// ByRefs returns a JSON array of the length and order of the refs, null for
// what is absent, hidden or does not match.
func (c Catalog) ByRefs(q CatalogRefs) (Document, error) {
	return c.document(opCatalogByRefs, &contract.CatalogByRefsRequest{
		Refs: q.Refs, Filter: q.Filter, Query: q.Predicate, Fields: q.Fields, Own: c.own,
	})
}

// Locations returns the registered locations: [{id, type, target, entityRef}].
func (c Catalog) Locations() (Document, error) {
	return c.document(opCatalogLocations, &contract.CatalogLocationsRequest{Own: c.own})
}

// ParseFilter reads filters as Backstage's catalog API writes them: each
// clause is "key=value,key" with AND between its terms, several clauses are
// ORed, and a key with several values matches any of them.
func ParseFilter(clauses ...string) (Filter, error) {
	var out Filter
	for _, clause := range clauses {
		all := FilterAll{}
		for clause != "" {
			var statement string
			statement, clause, _ = strings.Cut(clause, ",")
			if statement = strings.TrimSpace(statement); statement == "" {
				continue
			}
			key, value, hasValue := strings.Cut(statement, "=")
			if hasValue {
				key, value = strings.TrimSpace(key), strings.TrimSpace(value)
			}
			if key == "" {
				return nil, Invalid("Invalid filter, '%s' is not a valid statement (expected a string on the form a=b or a= or a)", statement)
			}
			all.Terms = addTerm(all.Terms, key, value, hasValue)
		}
		if len(all.Terms) > 0 {
			out = append(out, all)
		}
	}
	return out, nil
}

func addTerm(terms []Term, key, value string, hasValue bool) []Term {
	at := -1
	for i := range terms {
		if terms[i].Key == key {
			at = i
		}
	}
	if at < 0 {
		terms, at = append(terms, Term{Key: key}), len(terms)
	}
	if hasValue {
		terms[at].Values = append(terms[at].Values, value)
	}
	return terms
}
