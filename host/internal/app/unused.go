package app

import (
	"strings"

	"github.com/callboard/callboard/host/internal/config"
)

// later are keys that configuration may hold and that no part reads yet. An
// operator who sets one must not believe that it works.
var later = []string{
	"backend.cors", "backend.trustedProxies", "backend.auth.externalAccess",
	"auth.providers.github", "auth.providers.oidc", "auth.session",
	"search.engine", "search.meilisearch", "techdocs",
	"integrations.bitbucketCloud", "integrations.bitbucketServer", "integrations.azure",
}

// unused returns the keys of later that are set.
func unused(c *config.Config) []string {
	var out []string
	for _, key := range later {
		if !c.Lookup(strings.Split(key, ".")...).IsZero() {
			out = append(out, key)
		}
	}
	return out
}
