package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
)

// Site is the API of a source host under one credential: what the types of
// host have in common.
type Site struct {
	Title       string   // "GitHub", for messages
	Name        string   // "integrations.github[0]"
	Pages       *url.URL // where people look at it
	Base        *url.URL // of its API
	HTTP        HTTPClient
	Credentials Credentials // nil = there are none
	MaxBytes    int64       // of one file; default 16 MiB
}

// SiteConfig is what configuration says of a Site.
type SiteConfig struct {
	Title, Name         string // see Site
	BaseURL, APIBaseURL string
	HTTP                HTTPClient
	Set                 func(*http.Request) // puts the credential on a request; nil = there is none
}

// NewSite returns a Site. Fault: Invalid (an address that is none).
func NewSite(c SiteConfig) (Site, error) {
	pages, err := BaseURL(c.Name+".baseUrl", c.BaseURL)
	if err != nil {
		return Site{}, err
	}
	api, err := BaseURL(c.Name+".apiBaseUrl", c.APIBaseURL)
	if err != nil {
		return Site{}, err
	}
	s := Site{Title: c.Title, Name: c.Name, Pages: pages, Base: api, HTTP: c.HTTP}
	if c.Set != nil {
		s.Credentials = Fixed{Name: c.Name, Set: c.Set}
	}
	return s, nil
}

// Owns implements Host.
func (s Site) Owns(u *url.URL) bool { return SameSite(u, s.Pages) }

// FolderURL implements Editor, for hosts that show a folder below the same
// address as its files.
func (Site) FolderURL(u *url.URL) string { return u.ResolveReference(&url.URL{Path: "./"}).String() }

// maxAnswer bounds one answer of an API that is no file.
const maxAnswer = 32 << 20

// Target returns the URL of a path below the base of the API, which is encoded
// and begins with a slash.
func (s Site) Target(path string, query url.Values) string {
	target := strings.TrimSuffix(s.Base.String(), "/") + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	return target
}

// Credential returns what a request is sent with.
func (s Site) Credential(ctx context.Context, target string) (Credential, error) {
	if s.Credentials == nil {
		return Credential{}, nil
	}
	return s.Credentials.For(ctx, target) //nolint:wrapcheck // says what and why
}

// Get sends a request for what, which messages name. Answers other than 200,
// and 304 where etag is given, are faults. A credential that is refused is
// replaced once, where there is another.
func (s Site) Get(ctx context.Context, what, target string, header http.Header, etag string) (*http.Response, error) {
	for again := true; ; again = false {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
		if err != nil {
			return nil, fault.New(fault.Invalid, "%s cannot be asked for %s: %w", s.Title, what, err)
		}
		for name, values := range header {
			req.Header[name] = slices.Clone(values)
		}
		if value, ok := strings.CutPrefix(etag, "etag "); ok {
			req.Header.Set("If-None-Match", value)
		}
		c, err := s.Credential(ctx, target)
		if err != nil {
			return nil, err
		}
		res, err := s.Send(req, what, c)
		switch {
		case err != nil:
			return nil, err
		case res.StatusCode == http.StatusOK || res.StatusCode == http.StatusNotModified && etag != "":
			return res, nil
		}
		drain(res.Body)
		if res.StatusCode != http.StatusUnauthorized || !again || c.Refused == nil {
			return nil, s.refusal(res.StatusCode, what, c.Name)
		}
		c.Refused()
	}
}

// Send sends a request for what with a credential and returns any answer.
// Faults: those of the client, Unavailable where nobody answers.
func (s Site) Send(req *http.Request, what string, c Credential) (*http.Response, error) {
	if c.Name != "" {
		req = req.WithContext(WithLimit(req.Context(), c.Name))
		c.Set(req)
	}
	res, err := s.HTTP.Do(req)
	if err == nil {
		return res, nil
	}
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		return nil, fault.Wrap(f.Kind, err, fmt.Sprintf("%s cannot be asked for %s: %s", s.Title, what, fault.Message(err)))
	}
	return nil, fault.Wrap(fault.Unavailable, err, fmt.Sprintf("%s cannot be asked for %s: %s does not answer", s.Title, what, req.URL.Host))
}

