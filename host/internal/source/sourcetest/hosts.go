package sourcetest

import (
	"testing"

	"github.com/callboard/callboard/host/internal/source"
)

// RunServer holds a host with branches to the suite, on a branch by its name
// and on the default branch. serve starts one of this package's servers, open
// makes the host at its address; without a token it has no credential.
func RunServer(t *testing.T, serve func(t *testing.T, r *Repo) (base string), open func(t *testing.T, base, token string) source.Host) {
	for name, ref := range map[string]string{"a branch": "main", "the default branch": ""} {
		t.Run(name, func(t *testing.T) {
			Run(t, func(t *testing.T) Subject {
				repo := NewRepo()
				base := serve(t, repo)
				s := Subject{
					Host: open(t, base, repo.Token), Anonym: open(t, base, ""), Wrong: open(t, base, "wrong"),
					Place: source.Place{Repo: "o/r", Ref: ref}, Change: repo.Change,
				}
				if ref == "" {
					s.Named = "main"
				}
				return s
			})
		})
	}
}

// Addresses are what the URLs of a host name, and the links that people get.
type Addresses struct {
	Places  map[string]source.Place
	Nothing []string // URLs that name no file and no folder of the host
	// Edit and Folder are the links of the file at File.
	File, Edit, Folder string
}

// Check holds a host to its addresses.
func (a Addresses) Check(t *testing.T, h source.Host) {
	t.Helper()
	for text, want := range a.Places {
		if got, ok := h.Parse(parse(t, text)); !ok || got != want {
			t.Errorf("%s is %+v, %v", text, got, ok)
		}
	}
	for _, text := range a.Nothing {
		if got, ok := h.Parse(parse(t, text)); ok {
			t.Errorf("%s is %+v", text, got)
		}
	}
	editor, ok := h.(source.Editor)
	if !ok {
		t.Fatal("the host has no links")
	}
	if got := editor.EditURL(parse(t, a.File)); got != a.Edit {
		t.Errorf("%s is edited at %s", a.File, got)
	}
	if got := editor.FolderURL(parse(t, a.File)); got != a.Folder {
		t.Errorf("%s lies in %s", a.File, got)
	}
}
