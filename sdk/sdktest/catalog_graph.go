package sdktest

import (
	"slices"
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/entity"
	"github.com/tinylib/msgp/msgp"
)

// fakeInverses are the pairs that the fake's graphs know: Backstage's.
var fakeInverses = map[string]string{
	"ownerOf": "ownedBy", "apiProvidedBy": "providesApi", "apiConsumedBy": "consumesApi", "dependencyOf": "dependsOn",
	"childOf": "parentOf", "hasMember": "memberOf", "hasPart": "partOf",
}

// fakeEffects are what relations say of their target, read from what goes.
var fakeEffects = map[string]string{
	"dependencyOf": "breaks", "apiConsumedBy": "breaks", "providesApi": "breaks",
	"ownerOf": "loses", "hasPart": "loses", "hasMember": "loses", "parentOf": "loses",
}

// near calls fn with each relation of an entity whose other end is there.
func (f *Fake) near(e *fakeEntity, fn func(kind string, edge fakeEdge, to *fakeEntity)) {
	for _, r := range list(e.object["relations"]) {
		relation, _ := r.(map[string]any)
		kind, _ := relation["type"].(string)
		target, _ := relation["targetRef"].(string)
		to, err := f.find(target)
		if err != nil {
			continue
		}
		edge := fakeEdge{e.ref, kind, to.ref}
		if first, second := fakeInverses[kind]; second {
			edge = fakeEdge{to.ref, first, e.ref}
		}
		fn(kind, edge, to)
	}
}

// fakeBrief is an entity as graphs show it.
func fakeBrief(e *fakeEntity, more map[string]any) map[string]any {
	text := func(key string, value any) {
		if s, ok := value.(string); ok && s != "" {
			more[key] = s
		}
	}
	metadata, _ := e.object["metadata"].(map[string]any)
	spec, _ := e.object["spec"].(map[string]any)
	text("ref", e.ref)
	text("kind", e.object["kind"])
	text("name", metadata["name"])
	text("title", metadata["title"])
	text("type", spec["type"])
	return more
}

func fakeBound(field string, value *int, usual, most int) error {
	if *value < 0 || *value > most {
		return sdk.Invalid("%s is %d; it must be 1 to %d", field, *value, most)
	}
	if *value == 0 {
		*value = usual
	}
	return nil
}

// catalogGraph draws without caps, cut counts and paths.
func (f *Fake) catalogGraph(q *contract.CatalogGraphRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	switch {
	case len(q.Refs) == 0 || len(q.Refs) > 100:
		return nil, sdk.Invalid("%d refs to start from; a graph has 1 to 100", len(q.Refs))
	case !slices.Contains([]string{"", "both", "outgoing", "incoming"}, q.Direction):
		return nil, sdk.Invalid("direction is %q; it must be outgoing, incoming or both", q.Direction)
	}
	for _, err := range []error{fakeBound("maxDepth", &q.MaxDepth, 1, 10), fakeBound("maxNodes", &q.MaxNodes, 100, 1000), fakeBound("fanOut", &q.FanOut, 50, 1000)} {
		if err != nil {
			return nil, err
		}
	}
	depths, nodes := map[string]int{}, []*fakeEntity{}
	add := func(e *fakeEntity, depth int) {
		if _, there := depths[e.ref]; !there && len(nodes) < q.MaxNodes {
			depths[e.ref], nodes = depth, append(nodes, e)
		}
	}
	for _, text := range q.Refs {
		ref, err := entity.ParseRef(text, "", "")
		if err != nil {
			return nil, sdk.Invalid("%v, to start from", err)
		}
		e, err := f.find(text)
		if err != nil {
			return nil, sdk.Invalid("no entity %s to start from", ref)
		}
		add(e, 0)
	}
	shown := func(kind string, edge fakeEdge) bool {
		return len(q.Relations) == 0 || slices.Contains(q.Relations, kind) || slices.Contains(q.Relations, edge.Type)
	}
	for at := 0; at < len(nodes); at++ {
		if from := nodes[at]; depths[from.ref] < q.MaxDepth {
			f.near(from, func(kind string, edge fakeEdge, to *fakeEntity) {
				away := edge.Source == from.ref
				if shown(kind, edge) && (q.Direction != "outgoing" || away) && (q.Direction != "incoming" || !away) && allowedKind(q.Kinds, to.ref) {
					add(to, depths[from.ref]+1)
				}
			})
		}
	}
	briefs, edges := []any{}, []fakeEdge{}
	for _, e := range nodes {
		briefs = append(briefs, fakeBrief(e, map[string]any{"depth": depths[e.ref]}))
		f.near(e, func(kind string, edge fakeEdge, to *fakeEntity) {
			if _, there := depths[to.ref]; there && edge.Source == e.ref && shown(kind, edge) && !slices.Contains(edges, edge) {
				edges = append(edges, edge)
			}
		})
	}
	return f.hand(map[string]any{"nodes": briefs, "edges": edges, "caps": []any{}}, "", q.Own)
}

func allowedKind(kinds []string, ref string) bool {
	kind, _, _ := strings.Cut(ref, ":")
	return len(kinds) == 0 || slices.ContainsFunc(kinds, func(k string) bool { return strings.EqualFold(k, kind) })
}

// catalogImpact names what misses an entity at once; the fake goes no further.
func (f *Fake) catalogImpact(q *contract.CatalogImpactRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	if _, err := entity.ParseRef(q.Ref, "", ""); err != nil {
		return nil, sdk.Invalid("%v", err)
	}
	for _, err := range []error{fakeBound("maxDepth", &q.MaxDepth, 10, 10), fakeBound("maxNodes", &q.MaxNodes, 500, 1000)} {
		if err != nil {
			return nil, err
		}
	}
	e, err := f.find(q.Ref)
	if err != nil {
		return nil, err
	}
	affected := []any{}
	f.near(e, func(kind string, edge fakeEdge, to *fakeEntity) {
		if effect := fakeEffects[kind]; effect != "" {
			affected = append(affected, fakeBrief(to, map[string]any{"depth": 1, "effect": effect, "path": []fakeEdge{edge}}))
		}
	})
	owners := []any{}
	if len(affected) > 0 {
		owners = append(owners, map[string]any{"direct": len(affected), "indirect": 0})
	}
	return f.hand(map[string]any{
		"entity": fakeBrief(e, map[string]any{}), "affected": affected, "owners": owners,
		"direct": len(affected), "indirect": 0, "goes": []any{}, "truncated": false,
	}, "", q.Own)
}
