package app

import (
	"crypto/rand"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/blob"
	"github.com/callboard/callboard/host/internal/blob/blobtest"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store/sqlite"
)

// The bucket is reached through the host's own way out, which refuses
// everything that the operator did not name.
func TestBlobsLieInTheBucketThatIsConfigured(t *testing.T) {
	server := blobtest.StartServer(t)
	if err := os.Mkdir(filepath.Join(server.Folder, "blobs"), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "db.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	c := &config.Config{Blob: config.Blob{Backend: "s3", S3: config.BlobS3{
		Endpoint: server.Endpoint, Bucket: "blobs", Prefix: "callboard/", PathStyle: true, AccessKeyID: server.AccessKeyID, SecretAccessKey: config.Secret(server.SecretAccessKey),
	}}}
	blobs, closer, err := openBlobs(t.Context(), blobDeps{
		config: c, rows: db, egress: egress.New(egress.Config{}), now: time.Now, random: rand.Reader, log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closer() }()
	row, err := blobs.Put(t.Context(), blob.Put{Installation: "i", Key: "k", Content: strings.NewReader("content"), Size: 7, Quota: -1})
	if err != nil {
		t.Fatal(err)
	}
	content, err := blobs.Open(t.Context(), row)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	if got, err := io.ReadAll(io.NewSectionReader(content, 0, content.Size())); err != nil || string(got) != "content" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(server.Folder, "blobs", "callboard", row.Content[:2], row.Content[2:])); err != nil {
		t.Errorf("the server does not have it: %v", err)
	}
}

func TestAnEndpointThatIsNoAddressIsRefused(t *testing.T) {
	for _, endpoint := range []string{"minio", "ftp://minio", "https://user:secret@minio", "https://minio/bucket", "https://"} {
		if _, err := newBucket(config.BlobS3{Endpoint: endpoint, Bucket: "b", AccessKeyID: "a", SecretAccessKey: "s"}, egress.New(egress.Config{})); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}
