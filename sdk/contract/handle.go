package contract

//go:generate go tool msgp -io=false

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
