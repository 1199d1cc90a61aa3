package source

import (
	"net/url"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
)

// Supported are the types of integration that are read, for messages.
const Supported = "github, gitlab, gitea and awsS3"

// Later is a source host of a type that is not read yet: the place of its
// folder beside the others.
type Later struct {
	Title string // "Bitbucket Cloud"
	Host  string // of its URLs; "*.example.com" = every one below
}

// wellKnown are hosts whose type is told by their name.
var wellKnown = []Later{
	{"Bitbucket Cloud", "bitbucket.org"},
	{"Azure DevOps", "dev.azure.com"},
	{"Azure DevOps", "*.visualstudio.com"},
}

// later says that the host of a URL is one of a type that is not read yet, nil
// when it is none. What AllowList names is read as any other URL.
func (r *Reader) later(u *url.URL) error {
	if r.config.Allow.Permits(u) {
		return nil
	}
	for _, of := range [][]Later{r.config.Later, wellKnown} {
		for _, l := range of {
			suffix, below := strings.CutPrefix(l.Host, "*")
			host := strings.ToLower(u.Host)
			if strings.EqualFold(l.Host, host) || below && strings.HasSuffix(host, suffix) {
				return fault.New(fault.Denied, "%s cannot be read: %s is none of the source hosts that Callboard reads yet, which are %s; "+
					"a file that anybody may read is read from its raw address if backend.reading.allow names %s", u, l.Title, Supported, u.Host)
			}
		}
	}
	return nil
}
