package source_test

import (
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// A location on a host that is not read yet says so and names what is read,
// instead of a page of the host that is no descriptor.
func TestHostsThatAreNotReadYet(t *testing.T) {
	sent := &recorder{}
	r := source.New(source.Config{HTTP: sent, Direct: sent, Later: []source.Later{{Title: "Bitbucket Data Center", Host: "bitbucket.example.com"}}})
	for target, title := range map[string]string{
		"https://bitbucket.org/o/r/src/main/catalog-info.yaml":                      "Bitbucket Cloud",
		"https://bitbucket.org/o/r/src/main/*/catalog-info.yaml":                    "Bitbucket Cloud",
		"https://bitbucket.example.com/projects/P/repos/r/browse/catalog-info.yaml": "Bitbucket Data Center",
		"https://dev.azure.com/org/project/_git/repo?path=/catalog-info.yaml":       "Azure DevOps",
		"https://org.visualstudio.com/project/_git/repo?path=%2Fcatalog-info.yaml":  "Azure DevOps",
	} {
		_, read := r.Read(t.Context(), source.Request{Location: at(target)})
		_, tree := r.ReadTree(t.Context(), source.Request{Location: at(target)})
		_, search := r.Search(t.Context(), source.Request{Location: at(target)})
		for _, err := range []error{read, tree, search} {
			if !fault.Is(err, fault.Denied) || !strings.Contains(fault.Message(err), title+" is none of the source hosts that Callboard reads yet, which are "+source.Supported) {
				t.Errorf("%s: %v", target, err)
			}
		}
	}
	if sent.request != nil {
		t.Errorf("%s was asked", sent.request.URL)
	}
	open := source.New(source.Config{HTTP: sent, Allow: source.AllowList{{Host: "bitbucket.org"}}})
	_, _ = open.Read(t.Context(), source.Request{Location: at("https://bitbucket.org/o/r/raw/main/catalog-info.yaml")})
	if sent.request == nil {
		t.Error("what backend.reading.allow names was not asked for")
	}
}
