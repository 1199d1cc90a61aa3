package contract

//go:generate go tool msgp -io=false

// PluginCallRequest is the payload of plugin.call/1: one request to a route of
// another plugin. Path is below /api/<plugin>, percent-encoded, and may end
// with a query. At most one of Body and BodyHandle is set. With Own the
// calling plugin is the subject instead of the viewer.
type PluginCallRequest struct {
	Plugin     string   `msg:"g" json:"plugin"`
	Method     string   `msg:"m" json:"method"`
	Path       string   `msg:"p" json:"path"`
	Headers    []Header `msg:"h,limit=1000" json:"headers,omitempty"`
	Body       []byte   `msg:"b" json:"body,omitempty"`
	BodyHandle uint32   `msg:"n" json:"bodyHandle,omitempty"`
	Own        bool     `msg:"o" json:"own,omitempty"`
}

// PluginCallAnswer is the answer to plugin.call/1. The body is a handle, 0
// when it is empty.
type PluginCallAnswer struct {
	Status  int      `msg:"s" json:"status"`
	Headers []Header `msg:"h,limit=1000" json:"headers,omitempty"`
	Handle  uint32   `msg:"n" json:"handle,omitempty"`
	Size    uint64   `msg:"z" json:"size"`
}
