package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
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
	HTTP         HTTPClient // for URLs of no integration; nil = none of them
	Direct       HTTPClient // the same without redirects, for plugins; nil = none of them
	Allow        AllowList  // what it may read
	Integrations Integrations
	Later        []Later // hosts that configuration names and that are not read yet
	MaxBytes     int64   // of one read; default 16 MiB
}

const defaultMaxBytes = 16 << 20

// Reader reads locations. It is safe for concurrent use.
type Reader struct {
	config   Config
	searches searches
}

// New returns a Reader.
func New(c Config) *Reader {
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultMaxBytes
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
	// Plugin is for whom it is read, which decides about credentials; empty =
	// the catalog.
	Plugin string
	// From is the descriptor that names the location, where it may lead no
	// further than its own repository: what a placeholder reads. Beyond that
	// only AllowList counts, and no credential is used.
	From Location
}

func (r Request) plugin() string {
	if r.Plugin == "" {
		return CatalogPlugin
	}
	return r.Plugin
}

// Content is what was read.
type Content struct {
	Data        []byte // nil when NotModified
	ETag        string // opaque, for the next Request; may be empty
	Digest      string // sha256 of Data, hex
	MediaType   string // as the host says; may be empty
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
	place, host, err := r.hostOf(u, req)
	if err != nil {
		return Content{}, err
	}
	if host != nil {
		return host.Read(ctx, place, req.ETag) //nolint:wrapcheck // says what and why
	}
	return r.get(ctx, u, req)
}

// hostOf returns the source host that serves a URL, and what it means there;
// nil where the URL is read like any other. Fault: Denied.
func (r *Reader) hostOf(u *url.URL, req Request) (Place, Host, error) {
	i, err := r.config.Integrations.pick(u, req.plugin())
	if err != nil || i == nil {
		return Place{}, nil, err
	}
	place, ok := i.Host.Parse(u)
	if !ok {
		return Place{}, nil, nil
	}
	if req.From.Type == URL {
		from, err := url.Parse(req.From.Target)
		if err == nil && i.Host.Owns(from) {
			if home, ok := i.Host.Parse(from); ok && place.Within(home) {
				return place, i.Host, nil
			}
		}
		if !r.config.Allow.Permits(u) {
			return Place{}, nil, fault.New(fault.Denied, "%s lies in another repository than %s; a descriptor reads its own repository only, and what backend.reading.allow names", u, req.From.Target)
		}
		return Place{}, nil, nil
	}
	return place, i.Host, nil
}

// get reads a URL of no integration.
func (r *Reader) get(ctx context.Context, u *url.URL, req Request) (Content, error) {
	client := r.config.HTTP
	if req.plugin() != CatalogPlugin {
		// AllowList is the installation's; a plugin may read less of it, and
		// must not be sent on to the rest.
		client = r.config.Direct
	}
	if err := r.later(u); err != nil {
		return Content{}, err
	}
	if client == nil || !r.config.Allow.Permits(u) {
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
	res, err := client.Do(get)
	if err != nil {
		if f := (*fault.Error)(nil); errors.As(err, &f) && f.Kind != fault.Unavailable {
			return Content{}, f // says already what and why, as of a redirect that is not allowed
		}
		message := u.Host + " cannot be reached"
		if f := (*fault.Error)(nil); errors.As(err, &f) && f.Message != "" {
			message += ": " + f.Message
		}
		return Content{}, fault.Wrap(fault.Unavailable, err, message)
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
	c.MediaType = res.Header.Get("Content-Type")
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
