package catalog

import (
	"context"
	"io"
	"strings"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/entity"
)

// Bounds of writing.
const (
	maxApplied   = 10_000 // descriptors of one request
	maxRefreshed = 100    // refs of one request
	maxRefreshes = 600    // refs of one plugin in a minute
)

func (s service) apply(ctx context.Context, c *capability.Call, q *contract.CatalogApplyRequest) (msgp.Marshaler, error) {
	scope, err := scopeOf(c)
	if err != nil {
		return nil, err
	}
	if scope.Write == nil {
		return nil, &capability.Denial{
			Missing: "catalog: write",
			Why:     "the plugin brings nothing to the catalog; that needs `write: {kinds: […]}` in the scope of catalog, declared and granted",
		}
	}
	bucket, err := bucketOf(c.Plugin, q.Provider)
	if err != nil {
		return nil, err
	}
	documents := q.Entities
	if q.Handle != 0 {
		more, err := documentsOf(c, nil, q.Handle)
		if err != nil {
			return nil, err
		}
		documents = append(documents, more...)
	}
	if len(documents)+len(q.Remove) > maxApplied {
		return nil, fault.New(fault.Invalid, "%d entities in one request, at most %d; apply them in several", len(documents)+len(q.Remove), maxApplied)
	}
	remove := make([]string, len(q.Remove))
	for i, text := range q.Remove {
		ref, err := entity.ParseRef(text, "", "")
		if err != nil {
			return nil, fault.New(fault.Invalid, "%w", err)
		}
		remove[i] = ref.String()
	}
	out, err := s.engine.Provide(ctx, ingest.Provision{
		Owner: c.Installation, Bucket: bucket, Full: q.Full, Documents: documents, Remove: remove, Allow: scope.mayBring,
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	return &contract.CatalogApplyAnswer{Revision: s.reader.Revision(), Entities: out.Entities, Problems: problemsOf(out.Problems)}, nil
}

// bucketOf is the bucket of a plugin, or of one of its providers.
func bucketOf(plugin, provider string) (string, error) {
	if provider == "" {
		return "plugin:" + plugin, nil
	}
	if len(provider) > 64 || strings.Trim(provider, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "", fault.New(fault.Invalid, "provider %.70q: its name has 1 to 64 of a-z, 0-9 and hyphens", provider)
	}
	return "plugin:" + plugin + "/" + provider, nil
}

// documentsOf cuts text, or what a handle holds, into descriptors.
func documentsOf(c *capability.Call, text []byte, handle uint32) ([][]byte, error) {
	limits := descriptor.DefaultLimits()
	if handle != 0 {
		if len(text) > 0 {
			return nil, fault.New(fault.Invalid, "there is text and a handle; give one of them")
		}
		content, size, _, err := c.Handles.Open(handle)
		if err != nil {
			return nil, err
		}
		if size > limits.FileBytes {
			return nil, fault.New(fault.Invalid, "the handle holds %d bytes, at most %d at once", size, limits.FileBytes)
		}
		text = make([]byte, size)
		if _, err := io.ReadFull(io.NewSectionReader(content, 0, size), text); err != nil {
			return nil, err //nolint:wrapcheck // a fault of the content's source
		}
	}
	return ingest.Documents(text, limits) //nolint:wrapcheck // a fault with the message for the guest
}

func problemsOf(in []ingest.DocumentProblem) []contract.CatalogProblem {
	out := make([]contract.CatalogProblem, len(in))
	for i, p := range in {
		out[i] = contract.CatalogProblem(p)
	}
	return out
}

func (s service) refresh(ctx context.Context, c *capability.Call, q *contract.CatalogRefreshRequest) (msgp.Marshaler, error) {
	r, err := reach(c, q.Own)
	if err != nil {
		return nil, err
	}
	if n := len(q.Refs) + len(q.Keys); n == 0 || n > maxRefreshed {
		return nil, fault.New(fault.Invalid, "1 to %d entities or keys can be refreshed at once, not %d", maxRefreshed, n)
	}
	if len(q.Keys) > 0 && !c.Own(q.Own) {
		return nil, fault.New(fault.Denied, "refresh keys are the plugin's: they are refreshed with its own rights")
	}
	for _, key := range q.Keys {
		if err := ingest.CheckRefreshKey(key); err != nil {
			return nil, err //nolint:wrapcheck // a fault with the message for the guest
		}
	}
	v := c.Viewer(q.Own)
	refs := make([]string, len(q.Refs))
	for i, text := range q.Refs {
		ref, err := entity.ParseRef(text, "", "")
		if err != nil {
			return nil, fault.New(fault.Invalid, "%w", err)
		}
		if _, err := s.sees(ctx, v, r, ref.String()); err != nil {
			return nil, err
		}
		refs[i] = ref.String()
		if err := s.may(ctx, v, "catalog.entity.refresh", refs[i]); err != nil {
			return nil, err
		}
	}
	if !s.refreshes.Take(c.Installation, len(refs)+len(q.Keys)) {
		return nil, fault.New(fault.Exhausted, "plugin %s has refreshed more than %d entities within a minute, which is the limit", c.Plugin, maxRefreshes)
	}
	for _, ref := range refs {
		s.engine.Refresh(asker(c, q.Own), ref)
	}
	if len(q.Keys) > 0 {
		s.engine.RefreshKeys(c.Plugin, q.Keys)
	}
	return nil, nil //nolint:nilnil // the operation has no answer
}

func (s service) validate(ctx context.Context, c *capability.Call, q *contract.CatalogValidateRequest) (msgp.Marshaler, error) {
	if _, err := reach(c, q.Own); err != nil {
		return nil, err
	}
	documents, err := documentsOf(c, q.Text, q.Handle)
	if err != nil {
		return nil, err
	}
	if len(documents) > maxApplied {
		return nil, fault.New(fault.Invalid, "%d descriptors, at most %d at once", len(documents), maxApplied)
	}
	refs, problems, err := s.engine.Validate(ctx, documents, q.Location)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	return &contract.CatalogValidateAnswer{Refs: refs, Problems: problemsOf(problems)}, nil
}

// mayRegister refuses places to read to a plugin without the scope.
func mayRegister(c *capability.Call) error {
	scope, err := scopeOf(c)
	if err == nil && !scope.Locations {
		err = &capability.Denial{
			Missing: "catalog: locations",
			Why:     "the plugin registers no locations; that needs `locations: true` in the scope of catalog, declared and granted",
		}
	}
	return err
}

// itself is how a plugin that registers for itself is written down.
func itself(c *capability.Call) string { return "plugin:" + c.Plugin }

// asker is who asks for a change, for the history.
// may refuses what policy does not let the viewer do with an entity that it sees.
func (s service) may(ctx context.Context, v principal.Viewer, permission, ref string) error {
	if s.permits == nil {
		return nil
	}
	return s.permits.MayWith(ctx, v.Authority(), permission, ref) //nolint:wrapcheck // a fault with the message for the guest
}

func asker(c *capability.Call, own bool) ingest.Asker {
	if c.Own(own) {
		return ingest.Asker{Subject: itself(c), Plugin: c.Plugin}
	}
	return ingest.Asker{Subject: c.Authority.Subject.Ref, Plugin: c.Plugin}
}

func (s service) addLocation(ctx context.Context, c *capability.Call, q *contract.CatalogLocationRequest) (msgp.Marshaler, error) {
	if _, err := reach(c, q.Own); err != nil {
		return nil, err
	}
	if err := mayRegister(c); err != nil {
		return nil, err
	}
	if !q.DryRun {
		l, err := s.engine.Register(ctx, asker(c, q.Own), q.Type, q.Target)
		if err != nil {
			return nil, err //nolint:wrapcheck // a fault with the message for the guest
		}
		return &contract.CatalogLocationAnswer{ID: l.ID, Type: l.Type, Target: l.Target, EntityRef: l.EntityRef}, nil
	}
	seen, err := s.engine.Preview(ctx, q.Type, q.Target)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	body := []byte{'['}
	for i, e := range seen.Entities {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, e...)
	}
	body = append(body, ']')
	handed, err := c.Handles.PutOwned(body, mediaType, c.Viewer(q.Own).Authority())
	if err != nil {
		return nil, err
	}
	return &contract.CatalogLocationAnswer{
		Type: q.Type, Target: q.Target, EntityRef: seen.EntityRef, Exists: seen.Exists,
		Handle: handed, Size: uint64(len(body)), Problems: problemsOf(seen.Problems),
	}, nil
}

func (s service) deleteLocation(ctx context.Context, c *capability.Call, q *contract.CatalogLocationDeleteRequest) (msgp.Marshaler, error) {
	if _, err := reach(c, q.Own); err != nil {
		return nil, err
	}
	if err := mayRegister(c); err != nil {
		return nil, err
	}
	registeredBy := "" // whoever calls through the plugin answers for themselves
	if c.Own(q.Own) {
		registeredBy = itself(c)
	}
	return nil, s.engine.Unregister(ctx, asker(c, q.Own), q.ID, registeredBy) //nolint:wrapcheck // a fault with the message for the guest
}

func (s service) remove(ctx context.Context, c *capability.Call, q *contract.CatalogRemoveRequest) (msgp.Marshaler, error) {
	r, err := reach(c, false)
	if err != nil {
		return nil, err
	}
	if c.Own(false) {
		return nil, fault.New(fault.Denied, "entities are removed with the rights of a viewer; what the plugin brings goes with catalog.apply")
	}
	if err := mayRegister(c); err != nil {
		return nil, err
	}
	ref, err := entity.ParseRef(q.Ref, "", "")
	if err != nil {
		return nil, fault.New(fault.Invalid, "%w", err)
	}
	if _, err := s.sees(ctx, c.Viewer(false), r, ref.String()); err != nil {
		return nil, err
	}
	if err := s.may(ctx, c.Viewer(false), "catalog.entity.delete", ref.String()); err != nil {
		return nil, err
	}
	return nil, s.engine.Remove(asker(c, false), ref.String()) //nolint:wrapcheck // a fault with the message for the guest
}
