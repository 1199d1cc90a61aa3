package sdk

import (
	"archive/tar"
	"errors"
	"io"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Sources reads what source hosts keep, with the credentials that the
// operator's integrations have for this plugin, and other URLs of the scope.
// Credentials are the plugin's through both doors; through Own what is read is
// not shown to a viewer.
type Sources Client

// Sources returns the client of source hosts.
func (c Client) Sources() Sources { return Sources(c) }

var (
	opSourceRead   = operation{abi.CapSource, abi.SourceRead, "source.read/1"}
	opSourceTree   = operation{abi.CapSource, abi.SourceTree, "source.tree/1"}
	opSourceSearch = operation{abi.CapSource, abi.SourceSearch, "source.search/1"}
	opSourceAsk    = operation{abi.CapSource, abi.SourceAsk, "source.ask/1"}
)

// SourceFile is one file; its bytes stay with the host until they are read.
type SourceFile struct {
	Handle
	ETag        string // for the next Read
	MediaType   string
	NotModified bool // since the etag that was given; there are no bytes then
}

// Read reads a file by the URL that people see of it. etag is that of the last
// read, or empty. Faults: NotFound, Denied (the scope, or the host refuses the
// credential), Unavailable (the host, or its rate limit; the message says when
// it is asked again), Exhausted (the call's quota), Invalid.
func (s Sources) Read(url, etag string) (SourceFile, error) {
	var a contract.SourceFile
	if err := s.call.do(opSourceRead, &contract.SourceReadRequest{URL: url, ETag: etag, Own: s.own}, &a); err != nil {
		return SourceFile{}, err
	}
	return SourceFile{Handle: Handle{call: s.call, id: a.Handle, size: a.Size}, ETag: a.ETag, MediaType: a.MediaType, NotModified: a.NotModified}, nil
}

// SourceTree is a folder of a repository as a tar archive of files alone.
type SourceTree struct {
	Handle
	Files       int
	ETag        string
	NotModified bool
}

// Tree reads all files below a folder of a repository: at most 20,000 and
// 64 MiB, links left out.
func (s Sources) Tree(url, etag string) (SourceTree, error) {
	var a contract.SourceTree
	if err := s.call.do(opSourceTree, &contract.SourceTreeRequest{URL: url, ETag: etag, Own: s.own}, &a); err != nil {
		return SourceTree{}, err
	}
	return SourceTree{Handle: Handle{call: s.call, id: a.Handle, size: a.Size}, Files: a.Files, ETag: a.ETag, NotModified: a.NotModified}, nil
}

// Each calls do for every file, by path. The content is valid until do returns.
func (t SourceTree) Each(do func(path string, content io.Reader) error) error {
	if t.NotModified {
		return nil
	}
	archive := tar.NewReader(t.Reader())
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return Errorf(CodeInternal, "reading a tree: %w", err)
		}
		if err := do(header.Name, archive); err != nil {
			return err
		}
	}
}

// SourceMatch is a file that a search found.
type SourceMatch struct {
	URL  string `json:"url"`
	Path string `json:"path"` // from the root of the repository
	Size int64  `json:"size"` // -1 = unknown
}

// SourceFound is what a search found.
type SourceFound struct {
	Matches     []SourceMatch
	ETag        string
	NotModified bool
}

// Search returns the files of a repository that a URL with wildcards names:
// "https://github.com/org/repo/blob/-/**/catalog-info.yaml". Nothing found is
// no error.
func (s Sources) Search(url, etag string) (SourceFound, error) {
	var a contract.SourceFound
	if err := s.call.do(opSourceSearch, &contract.SourceSearchRequest{URL: url, ETag: etag, Own: s.own}, &a); err != nil {
		return SourceFound{}, err
	}
	out := SourceFound{ETag: a.ETag, NotModified: a.NotModified}
	if a.Handle == 0 {
		return out, nil
	}
	list := Handle{call: s.call, id: a.Handle, size: a.Size}
	var found struct {
		Files []SourceMatch `json:"files"`
	}
	if err := list.JSON(&found); err != nil {
		return out, err
	}
	out.Matches = found.Files
	return out, list.Drop()
}

// SourceAnswer is a page of an API.
type SourceAnswer struct {
	Handle
	ETag        string
	MediaType   string
	Next        string // path of the page that follows; empty at the end
	NotModified bool
}

// Ask sends GET to the API of a source host: host is the address of the site,
// path one of the API with its query. It needs `api: true` in the scope.
func (s Sources) Ask(host, path, etag string) (SourceAnswer, error) {
	var a contract.SourceAnswer
	if err := s.call.do(opSourceAsk, &contract.SourceAskRequest{Host: host, Path: path, ETag: etag, Own: s.own}, &a); err != nil {
		return SourceAnswer{}, err
	}
	return SourceAnswer{Handle: Handle{call: s.call, id: a.Handle, size: a.Size}, ETag: a.ETag, MediaType: a.MediaType, Next: a.Next, NotModified: a.NotModified}, nil
}
