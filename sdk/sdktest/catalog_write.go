package sdktest

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/entity"
	"github.com/callboard/callboard/sdk/manifest"
	"github.com/tinylib/msgp/msgp"
	"go.yaml.in/yaml/v3"
)

// scope is what plugin.yaml says of catalog. Without a plugin.yaml a plugin
// brings nothing, as without the scope.
func (f *Fake) catalogScope() manifest.Scope {
	if f.manifest == nil {
		return manifest.Scope{}
	}
	return f.manifest.Capabilities["catalog"].Scope
}

// mayBring says why the plugin may not bring a kind, "" if it may.
func (f *Fake) mayBring(kind string) string {
	s := f.catalogScope()
	in := func(k string) bool { return strings.EqualFold(k, kind) }
	switch {
	case len(s.Write.Kinds) > 0 && !slices.ContainsFunc(s.Write.Kinds, in):
		return "kind " + kind + " needs to be in `write` of the catalog scope"
	case (in("User") || in("Group")) && !s.Identity:
		return "kind " + kind + " says who people are: bringing it needs `identity: true` in the catalog scope"
	case in("Location") && !s.Locations:
		return "kind " + kind + " names places to read: bringing it needs `locations: true` in the catalog scope"
	}
	return ""
}

// descriptors cuts text into documents, or a JSON array into its items.
func descriptors(text []byte) ([][]byte, error) {
	var items []json.RawMessage
	if trimmed := strings.TrimSpace(string(text)); strings.HasPrefix(trimmed, "[") {
		if err := json.Unmarshal([]byte(trimmed), &items); err != nil {
			return nil, sdk.Invalid("the text is no JSON array: %v", err)
		}
	} else {
		for _, one := range strings.Split("\n"+string(text), "\n---") {
			if strings.TrimSpace(one) != "" {
				items = append(items, json.RawMessage(one))
			}
		}
	}
	out := make([][]byte, len(items))
	for i, item := range items {
		out[i] = item
	}
	return out, nil
}

// look reads one descriptor and says what is wrong with it. Unlike the host it
// knows no kinds and their schemas.
func look(i int, text []byte) (*fakeEntity, *contract.CatalogProblem) {
	bad := func(message string) (*fakeEntity, *contract.CatalogProblem) {
		return nil, &contract.CatalogProblem{Index: i, Name: "InputError", Message: message}
	}
	var object map[string]any
	if err := yaml.Unmarshal(text, &object); err != nil {
		return bad(err.Error())
	}
	if object["apiVersion"] == nil || object["spec"] == nil {
		return bad("apiVersion and spec are missing")
	}
	plain, err := json.Marshal(object)
	if err != nil {
		return bad(err.Error())
	}
	var one fakeCatalog
	if err := one.addYAML("the text", plain); err != nil || len(one.entities) != 1 {
		return bad("the text is no entity")
	}
	return one.entities[0], nil
}

