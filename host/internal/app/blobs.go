package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"github.com/callboard/callboard/host/internal/blob"
	"github.com/callboard/callboard/host/internal/blob/local"
	"github.com/callboard/callboard/host/internal/blob/s3"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// blobTimeout bounds one exchange with the server of blobs: 64 MiB over a slow line.
const blobTimeout = 2 * time.Minute

// blobDeps is what blobs stand on.
type blobDeps struct {
	config *config.Config
	rows   store.Blobs
	egress *egress.Egress
	now    func() time.Time
	random io.Reader
	log    *slog.Logger
}

// openBlobs opens the backend of blobs that configuration names. close ends
// it. Faults: Invalid (configuration), Unavailable (the folder). A bucket that
// does not answer keeps nobody from starting: it is logged.
func openBlobs(ctx context.Context, d blobDeps) (blobs *blob.Store, closer func() error, err error) {
	c := d.config.Blob
	var backend blob.Backend
	closer = func() error { return nil }
	switch c.Backend {
	case "s3":
		bucket, err := newBucket(c.S3, d.egress)
		if err != nil {
			return nil, nil, fmt.Errorf("opening the bucket of blobs: %w", err)
		}
		if err := bucket.Check(ctx); err != nil {
			d.log.WarnContext(ctx, "blobs cannot be read or written until it does", "error", err)
		}
		backend = bucket
	default:
		folder, err := local.Open(filepath.Join(d.config.DataDir, "blobs"))
		if err != nil {
			return nil, nil, fmt.Errorf("opening the folder of blobs: %w", err)
		}
		backend, closer = folder, folder.Close
	}
	return blob.New(blob.Config{Rows: d.rows, Backend: backend, Now: d.now, Random: d.random, Log: d.log}), closer, nil
}

func newBucket(c config.BlobS3, out *egress.Egress) (*s3.Backend, error) {
	client, err := bucketClient(c, out)
	if err != nil {
		return nil, err
	}
	return s3.New(s3.Config{ //nolint:wrapcheck // the caller says what it opens
		Client: client, Endpoint: c.Endpoint, Region: c.Region, Bucket: c.Bucket, Prefix: c.Prefix, PathStyle: c.PathStyle,
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal(),
	})
}

// bucketClient reaches the bucket and nothing else. A server that the operator
// named may lie in a private network; AWS does not.
func bucketClient(c config.BlobS3, out *egress.Egress) (*http.Client, error) {
	host, reach := "s3."+c.Region+".amazonaws.com", egress.Public
	if c.Endpoint != "" {
		u, err := url.Parse(c.Endpoint)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" || u.Path != "" && u.Path != "/" {
			return nil, fault.New(fault.Invalid, "blob.s3.endpoint must be an address such as https://minio.example.com")
		}
		host, reach = u.Host, egress.Private
	}
	return out.Client(egress.Policy{
		MaxRedirects: -1, MaxBytes: 128 << 20, Timeout: blobTimeout,
		Reach: func(u *url.URL) egress.Reach {
			if u.Host == host || u.Host == c.Bucket+"."+host {
				return reach
			}
			return egress.Refused
		},
	}).HTTPClient(), nil
}
