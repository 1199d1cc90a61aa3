package sdktest

import (
	"slices"
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/manifest"
	"github.com/tinylib/msgp/msgp"
)

// Peer answers plugin.call/1 for another plugin. Like the real host the fake
// refuses a call that no target of plugin.yaml covers.
func Peer(id string, answer func(r sdk.PluginRequest) (status int, mediaType string, body []byte, err error)) Option {
	return func(f *Fake) error {
		if f.peers == nil {
			f.peers = map[string]peer{}
		}
		f.peers[id] = answer
		return nil
	}
}

type peer func(r sdk.PluginRequest) (status int, mediaType string, body []byte, err error)

func (f *Fake) pluginCall(q *contract.PluginCallRequest) (msgp.Marshaler, error) {
	r := sdk.PluginRequest{Plugin: q.Plugin, Method: q.Method, Path: q.Path, Headers: q.Headers, Body: q.Body}
	if r.Method == "" {
		r.Method = "GET"
	}
	answer := f.peers[q.Plugin]
	if f.manifest == nil && answer == nil || f.manifest != nil && !f.mayCall(r, q.Own) {
		return nil, &sdk.Error{
			Code: sdk.CodeDenied, MissingGrant: "plugin: " + r.Method + " " + r.Path + " of " + r.Plugin,
			Message: "no target of plugin in plugin.yaml covers " + r.Method + " " + r.Path + " of plugin " + r.Plugin,
		}
	}
	if answer == nil {
		return nil, sdk.NotFound("no plugin %q is installed", q.Plugin)
	}
	if q.BodyHandle != 0 {
		h, err := f.handle(q.BodyHandle)
		if err != nil {
			return nil, err
		}
		r.Body = h.content
	}
	status, mediaType, body, err := answer(r)
	if err != nil {
		return nil, err
	}
	out := &contract.PluginCallAnswer{Status: status, Headers: []contract.Header{{Name: "Content-Type", Value: mediaType}}, Size: uint64(len(body))}
	if len(body) > 0 {
		out.Handle, err = f.keep(&held{mediaType: mediaType, content: body, own: q.Own})
	}
	return out, err
}

// targetCovers compares methods, and the path by whole segments.
func targetCovers(t manifest.PluginTarget, r sdk.PluginRequest) bool {
	methods := t.Methods
	if len(methods) == 0 {
		methods = []string{"GET", "HEAD"}
	}
	path, _, _ := strings.Cut(r.Path, "?")
	prefix := strings.TrimSuffix(t.PathPrefix, "/")
	return slices.Contains(methods, r.Method) && (path == prefix || strings.HasPrefix(path, prefix+"/"))
}

// mayCall compares with the manifest as the host's scope does.
func (f *Fake) mayCall(r sdk.PluginRequest, own bool) bool {
	for _, t := range f.manifest.Capabilities["plugin"].Scope.Plugins {
		if t.ID == r.Plugin && targetCovers(t, r) && (t.Own || !own) {
			return true
		}
	}
	return false
}
