package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/loadtest"
)

const api = "/api/catalog"

// kinds are those that the generator makes. A catalog may hold entities of
// other kinds, such as the locations that were read.
const kinds = "kind=component,kind=api,kind=system,kind=domain,kind=group,kind=user"

// testCase is one kind of request, with a check that the answers are right.
type testCase struct {
	name     string
	request  string // in words, for the report
	requests []loadtest.Request
	check    func(body []byte) error
}

// variety is how many different requests of a case take turns, so that no
// answer is measured that was kept from the request before.
const variety = 200

// catalogCases returns the requests of the baseline. What they ask for is read
// from the server's own catalog.
func (b *bench) catalogCases(ctx context.Context, s *server) ([]testCase, error) {
	components, err := names(ctx, s, "component", 100)
	if err != nil {
		return nil, err
	}
	groups, err := names(ctx, s, "group", 20)
	if err != nil {
		return nil, err
	}
	get := func(targets []string) []loadtest.Request {
		var out []loadtest.Request
		for _, target := range targets {
			out = append(out, loadtest.NewRequest("GET", s.addr, api+target, "", ""))
		}
		return out
	}
	const list = "/entities/by-query?limit=20&filter=kind=component"
	const ordered = list + "&orderField=metadata.name,asc"
	some := spread(components, variety)
	var sets []loadtest.Request
	for i := range 50 {
		sets = append(sets, loadtest.NewRequest("POST", s.addr, api+"/entities/by-refs", "application/json", refsBody(components, i)))
	}
	all := []testCase{
		{
			"by-name", "GET by-name/component/default/NAME, names in turn",
			get(each(some, func(n string) string { return "/entities/by-name/component/default/" + n })), checkEntity(some[0]),
		},
		{"list", "GET by-query?limit=20&filter=kind=component", get([]string{list}), checkPage(len(components), false)},
		{"list-ordered", "list + orderField=metadata.name,asc", get([]string{ordered}), checkPage(len(components), true)},
		{
			"owner-ordered", "list-ordered + spec.owner=GROUP, groups in turn",
			get(each(spread(groups, variety), func(g string) string {
				return strings.Replace(ordered, "kind=component", "kind=component,spec.owner=group:default/"+g, 1)
			})),
			checkPage(-1, true),
		},
		{
			"fulltext", "list-ordered + fullTextFilterTerm on name and title, terms in turn",
			get(each(terms(components), func(t string) string {
				return ordered + "&fullTextFilterFields=metadata.name,metadata.title&fullTextFilterTerm=" + url.QueryEscape(t)
			})),
			checkPage(-1, true),
		},
		{"facets", "GET entity-facets?facet=spec.type", get([]string{"/entity-facets?facet=spec.type"}), checkFacets},
		{"by-refs-100", "POST by-refs with 100 refs, 50 sets in turn", sets, checkRefs},
	}
	if b.only == "" {
		return all, nil
	}
	wanted := strings.Split(b.only, ",")
	return slices.DeleteFunc(all, func(c testCase) bool { return !slices.Contains(wanted, c.name) }), nil
}

// names lists the names of all entities of a kind.
func names(ctx context.Context, s *server, kind string, least int) ([]string, error) {
	target := api + "/entities/by-query?limit=100000&fields=metadata.name&orderField=metadata.name,asc&filter=kind=" + kind
	status, body, err := s.get(ctx, target)
	if err != nil || status != 200 {
		return nil, fmt.Errorf("reading the names of kind %s: status %d, %w: %s", kind, status, err, shorten(body))
	}
	var p page
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, fmt.Errorf("reading the names of kind %s: %w", kind, err)
	}
	if len(p.Items) < least {
		return nil, fmt.Errorf("the catalog has %d entities of kind %s, at least %d are needed", len(p.Items), kind, least)
	}
	out := make([]string, len(p.Items))
	for i, item := range p.Items {
		out[i] = item.Metadata.Name
	}
	return out, nil
}