// refusal says what an answer means and what to mend. credential is the name
// of what was sent, empty for none.
func (s Site) refusal(status int, what, credential string) error {
	switch status {
	case http.StatusUnauthorized:
		if credential == "" {
			return fault.New(fault.Denied, "%s answers 401 for %s: it wants a credential, and %s has none; set its token", s.Title, what, s.Name)
		}
		return fault.New(fault.Denied, "%s answers 401 for %s: the credential of %s is wrong or has expired", s.Title, what, credential)
	case http.StatusForbidden:
		if credential == "" {
			return fault.New(fault.Denied, "%s answers 403 for %s: nobody may read it without a credential; set the token of %s", s.Title, what, s.Name)
		}
		return fault.New(fault.Denied, "%s answers 403 for %s: the credential of %s may not read it; give it access to the contents of the repository", s.Title, what, credential)
	case http.StatusNotFound, http.StatusGone:
		if credential == "" {
			return fault.New(fault.NotFound, "%s answers %d for %s: it does not exist, or is private and %s has no credential", s.Title, status, what, s.Name)
		}
		return fault.New(fault.NotFound, "%s answers %d for %s: it does not exist, or the credential of %s may not see it", s.Title, status, what, credential)
	case http.StatusConflict:
		return fault.New(fault.NotFound, "%s answers 409 for %s: the repository is empty", s.Title, what)
	default:
		return fault.New(fault.Unavailable, "%s answers %d for %s", s.Title, status, what)
	}
}

// File reads one file.
func (s Site) File(ctx context.Context, what, target string, header http.Header, etag string) (Content, error) {
	res, err := s.Get(ctx, what, target, header, etag)
	if err != nil {
		return Content{}, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusNotModified {
		return Content{ETag: etag, NotModified: true}, nil
	}
	limit := s.MaxBytes
	if limit == 0 {
		limit = defaultMaxBytes
	}
	c, err := ReadAll(res.Body, what, limit)
	c.MediaType = res.Header.Get("Content-Type")
	if value := res.Header.Get("ETag"); err == nil && value != "" {
		c.ETag = "etag " + value
	}
	return c, err
}

// JSON reads an answer of the API into out and returns its header.
func (s Site) JSON(ctx context.Context, what, target string, out any) (http.Header, error) {
	res, err := s.Get(ctx, what, target, http.Header{"Accept": {"application/json"}}, "")
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	c, err := ReadAll(res.Body, "the answer of "+s.Title+" for "+what, maxAnswer)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(c.Data, out); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, fmt.Sprintf("%s answers for %s what is no answer of its API; is the address of %s right?", s.Title, what, s.Name))
	}
	return res.Header, nil
}

// Archive reads a tar archive that is packed with gzip, of which the first
// folder is the repository.
func (s Site) Archive(ctx context.Context, what, target, folder string) ([]TreeFile, error) {
	res, err := s.Get(ctx, what, target, nil, "")
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	return Unpack(res.Body, what, folder)
}

// Ask implements API.
func (s Site) Ask(ctx context.Context, target, etag string) (Answer, error) {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || !cleanPath(strings.Trim(u.Path, "/")) {
		return Answer{}, fault.New(fault.Invalid, "%.100q is no path of an API: it begins with a slash and has no empty segments and no dots", target)
	}
	res, err := s.Get(ctx, u.Path, strings.TrimSuffix(s.Base.String(), "/")+u.RequestURI(), http.Header{"Accept": {"application/json"}}, etag)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusNotModified {
		return Answer{Content: Content{ETag: etag, NotModified: true}}, nil
	}
	c, err := ReadAll(res.Body, "the answer of "+s.Title+" for "+u.Path, maxAnswer)
	if err != nil {
		return Answer{}, err
	}
	if value := res.Header.Get("ETag"); value != "" {
		c.ETag = "etag " + value
	}
	c.MediaType = res.Header.Get("Content-Type")
	next, err := s.Next(res.Header)
	return Answer{Content: c, Next: next}, err
}

// Next returns the page that follows, relative to the base of the API; empty
// at the end. Behind a proxy a server may name itself otherwise than we do:
// its host does not count. Fault: Unavailable for a link that leads elsewhere,
// for a list that seems to end early looks as if things were gone.
func (s Site) Next(h http.Header) (string, error) {
	link := NextLink(h)
	if link == "" {
		return "", nil
	}
	u, err := url.Parse(link)
	if err == nil {
		rest, ok := strings.CutPrefix(u.EscapedPath(), strings.TrimSuffix(s.Base.EscapedPath(), "/"))
		if ok && strings.HasPrefix(rest, "/") {
			return rest + "?" + u.RawQuery, nil
		}
	}
	return "", fault.New(fault.Unavailable, "%s says that the next page is at %.200q, which is no address of its API; is the address of %s right?", s.Title, link, s.Name)
}

// NextLink returns the URL of rel="next" in a Link header, RFC 8288.
func NextLink(h http.Header) string {
	for _, field := range h.Values("Link") {
		for part := range strings.SplitSeq(field, ",") {
			target, parameters, ok := strings.Cut(strings.TrimSpace(part), ">")
			if !ok || !strings.HasPrefix(target, "<") {
				continue
			}
			for parameter := range strings.SplitSeq(parameters, ";") {
				name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
				if strings.EqualFold(name, "rel") && strings.Trim(value, `"`) == "next" {
					return target[1:]
				}
			}
		}
	}
	return ""
}

// drain lets a connection be used again after an answer that nobody reads.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 4<<10)
	_ = body.Close()
}
