package contract

//go:generate go tool msgp -io=false

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
