package sdktest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/tinylib/msgp/msgp"
)

// blobQuota is the quota of a fake whose plugin.yaml names none.
const blobQuota = 100 << 20

type fakeBlob struct {
	info    contract.BlobInfo
	content []byte
}

// fakeBlobs are the plugin's files. A key keeps counting revisions after it
// was deleted, as long as the fake lives.
type fakeBlobs struct {
	rows  map[string]fakeBlob
	last  uint64
	bytes uint64
}

// reachBlob checks a key, or with prefix the start of one.
func (f *Fake) reachBlob(key string, prefix bool) error {
	if !prefix && (key == "" || len(key) > 512) {
		return sdk.Invalid("a key has 1 to 512 bytes, not %d", len(key))
	}
	if f.manifest == nil {
		return nil
	}
	prefixes := f.manifest.Capabilities["blob"].Scope.Prefixes
	if len(prefixes) == 0 || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
		return nil
	}
	return &sdk.Error{
		Code: sdk.CodeDenied, MissingGrant: "blob: prefix \"" + key + "\"",
		Message: "the plugin keeps blobs under " + strings.Join(prefixes, ", ") + "; \"" + key + "\" is not under it",
	}
}

func (f *Fake) quota(capability string, otherwise uint64) uint64 {
	if f.manifest == nil {
		return otherwise
	}
	return cmp.Or(uint64(f.manifest.Capabilities[capability].Scope.Quota), otherwise)
}

func (f *Fake) blobPut(q *contract.BlobPutRequest) (msgp.Marshaler, error) {
	if err := f.reachBlob(q.Key, false); err != nil {
		return nil, err
	}
	content := q.Bytes
	switch {
	case q.Handle != 0 && len(q.Bytes) > 0:
		return nil, sdk.Invalid("blob %q has bytes and a handle; give one of them", q.Key)
	case q.Handle != 0:
		h, err := f.handle(q.Handle)
		if err != nil {
			return nil, err
		}
		content = h.content
	}
	if q.MediaType != "" && !strings.Contains(q.MediaType, "/") {
		return nil, sdk.Invalid("%q is not a media type", q.MediaType)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.blobs.rows[q.Key]
	if err := compareBlob(q.Key, q.Compare, q.IfRevision, was.info.Revision); err != nil {
		return nil, err
	}
	after := f.blobs.bytes - was.info.Size + uint64(len(content))
	if quota := f.quota("blob", blobQuota); after > quota && uint64(len(content)) > was.info.Size {
		return nil, &sdk.Error{Code: sdk.CodeExhausted, Message: "the quota of blobs is used up"}
	}
	f.blobs.last++
	sum, now := sha256.Sum256(content), f.now().UnixMilli()
	row := fakeBlob{content: slices.Clone(content), info: contract.BlobInfo{
		Key: q.Key, Digest: hex.EncodeToString(sum[:]), Size: uint64(len(content)), MediaType: cmp.Or(q.MediaType, "application/octet-stream"),
		Metadata: slices.SortedFunc(slices.Values(q.Metadata), func(a, b contract.BlobField) int { return strings.Compare(a.Name, b.Name) }),
		Revision: f.blobs.last, CreatedAt: cmp.Or(was.info.CreatedAt, now), UpdatedAt: now,
	}}
	f.blobs.rows[q.Key], f.blobs.bytes = row, after
	return &row.info, nil
}

func compareBlob(key string, compare bool, want, is uint64) error {
	if compare && want != is {
		return sdk.Conflict("key %q has revision %d, not %d", key, is, want)
	}
	return nil
}

func (f *Fake) blob(key string) (fakeBlob, error) {
	if err := f.reachBlob(key, false); err != nil {
		return fakeBlob{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	row, ok := f.blobs.rows[key]
	if !ok {
		return row, sdk.NotFound("there is no blob %q", key)
	}
	return row, nil
}

func (f *Fake) blobGet(q *contract.BlobGetRequest) (msgp.Marshaler, error) {
	row, err := f.blob(q.Key)
	if err != nil {
		return nil, err
	}
	if q.Offset > row.info.Size {
		return nil, sdk.Invalid("blob %q has %d bytes; offset %d is past its end", q.Key, row.info.Size, q.Offset)
	}
	part := row.content[q.Offset:]
	if q.Length > 0 {
		part = part[:min(uint64(len(part)), q.Length)]
	}
	id, err := f.keep(&held{mediaType: row.info.MediaType, content: part})
	return &contract.BlobGetAnswer{Blob: row.info, Handle: id, Size: uint64(len(part))}, err
}

func (f *Fake) blobStat(q *contract.BlobRequest) (msgp.Marshaler, error) {
	row, err := f.blob(q.Key)
	return &row.info, err
}

func (f *Fake) blobList(q *contract.BlobListRequest) (msgp.Marshaler, error) {
	if err := f.reachBlob(q.Prefix, true); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	limit := q.Limit
	if limit <= 0 || limit > 1000 {
		limit = 1000
	}
	a := &contract.BlobListAnswer{Used: f.blobs.bytes, Quota: f.quota("blob", blobQuota)}
	for _, key := range slices.Sorted(maps.Keys(f.blobs.rows)) {
		if !strings.HasPrefix(key, q.Prefix) || key <= q.After && q.After != "" {
			continue
		}
		if len(a.Blobs) == limit {
			a.Next = a.Blobs[limit-1].Key
			break
		}
		a.Blobs = append(a.Blobs, f.blobs.rows[key].info)
	}
	return a, nil
}

func (f *Fake) blobDelete(q *contract.BlobDeleteRequest) (msgp.Marshaler, error) {
	if err := f.reachBlob(q.Key, false); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.blobs.rows[q.Key]
	if err := compareBlob(q.Key, q.Compare, q.IfRevision, was.info.Revision); err != nil {
		return nil, err
	}
	delete(f.blobs.rows, q.Key)
	f.blobs.bytes -= was.info.Size
	return nil, nil
}
