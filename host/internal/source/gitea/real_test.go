package gitea_test

import (
	"fmt"
	"testing"

	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/source/giteatest"
	"github.com/callboard/callboard/host/internal/source/sourcetest"
)

// The server of sourcetest answers as this one does: the same suite judges both.
func TestRealGitea(t *testing.T) {
	server := giteatest.Start(t)
	server.Organization("o")
	repositories := 0
	sourcetest.Run(t, func(t *testing.T) sourcetest.Subject {
		repositories++
		name := fmt.Sprintf("r%d", repositories)
		server.Repository("o", name, sourcetest.Files)
		return sourcetest.Subject{
			Host: host(t, server.URL, server.Token), Anonym: host(t, server.URL, ""), Wrong: host(t, server.URL, "0123456789012345678901234567890123456789"),
			Place: source.Place{Repo: "o/" + name}, Named: "main",
			Change: func(t *testing.T) { server.Write("o/"+name, "catalog-info.yaml", "kind: Changed\n") },
		}
	})
}
