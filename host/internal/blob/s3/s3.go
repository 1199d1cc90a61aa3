// Package s3 keeps contents of blobs in a bucket of S3 or of a server that speaks its protocol.
//
// Owns: names to object keys, ranged reads, what the server's errors mean.
// Does not own: which contents there are (store), when they go (blob), how the server is reached (egress).
// Flow: Write: one PUT, whole or not at all. Open: HEAD; ReadAt: GET of a range, a block ahead of small reads.
package s3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/callboard/callboard/host/internal/blob"
	"github.com/callboard/callboard/host/internal/fault"
)

// Config is where the bucket is. Client, Bucket and the credentials are
// required.
type Config struct {
	Client          *http.Client // the host's egress client
	Endpoint        string       // "https://minio.example.com"; empty = AWS
	Region          string       // default us-east-1
	Bucket          string
	Prefix          string // before every object key, "callboard/"
	PathStyle       bool   // https://host/bucket instead of https://bucket.host
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
}

// Backend is a bucket.
type Backend struct {
	client *s3.Client
	bucket string
	prefix string
}

var _ blob.Backend = (*Backend)(nil)

// attempts is how often a request is sent that fails in a way that passes.
const attempts = 3

// New returns a backend. It asks the server nothing; Check does.
func New(c Config) (*Backend, error) {
	if c.Client == nil || c.Bucket == "" || c.AccessKeyID == "" || c.SecretAccessKey == "" {
		return nil, fault.New(fault.Invalid, "blobs in S3 need a bucket, an access key id and a secret access key")
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	options := s3.Options{
		Region: c.Region, UsePathStyle: c.PathStyle, HTTPClient: c.Client, RetryMaxAttempts: attempts,
		Credentials: credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken),
		// The signature covers the body already; servers other than AWS's know
		// no checksums in trailers.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if c.Endpoint != "" {
		options.BaseEndpoint = aws.String(strings.TrimSuffix(c.Endpoint, "/"))
	}
	return &Backend{client: s3.New(options), bucket: c.Bucket, prefix: c.Prefix}, nil
}

// Check asks whether the bucket is there and answers these credentials.
// Fault: Unavailable.
func (b *Backend) Check(ctx context.Context) error {
	if _, err := b.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &b.bucket}); err != nil {
		const message = "the bucket of blobs does not answer"
		if f := classify(ctx, err, message); !fault.Is(f, fault.NotFound) {
			return f
		}
		return fault.Wrap(fault.Unavailable, err, message+": the bucket is absent")
	}
	return nil
}

// Name implements blob.Backend.
func (*Backend) Name() string { return "s3" }

func (b *Backend) key(name string) *string {
	key := b.prefix + name[:2] + "/" + name[2:]
	return &key
}

// Write implements blob.Backend.
func (b *Backend) Write(ctx context.Context, name string, content io.ReaderAt, size int64) error {
	if err := blob.CheckName(name); err != nil {
		return err //nolint:wrapcheck // a fault that says it all
	}
	body := &reader{SectionReader: io.NewSectionReader(content, 0, size)}
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.bucket, Key: b.key(name), Body: body, ContentLength: &size,
		// What plugins call a type is not what the bucket should serve it as.
		ContentType: aws.String("application/octet-stream"),
	})
	if body.err != nil { // of reading, which the client would call a failed request
		return body.err
	}
	if err != nil {
		return classify(ctx, err, "the blob cannot be written")
	}
	return nil
}

// reader remembers why the content could not be read.
type reader struct {
	*io.SectionReader
	err error
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.SectionReader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err //nolint:wrapcheck // io.EOF as it is
}

// Open implements blob.Backend.
func (b *Backend) Open(ctx context.Context, name string) (blob.Content, error) {
	if err := blob.CheckName(name); err != nil {
		return nil, err //nolint:wrapcheck // a fault that says it all
	}
	head, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.bucket, Key: b.key(name)})
	if err != nil {
		return nil, classify(ctx, err, "the blob cannot be opened")
	}
	return &content{ctx: ctx, backend: b, key: b.key(name), size: aws.ToInt64(head.ContentLength)}, nil
}

// Delete implements blob.Backend.
func (b *Backend) Delete(ctx context.Context, name string) error {
	if err := blob.CheckName(name); err != nil {
		return err //nolint:wrapcheck // a fault that says it all
	}
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.bucket, Key: b.key(name)})
	if err != nil && !fault.Is(classify(ctx, err, ""), fault.NotFound) {
		return classify(ctx, err, "the blob cannot be deleted")
	}
	return nil
}

// classify makes a fault of what the client returns. A bucket that is absent
// or refuses the credentials is the operator's to mend, and no blob is lost.
func classify(ctx context.Context, err error, message string) error {
	var own *fault.Error
	var status *smithyhttp.ResponseError
	var api smithy.APIError
	switch {
	case errors.As(err, &api) && (api.ErrorCode() == "NoSuchKey" || api.ErrorCode() == "NotFound"):
		return fault.Wrap(fault.NotFound, err, "the blob's content is absent")
	case ctx.Err() != nil:
		return fault.Wrap(fault.KindOf(ctx.Err()), err, message+" in time")
	case errors.As(err, &api) && api.ErrorCode() == "NoSuchBucket":
		return fault.Wrap(fault.Unavailable, err, message+": the bucket is absent")
	case errors.As(err, &api) && api.ErrorCode() == "XAdminUserNotFound", // versitygw's InvalidAccessKeyId
		errors.As(err, &status) && (status.HTTPStatusCode() == http.StatusForbidden || status.HTTPStatusCode() == http.StatusUnauthorized):
		return fault.Wrap(fault.Unavailable, err, message+": the bucket refuses the credentials")
	case errors.As(err, &status) && status.HTTPStatusCode() == http.StatusInsufficientStorage:
		return fault.Wrap(fault.Unavailable, err, message+": the server has no room left")
	case errors.As(err, &own) && own.Kind != fault.Unavailable && own.Kind != fault.Timeout:
		return fault.Wrap(fault.Unavailable, err, message+": "+own.Message) // egress refuses what the operator named
	case errors.As(err, &own):
		return fault.Wrap(own.Kind, err, message)
	}
	return fault.Wrap(fault.Unavailable, err, message)
}
