package contract

// KVGetRequest is the payload of kv.get/1.
type KVGetRequest struct {
	Key string `msg:"k" json:"key"`
}

// KVEntry is one stored value. Revision grows with each write of the key and
// is what compare-and-set compares; ExpiresAt is Unix milliseconds, 0 = never.
type KVEntry struct {
	Key       string `msg:"k" json:"key"`
	Value     []byte `msg:"v" json:"value"`
	Revision  uint64 `msg:"r" json:"revision"`
	ExpiresAt int64  `msg:"e" json:"expiresAt,omitempty"`
}

// KVSetRequest is the payload of kv.set/1; the answer is a KVEntry without
// value. With Compare the write happens only if the key's revision is IfRevision (0 = absent).
type KVSetRequest struct {
	Key        string `msg:"k" json:"key"`
	Value      []byte `msg:"v" json:"value"`
	TTLMillis  int64  `msg:"t" json:"ttlMillis,omitempty"`
	Compare    bool   `msg:"c" json:"compare,omitempty"`
	IfRevision uint64 `msg:"i" json:"ifRevision,omitempty"`
}

// KVDeleteRequest is the payload of kv.delete/1. Deleting what is absent is no error.
type KVDeleteRequest struct {
	Key        string `msg:"k" json:"key"`
	Compare    bool   `msg:"c" json:"compare,omitempty"`
	IfRevision uint64 `msg:"i" json:"ifRevision,omitempty"`
}

// KVScanRequest is the payload of kv.scan/1: keys with the prefix, in byte
// order, after After; at most Limit (default and cap 1,000).
type KVScanRequest struct {
	Prefix string `msg:"p" json:"prefix"`
	After  string `msg:"a" json:"after,omitempty"`
	Limit  int    `msg:"l" json:"limit,omitempty"`
}

// KVScanAnswer is the answer to kv.scan/1. Next is the After of the next page, empty at the end.
type KVScanAnswer struct {
	Entries []KVEntry `msg:"e,limit=20000" json:"entries"`
	Next    string    `msg:"n" json:"next,omitempty"`
}

// KVOp is one write of a batch: exactly one of Set and Delete.
type KVOp struct {
	Set    *KVSetRequest    `msg:"s" json:"set,omitempty"`
	Delete *KVDeleteRequest `msg:"d" json:"delete,omitempty"`
}

// KVBatchRequest is the payload of kv.batch/1: all or nothing, at most 1,000 writes.
type KVBatchRequest struct {
	Ops []KVOp `msg:"o,limit=20000" json:"ops"`
}

// ConfigAnswer is the answer to config.get/1: plugins.entries.<id>.config, with secrets redacted.
type ConfigAnswer struct {
	JSON []byte `msg:"j" json:"json"`
}

// LogAttr is one attribute of a log record; the value is text.
type LogAttr struct {
	Key   string `msg:"k" json:"key"`
	Value string `msg:"v" json:"value"`
}

// LogRecord is the payload of log.emit/1.
type LogRecord struct {
	Level   uint32    `msg:"l" json:"level"` // abi.Level
	Message string    `msg:"m" json:"message"`
	Attrs   []LogAttr `msg:"a,limit=20000" json:"attrs,omitempty"`
}

// ClockAnswer is the answer to clock.now/1.
type ClockAnswer struct {
	UnixNano int64 `msg:"n" json:"unixNano"`
}

// IdentityAnswer is the answer to identity.current/1.
type IdentityAnswer struct {
	Kind      string   `msg:"k" json:"kind"` // user, service, plugin, none
	Ref       string   `msg:"r" json:"ref,omitempty"`
	Ownership []string `msg:"o,limit=20000" json:"ownership,omitempty"`
	Mode      string   `msg:"m" json:"mode"` // viewer, own
}

// RenderSource is text to render: bytes, or a handle.
type RenderSource struct {
	Bytes  []byte `msg:"b" json:"bytes,omitempty"`
	Handle uint32 `msg:"h" json:"handle,omitempty"`
}

// RenderRequest is the payload of render.markdown/1, render.yaml/1 and render.html/1.
type RenderRequest struct {
	Source RenderSource `msg:"s" json:"source"`
}

// Heading is a heading of rendered markdown.
type Heading struct {
	Level int    `msg:"l" json:"level"`
	ID    string `msg:"i" json:"id"`
	Text  string `msg:"t" json:"text"`
}

// RenderAnswer is the answer of the render operations that make a handle.
type RenderAnswer struct {
	Handle   uint32    `msg:"h" json:"handle"`
	Size     uint64    `msg:"s" json:"size"`
	Headings []Heading `msg:"d,limit=20000" json:"headings,omitempty"`
}

// RenderJSONRequest is the payload of render.json/1: the values at dotted
// paths of a JSON source.
type RenderJSONRequest struct {
	Source RenderSource `msg:"s" json:"source"`
	Paths  []string     `msg:"p,limit=20000" json:"paths"`
}

// RenderJSONAnswer holds one raw JSON value per path, empty where absent.
type RenderJSONAnswer struct {
	Values [][]byte `msg:"v,limit=20000" json:"values"`
}

// RenderValidateRequest is the payload of render.validate/1.
type RenderValidateRequest struct {
	Schema []byte       `msg:"c" json:"schema"` // JSON Schema
	Source RenderSource `msg:"s" json:"source"` // JSON
}

// Violation is one way in which a document breaks its schema.
type Violation struct {
	Path    string `msg:"p" json:"path"` // JSON pointer
	Message string `msg:"m" json:"message"`
}

// RenderValidateAnswer lists the violations; none means valid.
type RenderValidateAnswer struct {
	Violations []Violation `msg:"v,limit=20000" json:"violations,omitempty"`
}

// RenderDiffRequest is the payload of render.diff/1: a unified diff of two texts.
type RenderDiffRequest struct {
	From RenderSource `msg:"f" json:"from"`
	To   RenderSource `msg:"t" json:"to"`
}

// HandleCreateRequest is the payload of handle.create/1.
type HandleCreateRequest struct {
	Type  string `msg:"t" json:"type"` // media type
	Bytes []byte `msg:"b" json:"bytes"`
}

// HandleRequest names a handle, for handle.stat/1 and handle.drop/1.
type HandleRequest struct {
	Handle uint32 `msg:"h" json:"handle"`
}

// HandleInfo is the answer to handle.create/1 and handle.stat/1.
type HandleInfo struct {
	Handle uint32 `msg:"h" json:"handle"`
	Type   string `msg:"t" json:"type"`
	Size   uint64 `msg:"s" json:"size"`
}
