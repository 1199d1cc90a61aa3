package sdk

import (
	"maps"
	"slices"
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Blobs are the plugin's own files. Other plugins have their own.
type Blobs struct{ call *call }

// BlobInfo is one blob without its content.
type BlobInfo struct {
	Key       string
	Digest    string // sha256 of the content, lower-case hex
	Size      uint64
	MediaType string
	Metadata  map[string]string
	Revision  uint64 // grows with each write of the key
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Blob is a blob with its content, or the part that was asked for, behind a
// handle: send it, or read it.
type Blob struct {
	BlobInfo
	Handle Handle
}

// BlobWrite is one blob to be kept: Bytes, or what Handle holds.
type BlobWrite struct {
	Key       string
	MediaType string // default application/octet-stream
	Metadata  map[string]string
	Bytes     []byte
	Handle    Handle
	// With Compare the write happens only if the key's revision is IfRevision;
	// 0 means that the key must be absent. If not: Conflict.
	Compare    bool
	IfRevision uint64
}

// BlobPage is one page of blobs. Next is the after of the next page, empty at
// the end; Used and Quota are bytes of all the plugin's blobs.
type BlobPage struct {
	Blobs []BlobInfo
	Next  string
	Used  uint64
	Quota uint64
}

var (
	opBlobPut    = operation{abi.CapBlob, abi.BlobPut, "blob.put/1"}
	opBlobGet    = operation{abi.CapBlob, abi.BlobGet, "blob.get/1"}
	opBlobStat   = operation{abi.CapBlob, abi.BlobStat, "blob.stat/1"}
	opBlobList   = operation{abi.CapBlob, abi.BlobList, "blob.list/1"}
	opBlobDelete = operation{abi.CapBlob, abi.BlobDelete, "blob.delete/1"}
)

// inlineBlob is the content that goes along in the request; more goes ahead,
// as a handle.
const inlineBlob = 16 << 10

func infoOf(i *contract.BlobInfo) BlobInfo {
	out := BlobInfo{
		Key: i.Key, Digest: i.Digest, Size: i.Size, MediaType: i.MediaType, Revision: i.Revision,
		CreatedAt: time.UnixMilli(i.CreatedAt), UpdatedAt: time.UnixMilli(i.UpdatedAt),
	}
	if len(i.Metadata) > 0 {
		out.Metadata = make(map[string]string, len(i.Metadata))
		for _, f := range i.Metadata {
			out.Metadata[f.Name] = f.Value
		}
	}
	return out
}

// Put keeps content under a key, in the place of what was there.
func (b Blobs) Put(key, mediaType string, content []byte) (BlobInfo, error) {
	return b.Write(BlobWrite{Key: key, MediaType: mediaType, Bytes: content})
}

// Write keeps one blob.
func (b Blobs) Write(w BlobWrite) (BlobInfo, error) {
	req := contract.BlobPutRequest{
		Key: w.Key, MediaType: w.MediaType, Bytes: w.Bytes, Handle: w.Handle.id, Compare: w.Compare, IfRevision: w.IfRevision,
	}
	for _, name := range slices.Sorted(maps.Keys(w.Metadata)) {
		req.Metadata = append(req.Metadata, contract.BlobField{Name: name, Value: w.Metadata[name]})
	}
	if w.Handle.id == 0 && len(w.Bytes) > inlineBlob {
		ahead, err := b.send(w.Bytes)
		if err != nil {
			return BlobInfo{}, err
		}
		defer func() { _ = ahead.Drop() }() // it ends with the call at the latest
		req.Bytes, req.Handle = nil, ahead.id
	}
	var info contract.BlobInfo
	if err := b.call.do(opBlobPut, &req, &info); err != nil {
		return BlobInfo{}, err
	}
	return infoOf(&info), nil
}

// send hands bytes to the host piece by piece.
func (b Blobs) send(content []byte) (Handle, error) {
	var info contract.HandleInfo
	if err := b.call.do(opHandleCreate, &contract.HandleCreateRequest{}, &info); err != nil {
		return Handle{}, err
	}
	h := Handle{call: b.call, id: info.Handle, size: uint64(len(content))}
	for off := 0; off < len(content); {
		n, code := b.call.guest.host.Write(h.id, int64(off), content[off:min(off+inlineBlob, len(content))])
		if code != abi.CodeOK || n == 0 {
			_ = h.Drop()
			return Handle{}, &Error{Code: code, Op: opBlobPut.name, Message: "handing over the content"}
		}
		off += n
	}
	return h, nil
}

// Get returns a blob, or NotFound.
func (b Blobs) Get(key string) (Blob, error) { return b.GetRange(key, 0, 0) }

// GetRange returns length bytes of a blob from an offset, with length 0 all
// from there.
func (b Blobs) GetRange(key string, offset, length uint64) (Blob, error) {
	var a contract.BlobGetAnswer
	if err := b.call.do(opBlobGet, &contract.BlobGetRequest{Key: key, Offset: offset, Length: length}, &a); err != nil {
		return Blob{}, err
	}
	return Blob{BlobInfo: infoOf(&a.Blob), Handle: Handle{call: b.call, id: a.Handle, size: a.Size}}, nil
}

// Stat returns what is known of a blob, or NotFound.
func (b Blobs) Stat(key string) (BlobInfo, error) {
	var info contract.BlobInfo
	if err := b.call.do(opBlobStat, &contract.BlobRequest{Key: key}, &info); err != nil {
		return BlobInfo{}, err
	}
	return infoOf(&info), nil
}

// List returns up to limit blobs (0 = 1,000) whose keys start with prefix, in
// byte order, after a key.
func (b Blobs) List(prefix, after string, limit int) (BlobPage, error) {
	var a contract.BlobListAnswer
	if err := b.call.do(opBlobList, &contract.BlobListRequest{Prefix: prefix, After: after, Limit: limit}, &a); err != nil {
		return BlobPage{}, err
	}
	page := BlobPage{Blobs: make([]BlobInfo, len(a.Blobs)), Next: a.Next, Used: a.Used, Quota: a.Quota}
	for i := range a.Blobs {
		page.Blobs[i] = infoOf(&a.Blobs[i])
	}
	return page, nil
}

// Delete removes a blob. Deleting what is absent is no error.
func (b Blobs) Delete(key string) error {
	return b.call.do(opBlobDelete, &contract.BlobDeleteRequest{Key: key}, nil)
}

// DeleteIf removes a blob if its revision is still ifRevision; otherwise Conflict.
func (b Blobs) DeleteIf(key string, ifRevision uint64) error {
	return b.call.do(opBlobDelete, &contract.BlobDeleteRequest{Key: key, Compare: true, IfRevision: ifRevision}, nil)
}
