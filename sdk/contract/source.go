package contract

//go:generate go tool msgp -io=false

// SourceReadRequest is the payload of source.read/1: one file, as the URL that
// people see of it, or any URL of the scope.
type SourceReadRequest struct {
	URL  string `msg:"u" json:"url"`
	ETag string `msg:"e" json:"etag,omitempty"` // of the last answer, for NotModified
	Own  bool   `msg:"o" json:"own,omitempty"`
}

// SourceFile is the answer to source.read/1.
type SourceFile struct {
	Handle      uint32 `msg:"h" json:"handle,omitempty"` // the bytes; 0 with NotModified
	Size        uint64 `msg:"s" json:"size,omitempty"`
	ETag        string `msg:"e" json:"etag,omitempty"`      // opaque; empty = every read is a new one
	MediaType   string `msg:"t" json:"mediaType,omitempty"` // as the host says
	NotModified bool   `msg:"n" json:"notModified,omitempty"`
}

// SourceTreeRequest is the payload of source.tree/1: all files below a folder
// of a repository.
type SourceTreeRequest struct {
	URL  string `msg:"u" json:"url"`
	ETag string `msg:"e" json:"etag,omitempty"`
	Own  bool   `msg:"o" json:"own,omitempty"`
}

// SourceTree is the answer to source.tree/1. Handle holds a tar archive of
// files alone, by path from the folder: no links, no "..", no path twice.
type SourceTree struct {
	Handle      uint32 `msg:"h" json:"handle,omitempty"`
	Size        uint64 `msg:"s" json:"size,omitempty"`
	Files       int    `msg:"f" json:"files,omitempty"`
	ETag        string `msg:"e" json:"etag,omitempty"`
	NotModified bool   `msg:"n" json:"notModified,omitempty"`
}

// SourceSearchRequest is the payload of source.search/1: a URL with wildcards
// in its path.
type SourceSearchRequest struct {
	URL  string `msg:"u" json:"url"`
	ETag string `msg:"e" json:"etag,omitempty"`
	Own  bool   `msg:"o" json:"own,omitempty"`
}

// SourceFound is the answer to source.search/1. Handle holds
// {"files":[{"url","path","size"}]}, by path; a size that is not known is -1.
type SourceFound struct {
	Handle      uint32 `msg:"h" json:"handle,omitempty"`
	Size        uint64 `msg:"s" json:"size,omitempty"`
	Files       int    `msg:"f" json:"files,omitempty"`
	ETag        string `msg:"e" json:"etag,omitempty"`
	NotModified bool   `msg:"n" json:"notModified,omitempty"`
}

// SourceAskRequest is the payload of source.ask/1: GET of a path of the API of
// a source host.
type SourceAskRequest struct {
	Host string `msg:"h" json:"host"` // address of the site, "https://github.com"
	Path string `msg:"p" json:"path"` // below the API's address, with its query: "/orgs/x/repos?page=2"
	ETag string `msg:"e" json:"etag,omitempty"`
	Own  bool   `msg:"o" json:"own,omitempty"`
}

// SourceAnswer is the answer to source.ask/1. Next is the Path of the page that
// follows, empty at the end.
type SourceAnswer struct {
	Handle      uint32 `msg:"h" json:"handle,omitempty"`
	Size        uint64 `msg:"s" json:"size,omitempty"`
	ETag        string `msg:"e" json:"etag,omitempty"`
	MediaType   string `msg:"t" json:"mediaType,omitempty"`
	Next        string `msg:"x" json:"next,omitempty"`
	NotModified bool   `msg:"n" json:"notModified,omitempty"`
}
