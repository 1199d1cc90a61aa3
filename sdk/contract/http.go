package contract

//go:generate go tool msgp -io=false

// Header is one header field. Names are in canonical form.
type Header struct {
	Name  string `msg:"n" json:"name"`
	Value string `msg:"v" json:"value"`
}

// Param is one path parameter, percent-decoded.
type Param struct {
	Name  string `msg:"n" json:"name"`
	Value string `msg:"v" json:"value"`
}

// HTTPRequest is the payload of http.handle/1. Cookies and Authorization are
// never in Headers. A body of at most 16 KiB is in Body; a larger one is the
// handle that the call header names.
type HTTPRequest struct {
	Method   string   `msg:"m" json:"method"`
	Route    string   `msg:"r" json:"route"` // the manifest's pattern, "/entities/by-name/{kind}/{namespace}/{name}"
	Path     string   `msg:"p" json:"path"`  // below /api/<plugin>, percent-encoded as received
	RawQuery string   `msg:"q" json:"rawQuery,omitempty"`
	Params   []Param  `msg:"a,limit=100" json:"params,omitempty"`
	Headers  []Header `msg:"h,limit=1000" json:"headers,omitempty"`
	Body     []byte   `msg:"b" json:"body,omitempty"`
}

// BodyPart is a piece of a response body: bytes, or a handle of the host whose
// content is sent without entering the guest.
type BodyPart struct {
	Bytes  []byte `msg:"b" json:"bytes,omitempty"`
	Handle uint32 `msg:"h" json:"handle,omitempty"`
}

// HTTPResponse is the reply to http.handle/1. The parts are sent one after another.
type HTTPResponse struct {
	Status  int        `msg:"s" json:"status"`
	Headers []Header   `msg:"h,limit=1000" json:"headers,omitempty"`
	Body    []BodyPart `msg:"b,limit=10000" json:"body,omitempty"`
}

// Error is the payload of a reply whose code is not ok.
type Error struct {
	Code         string `msg:"c" json:"code"` // abi.Code name
	Message      string `msg:"m" json:"message"`
	Retryable    bool   `msg:"r" json:"retryable,omitempty"`
	MissingGrant string `msg:"g" json:"missingGrant,omitempty"` // "kv" or "catalog: read kinds [component]"
}

// HTTPFetchRequest is the payload of http.fetch/1: one request to another
// server, sent by the host's egress client. At most one of Body and BodyHandle
// is set. A header value may name a secret as {{secret:name}}.
type HTTPFetchRequest struct {
	Method        string   `msg:"m" json:"method"`
	URL           string   `msg:"u" json:"url"`
	Headers       []Header `msg:"h,limit=1000" json:"headers,omitempty"`
	Body          []byte   `msg:"b" json:"body,omitempty"`
	BodyHandle    uint32   `msg:"n" json:"bodyHandle,omitempty"`
	TimeoutMillis int64    `msg:"t" json:"timeoutMillis,omitempty"`
	Own           bool     `msg:"o" json:"own,omitempty"`
	// NoRedirects makes an answer that redirects the answer. Otherwise the host
	// follows up to five, each checked like the first request.
	NoRedirects bool `msg:"f" json:"noRedirects,omitempty"`
}

// HTTPFetchAnswer is the answer to http.fetch/1. The body is a handle; URL is
// what was answered in the end, after redirects.
type HTTPFetchAnswer struct {
	URL     string   `msg:"u" json:"url"`
	Status  int      `msg:"s" json:"status"`
	Headers []Header `msg:"h,limit=1000" json:"headers,omitempty"`
	Handle  uint32   `msg:"n" json:"handle"`
	Size    uint64   `msg:"z" json:"size"`
}
