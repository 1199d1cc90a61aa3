package blob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/blob"
	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// New returns the table's row.
func New(blobs *blob.Store) capability.Capability {
	s := service{blobs}
	return capability.Capability{
		ID: abi.CapBlob, Scope: scopes{},
		Ops: map[uint32]capability.Operation{
			abi.BlobPut:    capability.Op("blob.put/1", s.put),
			abi.BlobGet:    capability.Op("blob.get/1", s.get),
			abi.BlobStat:   capability.Op("blob.stat/1", s.stat),
			abi.BlobList:   capability.Op("blob.list/1", s.list),
			abi.BlobDelete: capability.Op("blob.delete/1", s.delete),
		},
	}
}

type service struct{ blobs *blob.Store }

func (s service) put(ctx context.Context, c *capability.Call, q *contract.BlobPutRequest) (msgp.Marshaler, error) {
	scope, err := reach(c, q.Key)
	if err != nil {
		return nil, err
	}
	mediaType, err := checkMediaType(q.MediaType)
	if err != nil {
		return nil, err
	}
	metadata, err := encodeMetadata(q.Metadata)
	if err != nil {
		return nil, err
	}
	var content io.ReaderAt = bytes.NewReader(q.Bytes)
	size := int64(len(q.Bytes))
	switch {
	case q.Handle != 0 && len(q.Bytes) > 0:
		return nil, fault.New(fault.Invalid, "blob %q has bytes and a handle; give one of them", q.Key)
	case q.Handle != 0:
		if content, size, _, err = c.Handles.Open(q.Handle); err != nil {
			return nil, err
		}
	case size > MaxBytes:
		return nil, fault.New(fault.Invalid, "blob %q has %d bytes in the request, at most %d; put larger content by handle", q.Key, size, MaxBytes)
	}
	if size > MaxBlob {
		return nil, fault.New(fault.Exhausted, "blob %q has %d bytes, at most %d", q.Key, size, MaxBlob)
	}
	row, err := s.blobs.Put(ctx, blob.Put{
		Installation: c.Installation, Key: q.Key, MediaType: mediaType, Metadata: metadata, Content: content, Size: size,
		Quota: scope.Quota, Compare: q.Compare, IfRevision: q.IfRevision,
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	info, err := infoOf(row)
	return &info, err
}

func (s service) get(ctx context.Context, c *capability.Call, q *contract.BlobGetRequest) (msgp.Marshaler, error) {
	if _, err := reach(c, q.Key); err != nil {
		return nil, err
	}
	row, err := s.blobs.Stat(ctx, c.Installation, q.Key)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	info, err := infoOf(row)
	if err != nil {
		return nil, err
	}
	if q.Offset > info.Size {
		return nil, fault.New(fault.Invalid, "blob %q has %d bytes; offset %d is past its end", q.Key, info.Size, q.Offset)
	}
	size := info.Size - q.Offset
	if q.Length > 0 {
		size = min(size, q.Length)
	}
	content, err := s.blobs.Open(ctx, row)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	part := section{io.NewSectionReader(content, int64(q.Offset), int64(size)), content} //nolint:gosec // both are within the size of a blob
	// Only this call may read it, and it may show it to whom it is made for:
	// what a plugin keeps is the plugin's.
	handle, err := c.Handles.PutLazy(part, int64(size), row.MediaType, c.Authority) //nolint:gosec // as above
	if err != nil {
		return nil, err
	}
	return &contract.BlobGetAnswer{Blob: info, Handle: handle, Size: size}, nil
}

// section is a range of a content.
type section struct {
	*io.SectionReader
	io.Closer
}

func (s service) stat(ctx context.Context, c *capability.Call, q *contract.BlobRequest) (msgp.Marshaler, error) {
	if _, err := reach(c, q.Key); err != nil {
		return nil, err
	}
	row, err := s.blobs.Stat(ctx, c.Installation, q.Key)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	info, err := infoOf(row)
	return &info, err
}

func (s service) list(ctx context.Context, c *capability.Call, q *contract.BlobListRequest) (msgp.Marshaler, error) {
	scope, err := scopeOf(c)
	if err != nil {
		return nil, err
	}
	if !scope.reaches(q.Prefix) {
		return nil, outOfReach(scope, q.Prefix)
	}
	limit := q.Limit
	if limit <= 0 || limit > MaxList {
		limit = MaxList
	}
	used, err := s.blobs.Usage(ctx, c.Installation)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	rows, err := s.blobs.List(ctx, c.Installation, q.Prefix, q.After, limit+1)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	answer := &contract.BlobListAnswer{Used: uint64(max(used, 0)), Quota: uint64(max(scope.Quota, 0))}
	for i, row := range rows {
		if i == limit {
			answer.Next = rows[i-1].Key
			break
		}
		info, err := infoOf(row)
		if err != nil {
			return nil, err
		}
		answer.Blobs = append(answer.Blobs, info)
	}
	return answer, nil
}

func (s service) delete(ctx context.Context, c *capability.Call, q *contract.BlobDeleteRequest) (msgp.Marshaler, error) {
	if _, err := reach(c, q.Key); err != nil {
		return nil, err
	}
	return nil, s.blobs.Delete(ctx, c.Installation, q.Key, q.Compare, q.IfRevision) //nolint:wrapcheck // a fault with the message for the guest
}

func scopeOf(c *capability.Call) (*Scope, error) {
	scope, ok := c.Scope.(*Scope)
	if !ok {
		return nil, fault.New(fault.Internal, "the call has no blob scope")
	}
	return scope, nil
}

// reach checks a key and returns the scope that it lies in.
func reach(c *capability.Call, key string) (*Scope, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	scope, err := scopeOf(c)
	if err != nil {
		return nil, err
	}
	if !scope.reaches(key) {
		return nil, outOfReach(scope, key)
	}
	if folder, _, found := strings.Cut(key, "/"); found {
		c.Reached(abi.CapBlob, "prefix", folder+"/")
	} else {
		c.Reached(abi.CapBlob, "prefix", key)
	}
	return scope, nil
}

func outOfReach(s *Scope, key string) error {
	return &capability.Denial{
		Missing: fmt.Sprintf("blob: prefix %q", key),
		Why: fmt.Sprintf("the plugin may %s; %q is not under it: add a prefix to the scope of blob in plugin.yaml and to its grant, or ask with a longer one",
			s, key),
	}
}