func (f *Fake) catalogApply(q *contract.CatalogApplyRequest) (msgp.Marshaler, error) {
	if f.catalogScope().Write == nil {
		return nil, &sdk.Error{
			Code: sdk.CodeDenied, MissingGrant: "catalog: write",
			Message: "the plugin brings nothing to the catalog; that needs `write: {kinds: […]}` in the scope of catalog, declared and granted",
		}
	}
	if strings.Trim(q.Provider, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return nil, sdk.Invalid("provider %q: its name has 1 to 64 of a-z, 0-9 and hyphens", q.Provider)
	}
	bucket := "plugin:" + f.manifest.ID
	if q.Provider != "" {
		bucket += "/" + q.Provider
	}
	texts := q.Entities
	if q.Handle != 0 {
		h, err := f.handle(q.Handle)
		if err != nil {
			return nil, err
		}
		more, err := descriptors(h.content)
		if err != nil {
			return nil, err
		}
		texts = append(texts, more...)
	}
	gone := map[string]bool{}
	for _, text := range q.Remove {
		ref, err := entity.ParseRef(text, "", "")
		if err != nil {
			return nil, sdk.Invalid("%v", err)
		}
		gone[ref.String()] = true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a := &contract.CatalogApplyAnswer{Revision: 1}
	brought := f.bring(bucket, texts, a)
	f.catalog.entities = slices.DeleteFunc(f.catalog.entities, func(e *fakeEntity) bool {
		return e.bucket == bucket && (q.Full || gone[e.ref] || brought[e.ref] != nil)
	})
	for _, e := range brought {
		f.catalog.entities = append(f.catalog.entities, e)
	}
	for _, e := range f.catalog.entities {
		if e.bucket == bucket {
			a.Entities++
		}
	}
	return a, nil
}

// bring reads the descriptors of a change and notes their problems.
func (f *Fake) bring(bucket string, texts [][]byte, a *contract.CatalogApplyAnswer) map[string]*fakeEntity {
	brought := map[string]*fakeEntity{}
	for i, text := range texts {
		e, problem := look(i, text)
		if problem != nil {
			a.Problems = append(a.Problems, *problem)
			continue
		}
		refuse := func(name, message string) {
			a.Problems = append(a.Problems, contract.CatalogProblem{Index: i, Ref: e.ref, Name: name, Message: message})
		}
		kind, _ := e.object["kind"].(string)
		switch why := f.mayBring(kind); {
		case why != "":
			refuse("NotAllowedError", why)
		case brought[e.ref] != nil:
			refuse("ConflictError", e.ref+" is there twice; the first one counts")
		case slices.ContainsFunc(f.catalog.entities, func(o *fakeEntity) bool { return o.ref == e.ref && o.bucket != bucket }):
			refuse("ConflictError", e.ref+" is defined by another already; this one is ignored")
		default:
			e.bucket = bucket
			brought[e.ref] = e
		}
	}
	return brought
}

func (f *Fake) find(text string) (*fakeEntity, error) {
	ref, err := entity.ParseRef(text, "", "")
	if err != nil {
		return nil, sdk.Invalid("%v", err)
	}
	for _, e := range f.catalog.entities {
		if e.ref == ref.String() {
			return e, nil
		}
	}
	return nil, sdk.NotFound("no entity %s", ref)
}

func (f *Fake) catalogRefresh(q *contract.CatalogRefreshRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	if n := len(q.Refs) + len(q.Keys); n == 0 || n > 100 {
		return nil, sdk.Invalid("1 to 100 entities or keys can be refreshed at once, not %d", n)
	}
	if len(q.Keys) > 0 && !q.Own {
		return nil, sdk.Denied("refresh keys are the plugin's: they are refreshed with its own rights")
	}
	for _, key := range q.Keys {
		if key == "" || len(key) > 512 || !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
			return nil, sdk.Invalid("refresh key %.80q must be 1 to 512 bytes of UTF-8 without NUL", key)
		}
	}
	for _, ref := range q.Refs {
		if _, err := f.find(ref); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

type (
	fakeNode struct {
		Ref    string `json:"ref"`
		Depth  int    `json:"depth"`
		Entity any    `json:"entity,omitempty"`
	}
	fakeEdge struct {
		Source string `json:"source"`
		Type   string `json:"type"`
		Target string `json:"target"`
	}
)

// catalogTraverse follows "relations" as the entities have them; the fake does
// not know who declared one, and takes every direction for both.
func (f *Fake) catalogTraverse(q *contract.CatalogTraverseRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	switch {
	case len(q.Refs) == 0 || len(q.Refs) > 100 || q.Depth < 0 || q.Depth > 10 || q.Limit < 0 || q.Limit > 1000:
		return nil, sdk.Invalid("a traversal has 1 to 100 refs, a depth of at most 10 and a limit of at most 1000")
	case !slices.Contains([]string{"", "both", "declared", "incoming"}, q.Direction):
		return nil, sdk.Invalid("direction %q is not declared, incoming or both", q.Direction)
	}
	depth, limit := max(q.Depth, 1), q.Limit
	if limit == 0 {
		limit = 100
	}
	nodes, edges, truncated, seen := []fakeNode{}, []fakeEdge{}, false, map[string]bool{}
	var level []*fakeEntity
	reach := func(text string, at int) bool {
		e, err := f.find(text)
		switch {
		case err != nil:
			return false
		case seen[e.ref]:
			return true
		case len(nodes) >= limit:
			truncated = true
			return false
		}
		seen[e.ref] = true
		n := fakeNode{Ref: e.ref, Depth: at}
		if !q.RefsOnly {
			n.Entity = project(e.object, q.Fields)
		}
		nodes, level = append(nodes, n), append(level, e)
		return true
	}
	for _, text := range q.Refs {
		if _, err := entity.ParseRef(text, "", ""); err != nil {
			return nil, sdk.Invalid("%v", err)
		}
		reach(text, 0)
	}
	for at := 1; at <= depth; at++ {
		from := level
		level = nil
		for _, e := range from {
			for _, r := range list(e.object["relations"]) {
				relation, _ := r.(map[string]any)
				kind, _ := relation["type"].(string)
				target, _ := relation["targetRef"].(string)
				if (len(q.Relations) == 0 || slices.Contains(q.Relations, kind)) && reach(target, at) {
					edges = append(edges, fakeEdge{e.ref, kind, target})
				}
			}
		}
	}
	return f.hand(map[string]any{"nodes": nodes, "edges": edges, "truncated": truncated}, "", q.Own)
}

// catalogModel answers a model that declares nothing: the fake takes every kind.
func (f *Fake) catalogModel(q *contract.CatalogModelRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	return f.hand(map[string]any{"kinds": []any{}, "relations": []any{}, "annotations": []any{}, "labels": []any{}}, "", q.Own)
}

// catalogAncestry answers the entity alone: the fake reads no locations.
func (f *Fake) catalogAncestry(q *contract.CatalogAncestryRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	e, err := f.find(q.Ref)
	if err != nil {
		return nil, err
	}
	item := map[string]any{"entity": e.object, "parentEntityRefs": []string{}}
	return f.hand(map[string]any{"rootEntityRef": e.ref, "items": []any{item}}, "", q.Own)
}

func (f *Fake) catalogValidate(q *contract.CatalogValidateRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	text := q.Text
	if q.Handle != 0 {
		h, err := f.handle(q.Handle)
		if err != nil {
			return nil, err
		}
		text = h.content
	}
	documents, err := descriptors(text)
	if err != nil {
		return nil, err
	}
	a := &contract.CatalogValidateAnswer{Refs: []string{}}
	for i, one := range documents {
		if e, problem := look(i, one); problem != nil {
			a.Problems = append(a.Problems, *problem)
		} else {
			a.Refs = append(a.Refs, e.ref)
		}
	}
	return a, nil
}

func (f *Fake) mayRegister() error {
	if f.catalogScope().Locations {
		return nil
	}
	return &sdk.Error{
		Code: sdk.CodeDenied, MissingGrant: "catalog: locations",
		Message: "the plugin registers no locations; that needs `locations: true` in the scope of catalog, declared and granted",
	}
}

func (f *Fake) catalogAddLocation(q *contract.CatalogLocationRequest) (msgp.Marshaler, error) {
	if err := f.mayRegister(); err != nil {
		return nil, err
	}
	if q.Type != "url" || !strings.HasPrefix(q.Target, "http") {
		return nil, sdk.Invalid("locations of type %q cannot be registered; type url can", q.Type)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := sha1.Sum([]byte("url:" + q.Target))
	a := &contract.CatalogLocationAnswer{Type: q.Type, Target: q.Target, EntityRef: "location:default/generated-" + hex.EncodeToString(sum[:])}
	a.Exists = slices.ContainsFunc(f.locations, func(l contract.CatalogLocationAnswer) bool { return l.Target == q.Target })
	switch {
	case q.DryRun:
		return a, nil
	case a.Exists:
		return nil, sdk.Conflict("location %s is registered already", q.Target)
	}
	a.ID = hex.EncodeToString(sum[:16])
	f.locations = append(f.locations, *a)
	return a, nil
}

func (f *Fake) catalogDeleteLocation(q *contract.CatalogLocationDeleteRequest) (msgp.Marshaler, error) {
	if err := f.mayRegister(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.locations)
	f.locations = slices.DeleteFunc(f.locations, func(l contract.CatalogLocationAnswer) bool {
		if l.ID == q.ID {
			f.removed = append(f.removed, l)
		}
		return l.ID == q.ID
	})
	if len(f.locations) == before {
		return nil, sdk.NotFound("no location has the id %q", q.ID)
	}
	return nil, nil
}

func (f *Fake) catalogRemove(q *contract.CatalogRemoveRequest) (msgp.Marshaler, error) {
	if err := f.mayRegister(); err != nil {
		return nil, err
	}
	_, err := f.find(q.Ref) // what the fake has is what its sources still bring
	return nil, err
}

// Provide runs a provider and returns its message.
func (h *Harness) Provide(provider string) (string, error) {
	h.t.Helper()
	defer h.fake.EndCall()
	var out contract.ProvideReply
	err := h.call(abi.OpEntityProvide, &contract.ProvideRequest{Provider: provider}, &out, 0)
	return out.Message, err
}
