// Package s3 reads buckets of S3, and of servers that speak its protocol.
//
// Owns: the forms of their URLs, reading and listing objects, roles, what the server's errors mean.
// Does not own: how the server is reached (egress), who may use it (source.Integrations), blobs (blob/s3).
// Flow: URL → Place (bucket and key) → GET of an object | list of a prefix.
package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// Config is one entry of integrations.awsS3. HTTP and Name are required.
type Config struct {
	Name            string // "integrations.awsS3[0]"
	Endpoint        string // "https://minio.example.com"; empty = AWS
	PathStyle       bool   // https://host/bucket instead of https://bucket.host
	Region          string // where a URL does not say; default us-east-1
	AccessKeyID     string // empty = nobody
	SecretAccessKey string // of the key
	RoleARN         string // the role that is read as; the key may assume it
	ExternalID      string // that the role asks for
	HTTP            source.HTTPClient
}

// Amazon is the host of AWS's own URLs.
const Amazon = "amazonaws.com"

// Host implements source.Host and source.Editor.
type Host struct {
	config   Config
	endpoint *url.URL // nil = AWS
	client   *s3.Client
}

// New returns a host. Fault: Invalid (an address that is none, half a credential,
// a role that nobody assumes).
func New(c Config) (*Host, error) {
	h := &Host{config: c}
	if (c.AccessKeyID == "") != (c.SecretAccessKey == "") {
		return nil, fault.New(fault.Invalid, "%s needs accessKeyId and secretAccessKey, or neither", c.Name)
	}
	if c.RoleARN != "" && c.AccessKeyID == "" {
		return nil, fault.New(fault.Invalid, "%s has roleArn and no accessKeyId, with which the role is assumed; credentials of the machine or the container are not used", c.Name)
	}
	if c.Region == "" {
		h.config.Region = "us-east-1"
	}
	options := s3.Options{
		Region: h.config.Region, UsePathStyle: c.PathStyle, HTTPClient: c.HTTP, Credentials: aws.AnonymousCredentials{},
		// Pace counts refusals; asking again at once would only add to them.
		Retryer: aws.NopRetryer{}, ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if c.AccessKeyID != "" {
		options.Credentials = credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, "")
	}
	if c.Endpoint != "" {
		endpoint, err := source.BaseURL(c.Name+".endpoint", c.Endpoint)
		if err != nil {
			return nil, err
		}
		if endpoint.Path != "" {
			return nil, fault.New(fault.Invalid, "%s.endpoint: %s has a path, which no endpoint has", c.Name, c.Endpoint)
		}
		h.endpoint = endpoint
		options.BaseEndpoint = aws.String(endpoint.String())
	}
	if c.RoleARN != "" {
		options.Credentials = newRole(c, options)
	}
	h.client = s3.New(options)
	return h, nil
}

// amazonHost is a host of AWS: s3.REGION.amazonaws.com with a bucket before it or none.
var amazonHost = regexp.MustCompile(`^(?:(.+)\.)?s3(?:[.-]([a-z0-9-]+))?\.amazonaws\.com(?:\.cn)?$`)

// Owns implements source.Host.
func (h *Host) Owns(u *url.URL) bool {
	if h.endpoint == nil {
		return u.Scheme == "https" && u.User == nil && u.Port() == "" && amazonHost.MatchString(strings.ToLower(u.Hostname()))
	}
	if source.SameSite(u, h.endpoint) {
		return true
	}
	bucket, ok := strings.CutSuffix(strings.ToLower(u.Host), "."+strings.ToLower(h.endpoint.Host))
	return ok && bucket != "" && u.Scheme == h.endpoint.Scheme && u.User == nil && !h.config.PathStyle
}

// Parse implements source.Host. The region of AWS stands in Place.RefType.
func (h *Host) Parse(u *url.URL) (source.Place, bool) {
	if !h.Owns(u) {
		return source.Place{}, false
	}
	s, ok := source.Segments(u, nil)
	if !ok {
		return source.Place{}, false
	}
	var p source.Place
	if h.endpoint == nil {
		match := amazonHost.FindStringSubmatch(strings.ToLower(u.Hostname()))
		p.Repo, p.RefType = match[1], match[2]
	} else {
		p.Repo = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(u.Host), strings.ToLower(h.endpoint.Host)), ".")
	}
	if p.Repo == "" {
		p.Repo, s = s[0], s[1:]
	}
	p.Path = strings.Join(s, "/")
	return p, true
}

// URL implements source.Host.
func (h *Host) URL(p source.Place) string {
	key := source.EscapePath(p.Path)
	switch {
	case h.endpoint == nil && p.RefType == "":
		return "https://" + p.Repo + ".s3." + Amazon + "/" + key
	case h.endpoint == nil:
		return "https://" + p.Repo + ".s3." + p.RefType + "." + Amazon + "/" + key
	case h.config.PathStyle:
		return h.endpoint.String() + "/" + p.Repo + "/" + key
	default:
		return h.endpoint.Scheme + "://" + p.Repo + "." + h.endpoint.Host + "/" + key
	}
}

