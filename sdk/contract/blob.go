package contract

//go:generate go tool msgp -io=false

// BlobField is one field of a blob's metadata.
type BlobField struct {
	Name  string `msg:"n" json:"name"`
	Value string `msg:"v" json:"value"`
}

// BlobInfo is one blob without its content. Digest is the sha256 of the
// content in lower-case hex; Revision grows with each write of the key and is
// what a comparison compares; times are Unix milliseconds.
type BlobInfo struct {
	Key       string      `msg:"k" json:"key"`
	Digest    string      `msg:"d" json:"digest"`
	Size      uint64      `msg:"s" json:"size"`
	MediaType string      `msg:"t" json:"mediaType"`
	Metadata  []BlobField `msg:"m,limit=100" json:"metadata,omitempty"` // by name
	Revision  uint64      `msg:"r" json:"revision"`
	CreatedAt int64       `msg:"c" json:"createdAt"`
	UpdatedAt int64       `msg:"u" json:"updatedAt"`
}

// BlobPutRequest is the payload of blob.put/1; the answer is a BlobInfo. The
// content is Bytes, or with Handle what that handle holds. With Compare the
// write happens only if the key's revision is IfRevision (0 = absent).
type BlobPutRequest struct {
	Key        string      `msg:"k" json:"key"`
	MediaType  string      `msg:"t" json:"mediaType,omitempty"` // default application/octet-stream
	Metadata   []BlobField `msg:"m,limit=100" json:"metadata,omitempty"`
	Bytes      []byte      `msg:"b" json:"bytes,omitempty"`
	Handle     uint32      `msg:"h" json:"handle,omitempty"`
	Compare    bool        `msg:"c" json:"compare,omitempty"`
	IfRevision uint64      `msg:"i" json:"ifRevision,omitempty"`
}

// BlobGetRequest is the payload of blob.get/1: Length bytes from Offset, with
// Length 0 all from there.
type BlobGetRequest struct {
	Key    string `msg:"k" json:"key"`
	Offset uint64 `msg:"o" json:"offset,omitempty"`
	Length uint64 `msg:"l" json:"length,omitempty"`
}

// BlobGetAnswer is the answer to blob.get/1. Handle holds Size bytes, fewer
// than were asked for where the content ends; it is read when it is used.
type BlobGetAnswer struct {
	Blob   BlobInfo `msg:"b" json:"blob"`
	Handle uint32   `msg:"h" json:"handle"`
	Size   uint64   `msg:"s" json:"size"`
}

// BlobRequest is the payload of blob.stat/1; the answer is a BlobInfo.
type BlobRequest struct {
	Key string `msg:"k" json:"key"`
}

// BlobListRequest is the payload of blob.list/1: keys with the prefix, in byte
// order, after After; at most Limit (default and cap 1,000).
type BlobListRequest struct {
	Prefix string `msg:"p" json:"prefix"`
	After  string `msg:"a" json:"after,omitempty"`
	Limit  int    `msg:"l" json:"limit,omitempty"`
}

// BlobListAnswer is the answer to blob.list/1. Next is the After of the next
// page, empty at the end; Used and Quota are bytes of all the plugin's blobs.
type BlobListAnswer struct {
	Blobs []BlobInfo `msg:"b,limit=20000" json:"blobs"`
	Next  string     `msg:"n" json:"next,omitempty"`
	Used  uint64     `msg:"u" json:"used"`
	Quota uint64     `msg:"q" json:"quota"`
}

// BlobDeleteRequest is the payload of blob.delete/1. Deleting what is absent
// is no error.
type BlobDeleteRequest struct {
	Key        string `msg:"k" json:"key"`
	Compare    bool   `msg:"c" json:"compare,omitempty"`
	IfRevision uint64 `msg:"i" json:"ifRevision,omitempty"`
}
