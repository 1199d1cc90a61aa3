package source

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Reader reads sources for plugins; source.Reader does.
type Reader interface {
	Read(ctx context.Context, req source.Request) (source.Content, error)
	ReadTree(ctx context.Context, req source.Request) (source.Tree, error)
	Search(ctx context.Context, req source.Request) (source.Found, error)
	Ask(ctx context.Context, base, target string, req source.Request) (source.Answer, error)
	Serving(u *url.URL, plugin string) (name, kind string, err error)
}

// New returns the table's row. Every plugin on the path of a call must hold
// the capability: whoever asks another plugin does not get what that one's
// credential reads.
func New(r Reader) capability.Capability {
	s := service{r}
	return capability.Capability{
		ID: abi.CapSource, EveryActor: true, Scope: scopes{},
		Ops: map[uint32]capability.Operation{
			abi.SourceRead:   capability.Op("source.read/1", s.read),
			abi.SourceTree:   capability.Op("source.tree/1", s.tree),
			abi.SourceSearch: capability.Op("source.search/1", s.search),
			abi.SourceAsk:    capability.Op("source.ask/1", s.ask),
		},
	}
}

type service struct{ reader Reader }

// request checks a URL against the scope and takes the request from the call's
// quota, before anything is sent.
func (s service) request(c *capability.Call, text, etag string, api bool) (source.Request, error) {
	scope, ok := c.Scope.(*Scope)
	if !ok {
		return source.Request{}, fault.New(fault.Internal, "the call has no source scope")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return source.Request{}, fault.New(fault.Invalid, "%.200q is no URL that can be read: it begins with https:// and has no credentials in it", text)
	}
	if len(etag) > 1000 {
		return source.Request{}, fault.New(fault.Invalid, "the etag is none that a read gave")
	}
	kind, err := s.serving(c, u)
	if err != nil {
		return source.Request{}, err
	}
	if err := scope.permits(kind, u); err != nil {
		return source.Request{}, err
	}
	if api && !scope.API {
		return source.Request{}, &capability.Denial{
			Missing: "source: api of " + u.Host,
			Why:     "asking the API of " + u.Host + " needs `api: true` in the scope of source, declared and granted",
		}
	}
	c.Reached(abi.CapSource, "host", strings.ToLower(u.Host))
	if err := c.ChargeEgress(1, int64(len(text))); err != nil {
		return source.Request{}, err
	}
	c.NoteExchange(capability.Exchange{Method: "GET", Host: u.Host})
	return source.Request{Location: source.Location{Type: source.URL, Target: text}, ETag: etag, Plugin: c.Plugin}, nil
}

// serving returns the type of integration that serves a URL, where it is the
// same for every plugin on the path: whoever asks another plugin, or is asked,
// lends and borrows no credential.
func (s service) serving(c *capability.Call, u *url.URL) (string, error) {
	name, kind, err := s.reader.Serving(u, c.Plugin)
	for _, actor := range c.Authority.Actors {
		if err != nil {
			break
		}
		var other string
		if other, _, err = s.reader.Serving(u, actor.Plugin); err == nil && other != name {
			err = fault.New(fault.Denied, "%s is read with the credential of %s for plugin %s, and of %s for plugin %s on the path of the call; none borrows the other's", u.Host, name, c.Plugin, other, actor.Plugin)
		}
	}
	if err != nil {
		return "", &capability.Denial{Missing: "source: " + u.Host, Why: fault.Message(err)}
	}
	return kind, nil
}

// keep puts content behind a handle, read under the authority of the call.
func keep(c *capability.Call, own bool, content []byte, mediaType string) (uint32, uint64, error) {
	if err := c.ChargeEgress(0, int64(len(content))); err != nil {
		return 0, 0, err
	}
	if len(mediaType) > 200 || mediaType == "" {
		mediaType = "application/octet-stream"
	}
	n, err := c.Handles.PutOwned(content, mediaType, c.Viewer(own).Authority())
	return n, uint64(len(content)), err
}

func (s service) read(ctx context.Context, c *capability.Call, q *contract.SourceReadRequest) (msgp.Marshaler, error) {
	req, err := s.request(c, q.URL, q.ETag, false)
	if err != nil {
		return nil, err
	}
	content, err := s.reader.Read(ctx, req)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	a := &contract.SourceFile{ETag: content.ETag, MediaType: content.MediaType, NotModified: content.NotModified}
	if !content.NotModified {
		a.Handle, a.Size, err = keep(c, q.Own, content.Data, content.MediaType)
	}
	return a, err
}

func (s service) tree(ctx context.Context, c *capability.Call, q *contract.SourceTreeRequest) (msgp.Marshaler, error) {
	req, err := s.request(c, q.URL, q.ETag, false)
	if err != nil {
		return nil, err
	}
	tree, err := s.reader.ReadTree(ctx, req)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	a := &contract.SourceTree{ETag: tree.ETag, NotModified: tree.NotModified, Files: len(tree.Files)}
	if tree.NotModified {
		return a, nil
	}
	packed, err := pack(tree.Files)
	if err != nil {
		return nil, err
	}
	a.Handle, a.Size, err = keep(c, q.Own, packed, "application/x-tar")
	return a, err
}

// pack writes a tar archive of files.
func pack(files []source.TreeFile) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.Path, Mode: 0o644, Size: int64(len(f.Data))})
		if err == nil {
			_, err = w.Write(f.Data)
		}
		if err != nil {
			return nil, fault.New(fault.Internal, "packing a tree: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fault.New(fault.Internal, "packing a tree: %w", err)
	}
	return b.Bytes(), nil
}

// match is a file as the answer to a search shows it.
type match struct {
	URL  string `json:"url"`
	Path string `json:"path"`
	Size int64  `json:"size"`
}

func (s service) search(ctx context.Context, c *capability.Call, q *contract.SourceSearchRequest) (msgp.Marshaler, error) {
	req, err := s.request(c, q.URL, q.ETag, false)
	if err != nil {
		return nil, err
	}
	found, err := s.reader.Search(ctx, req)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	a := &contract.SourceFound{ETag: found.ETag, NotModified: found.NotModified, Files: len(found.Files)}
	if found.NotModified {
		return a, nil
	}
	out := struct {
		Files []match `json:"files"`
	}{make([]match, len(found.Files))}
	for i, f := range found.Files {
		out.Files[i] = match(f)
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, fault.New(fault.Internal, "encoding what was found: %w", err)
	}
	a.Handle, a.Size, err = keep(c, q.Own, text, "application/json; charset=utf-8")
	return a, err
}

func (s service) ask(ctx context.Context, c *capability.Call, q *contract.SourceAskRequest) (msgp.Marshaler, error) {
	req, err := s.request(c, q.Host, q.ETag, true)
	if err != nil {
		return nil, err
	}
	answer, err := s.reader.Ask(ctx, q.Host, q.Path, req)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault with the message for the guest
	}
	a := &contract.SourceAnswer{ETag: answer.ETag, MediaType: answer.MediaType, Next: answer.Next, NotModified: answer.NotModified}
	if !answer.NotModified {
		a.Handle, a.Size, err = keep(c, q.Own, answer.Data, answer.MediaType)
	}
	return a, err
}
