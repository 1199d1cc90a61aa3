package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
)

// HTTPClient sends requests; egress implements it. Redirects are followed
// only to where AllowList permits.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// Config is what a Reader needs.
type Config struct {
	HTTP     HTTPClient // nil = no URLs
	Allow    AllowList
	MaxBytes int64 // of one read; default 16 MiB
}

// Reader reads locations. It is safe for concurrent use.
type Reader struct{ config Config }

// New returns a Reader.
func New(c Config) *Reader {
	if c.MaxBytes == 0 {
		c.MaxBytes = 16 << 20
	}
	return &Reader{config: c}
}

// Request names what to read and how far it may reach.
type Request struct {
	Location Location
	// Within is the folder that a file must lie in, symbolic links resolved.
	// Empty means anywhere: only configuration says that.
	Within string
	// ETag of the last read, for NotModified.
	ETag string
}

// Content is what was read.
type Content struct {
	Data        []byte // nil when NotModified
	ETag        string // opaque, for the next Request; may be empty
	Digest      string // sha256 of Data, hex
	NotModified bool
}

// Read reads a location whole. Faults: NotFound, Invalid (not a file, outside
// its folder, too large), Denied (a host that configuration does not allow),
// Unavailable.
func (r *Reader) Read(ctx context.Context, req Request) (Content, error) {
	switch req.Location.Type {
	case File:
		return r.readFile(req)
	case URL:
		return r.readURL(ctx, req)
	default:
		return Content{}, fault.New(fault.Invalid, "locations of type %q cannot be read; types are file and url", req.Location.Type)
	}
}

func (r *Reader) readURL(ctx context.Context, req Request) (Content, error) {
	u, err := checkURL(req.Location.Target)
	if err != nil {
		return Content{}, err
	}
	if r.config.HTTP == nil || !r.config.Allow.Permits(u) {
		return Content{}, fault.New(fault.Denied, "reading %s is not allowed; name the host under backend.reading.allow or integrations", u)
	}
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Content{}, fault.New(fault.Invalid, "%q cannot be requested: %w", u, err)
	}
	if value, ok := strings.CutPrefix(req.ETag, "etag "); ok {
		get.Header.Set("If-None-Match", value)
	} else if value, ok := strings.CutPrefix(req.ETag, "date "); ok {
		get.Header.Set("If-Modified-Since", value)
	}
	res, err := r.config.HTTP.Do(get)
	if err != nil {
		if f := (*fault.Error)(nil); errors.As(err, &f) && f.Kind != fault.Unavailable {
			return Content{}, f // says already what and why, as of a redirect that is not allowed
		}
		return Content{}, fault.Wrap(fault.Unavailable, err, u.Host+" cannot be reached")
	}
	defer func() { _ = res.Body.Close() }()
	if res.Request != nil && !r.config.Allow.Permits(res.Request.URL) {
		return Content{}, fault.New(fault.Denied, "%s leads to %s, which is not allowed", u, res.Request.URL.Host)
	}
	switch {
	case res.StatusCode == http.StatusNotModified && req.ETag != "":
		return Content{ETag: req.ETag, NotModified: true}, nil
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		return Content{}, fault.New(fault.NotFound, "%s does not exist (%d)", u, res.StatusCode)
	case res.StatusCode != http.StatusOK:
		return Content{}, fault.New(fault.Unavailable, "%s answered %d", u, res.StatusCode)
	}
	c, err := r.readAll(res.Body, u.String())
	if err != nil {
		return Content{}, err
	}
	if etag := res.Header.Get("ETag"); etag != "" {
		c.ETag = "etag " + etag
	} else if date := res.Header.Get("Last-Modified"); date != "" {
		c.ETag = "date " + date
	}
	return c, nil
}

func (r *Reader) readAll(from io.Reader, name string) (Content, error) {
	data, err := io.ReadAll(io.LimitReader(from, r.config.MaxBytes+1))
	if err != nil {
		if f := (*fault.Error)(nil); errors.As(err, &f) {
			return Content{}, err
		}
		return Content{}, fault.Wrap(fault.Unavailable, err, name+" cannot be read to its end")
	}
	if int64(len(data)) > r.config.MaxBytes {
		return Content{}, tooLarge(name, r.config.MaxBytes)
	}
	sum := sha256.Sum256(data)
	return Content{Data: data, Digest: hex.EncodeToString(sum[:])}, nil
}

func tooLarge(name string, limit int64) error {
	return fault.New(fault.Invalid, "%s is larger than %d MiB", name, limit>>20)
}