// spread picks n of all at even distances.
func spread(all []string, n int) []string {
	n = min(n, len(all))
	out := make([]string, n)
	for i := range out {
		out[i] = all[i*len(all)/n]
	}
	return out
}

func each(in []string, f func(string) string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = f(s)
	}
	return out
}

// terms are the words that names are made of.
func terms(names []string) []string {
	seen := map[string]bool{}
	for _, name := range names {
		for word := range strings.SplitSeq(name, "-") {
			if len(word) > 2 && !strings.ContainsAny(word, "0123456789") {
				seen[word] = true
			}
		}
	}
	out := make([]string, 0, len(seen))
	for word := range seen {
		out = append(out, word)
	}
	slices.Sort(out)
	return out
}

// refsBody asks for 100 components, others for each set.
func refsBody(components []string, set int) string {
	var refs []string
	for i := range 100 {
		refs = append(refs, "component:default/"+components[(set*131+i*61)%len(components)])
	}
	b, _ := json.Marshal(map[string][]string{"entityRefs": refs}) // strings always encode
	return string(b)
}

// page holds what the checks look at.
type page struct {
	Items []*struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Name string `json:"name"`
			UID  string `json:"uid"`
		} `json:"metadata"`
		Relations []json.RawMessage `json:"relations"`
	} `json:"items"`
	TotalItems int `json:"totalItems"`
}

func readPage(body []byte) (page, error) {
	var p page
	if err := json.Unmarshal(body, &p); err != nil {
		return p, fmt.Errorf("reading a page: %w: %s", err, shorten(body))
	}
	return p, nil
}

func checkEntity(name string) func([]byte) error {
	return func(body []byte) error {
		p, err := readPage([]byte(`{"items":[` + string(body) + `]}`))
		if err != nil {
			return err
		}
		if e := p.Items[0]; e.Metadata.Name != name || e.Metadata.UID == "" || len(e.Relations) == 0 {
			return fmt.Errorf("the entity is not %s with its relations: %s", name, shorten(body))
		}
		return nil
	}
}

// checkPage expects components; total is how many match, -1 for at least one.
func checkPage(total int, ordered bool) func([]byte) error {
	return func(body []byte) error {
		p, err := readPage(body)
		if err != nil {
			return err
		}
		if total >= 0 && (p.TotalItems != total || len(p.Items) != 20) || len(p.Items) == 0 || len(p.Items) != min(20, p.TotalItems) {
			return fmt.Errorf("%d items of %d, want %d", len(p.Items), p.TotalItems, total)
		}
		before := ""
		for _, item := range p.Items {
			if item.Kind != "Component" || len(item.Relations) == 0 || ordered && item.Metadata.Name < before {
				return fmt.Errorf("%s %s follows %s", item.Kind, item.Metadata.Name, before)
			}
			before = item.Metadata.Name
		}
		return nil
	}
}

func checkFacets(body []byte) error {
	var f struct {
		Facets map[string][]struct {
			Value string `json:"value"`
			Count int    `json:"count"`
		} `json:"facets"`
	}
	if err := json.Unmarshal(body, &f); err != nil {
		return fmt.Errorf("reading facets: %w", err)
	}
	count := 0
	for _, v := range f.Facets["spec.type"] {
		count += v.Count
	}
	if count == 0 {
		return fmt.Errorf("no counts: %s", shorten(body))
	}
	return nil
}

func checkRefs(body []byte) error {
	p, err := readPage(body)
	if err != nil {
		return err
	}
	for _, item := range p.Items {
		if item == nil || item.Kind != "Component" {
			return errors.New("a ref was not found")
		}
	}
	if len(p.Items) != 100 {
		return fmt.Errorf("%d items, want 100", len(p.Items))
	}
	return nil
}

func shorten(body []byte) string {
	if len(body) > 300 {
		return string(body[:300]) + " …"
	}
	return string(body)
}
