package rows

import (
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// BlobAccount is the running account of an installation: the bytes of its
// blobs and the last revision that it gave out.
type BlobAccount struct {
	Bytes    int64
	Revision uint64
}

// CheckUpload refuses an upload that a backend could not write or find again.
func CheckUpload(u store.BlobUpload) error {
	if u.Content == "" || u.Installation == "" || u.Size < 0 {
		return fault.New(fault.Invalid, "upload %q of installation %q with %d bytes: it has a name, an owner and a size", u.Content, u.Installation, u.Size)
	}
	return Text("content", u.Content, "installation", u.Installation)
}

// CheckBlob refuses a blob that a backend could not write.
func CheckBlob(w store.BlobWrite) error {
	if err := CheckUpload(w.Upload); err != nil {
		return err
	}
	return Text("digest", w.Digest, "media type", w.MediaType)
}

// BlobFits reports whether a blob of a size may take the place of one of
// another size. reserved are the bytes of other uploads.
func BlobFits(account BlobAccount, reserved, was, is, quota int64) error {
	if after := account.Bytes + reserved - was + is; quota >= 0 && after > quota && is > was {
		return fault.New(fault.Exhausted, "the blobs would take %d bytes and the quota is %d: delete blobs or ask for a higher quota", after, quota)
	}
	return nil
}

// BlobConflict returns the refusal of a comparison that failed, nil for one
// that holds.
func BlobConflict(key string, compare bool, want, is uint64) error {
	if !compare || want == is {
		return nil
	}
	return conflict(store.KVWrite{Key: key, IfRevision: want}, is)
}

// GivenUp is the refusal of a commit whose upload is no longer there.
func GivenUp(key string) error {
	return fault.New(fault.Unavailable, "the upload of %q took too long and was given up; put it again", key)
}

// BlobWritten returns the row that a write makes in the place of another,
// which is zero where there was none. at is the moment of the write.
func BlobWritten(was store.BlobRow, w store.BlobWrite, content string, revision uint64, at time.Time) store.BlobRow {
	row := store.BlobRow{
		Key: w.Upload.Key, Digest: w.Digest, Content: content, Size: w.Upload.Size, MediaType: w.MediaType, Metadata: w.Metadata,
		Revision: revision, CreatedAt: was.CreatedAt, UpdatedAt: at,
	}
	if was.Revision == 0 {
		row.CreatedAt = at
	}
	return row
}