// EditURL implements source.Editor: there is no other page than the object.
func (*Host) EditURL(u *url.URL) string { return u.String() }

// FolderURL implements source.Editor.
func (*Host) FolderURL(u *url.URL) string { return u.ResolveReference(&url.URL{Path: "./"}).String() }

func region(p source.Place) func(*s3.Options) {
	return func(o *s3.Options) {
		if p.RefType != "" {
			o.Region = p.RefType
		}
	}
}

const maxObject = 16 << 20

// Read implements source.Host.
func (h *Host) Read(ctx context.Context, p source.Place, etag string) (source.Content, error) {
	what := h.URL(p)
	if p.Path == "" {
		return source.Content{}, fault.New(fault.Invalid, "%s is a bucket, not a file", what)
	}
	in := &s3.GetObjectInput{Bucket: &p.Repo, Key: &p.Path}
	if value, ok := strings.CutPrefix(etag, "etag "); ok {
		in.IfNoneMatch = &value
	}
	res, err := h.client.GetObject(ctx, in, region(p))
	if err != nil {
		if status := (*smithyhttp.ResponseError)(nil); errors.As(err, &status) && status.HTTPStatusCode() == http.StatusNotModified && etag != "" {
			return source.Content{ETag: etag, NotModified: true}, nil
		}
		return source.Content{}, h.classify(ctx, err, what)
	}
	defer func() { _ = res.Body.Close() }()
	c, err := source.ReadAll(res.Body, what, maxObject)
	c.MediaType = aws.ToString(res.ContentType)
	if res.ETag != nil && err == nil {
		c.ETag = "etag " + *res.ETag
	}
	return c, err
}

// List implements source.Host. The etag is the digest of all objects' etags:
// S3 has none for a prefix.
func (h *Host) List(ctx context.Context, p source.Place, etag string) (source.Listing, error) {
	out := source.Listing{Place: p}
	in := &s3.ListObjectsV2Input{Bucket: &p.Repo}
	if p.Path != "" {
		in.Prefix = aws.String(p.Path + "/")
	}
	digest := sha256.New()
	for pages := s3.NewListObjectsV2Paginator(h.client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx, region(p))
		if err != nil {
			return out, h.classify(ctx, err, h.URL(p))
		}
		for _, o := range page.Contents {
			key := aws.ToString(o.Key)
			if strings.HasSuffix(key, "/") {
				continue // stands for a folder
			}
			_, _ = fmt.Fprintf(digest, "%s\x00%s\x00", key, aws.ToString(o.ETag))
			out.Files = append(out.Files, source.Entry{Path: key, Size: aws.ToInt64(o.Size)})
		}
		if len(out.Files) > source.MaxListed {
			return out, fault.New(fault.Exhausted, "%s has more than %d objects; name a folder of it", h.URL(p), source.MaxListed)
		}
	}
	out.ETag = "objects " + hex.EncodeToString(digest.Sum(nil)[:16])
	if out.ETag == etag {
		return source.Listing{ETag: etag, NotModified: true, Place: p}, nil
	}
	return out, nil
}

// Tree implements source.Host.
func (h *Host) Tree(ctx context.Context, p source.Place, etag string) (source.Tree, error) {
	listing, err := h.List(ctx, p, etag)
	if err != nil || listing.NotModified {
		return source.Tree{ETag: listing.ETag, NotModified: listing.NotModified}, err
	}
	files, err := source.Gather(h.URL(p), p.Path, listing.Files, func(path string) ([]byte, error) {
		at := p
		at.Path = path
		c, err := h.Read(ctx, at, "")
		return c.Data, err
	})
	return source.Tree{ETag: listing.ETag, Files: files}, err
}

// classify says what an error means and what to mend.
func (h *Host) classify(ctx context.Context, err error, what string) error {
	var own *fault.Error
	var status *smithyhttp.ResponseError
	var api smithy.APIError
	code := 0
	if errors.As(err, &status) {
		code = status.HTTPStatusCode()
	}
	switch {
	case ctx.Err() != nil:
		return fault.Wrap(fault.KindOf(ctx.Err()), err, what+" cannot be read in time")
	case errors.As(err, &own):
		return fault.Wrap(own.Kind, err, what+" cannot be read: "+fault.Message(own))
	case code == http.StatusNotFound:
		return fault.Wrap(fault.NotFound, err, what+" does not exist: the bucket has no such object, or there is no such bucket")
	case code == http.StatusForbidden || code == http.StatusUnauthorized || errors.As(err, &api) && api.ErrorCode() == "XAdminUserNotFound": // versitygw's InvalidAccessKeyId
		who := "the credential of " + h.config.Name
		if h.config.AccessKeyID == "" {
			who = "somebody without a credential, as " + h.config.Name + " has none,"
		}
		return fault.Wrap(fault.Denied, err, fmt.Sprintf("S3 refuses %s: %s may not read it, or the object does not exist and the bucket may not be listed", what, who))
	case code > 0:
		return fault.Wrap(fault.Unavailable, err, fmt.Sprintf("S3 answers %d for %s", code, what))
	default:
		return fault.Wrap(fault.Unavailable, err, what+" cannot be read: the server does not answer")
	}
}
