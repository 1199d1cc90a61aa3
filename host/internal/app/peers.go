package app

import (
	"context"
	"errors"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/callboard/callboard/host/internal/capability"
	capplugin "github.com/callboard/callboard/host/internal/capability/plugin"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/sdk/contract"
)

// peers lets a plugin call the routes of another one. The table of
// capabilities is made before the set of plugins, so the set is put in later.
type peers struct{ set *pluginSet }

// CallRoute implements capability/plugin.Peers. A plugin that answers with an
// error is a fault of its kind, with its message; what it lacks itself is
// named as lacking to it.
func (p *peers) CallRoute(ctx context.Context, r *capplugin.Request) (*capplugin.Answer, error) {
	routes := p.set.Routes(plugin.ID(r.Plugin))
	if routes == nil {
		return nil, fault.New(fault.NotFound, "no plugin %q is installed", r.Plugin)
	}
	match, params, allowed, ok := routes.Match(r.Method, r.Path)
	switch {
	case !ok && len(allowed) > 0:
		return nil, fault.New(fault.Invalid, "plugin %s answers %s only to %s", r.Plugin, r.Path, strings.Join(allowed, ", "))
	case !ok:
		return nil, fault.New(fault.NotFound, "plugin %s has no route %s %s", r.Plugin, r.Method, r.Path)
	}
	q := &extension.HTTPRequest{
		Plugin: plugin.ID(r.Plugin), Method: match.Method, Route: match.Pattern, Path: r.Path, RawQuery: r.RawQuery,
		Headers: r.Headers, Body: r.Body, MediaType: r.MediaType, Authority: r.Authority, ParentID: r.ParentID,
	}
	for _, param := range params {
		q.Params = append(q.Params, contract.Param{Name: param.Name, Value: param.Value})
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		q.TraceID, q.SpanID = span.TraceID(), span.SpanID()
	}
	res, err := p.set.ServeHTTP(ctx, q)
	if err != nil {
		return nil, lacking(r.Plugin, err)
	}
	defer res.Close()
	answer := &capplugin.Answer{Status: res.Status, Headers: res.Headers, Body: res.Body}
	for _, h := range res.Headers {
		if strings.EqualFold(h.Name, "Content-Type") {
			answer.MediaType = h.Value
		}
	}
	return answer, nil
}

// lacking says whose grant is missing.
func lacking(id string, err error) error {
	var guest *plugin.GuestError
	if errors.As(err, &guest) && guest.MissingGrant != "" {
		return &capability.Denial{Missing: guest.MissingGrant + " (of plugin " + id + ")", Why: "plugin " + id + ": " + fault.Message(err)}
	}
	return err
}
