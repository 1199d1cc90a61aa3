package config

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// checker judges what the types cannot: values that depend on each other.
type checker struct {
	tree    *node
	report  *Report
	decoded Report // what decoding found: a value of the wrong type also looks absent
}

// problem reports "path message" at the place of path, or of the nearest
// parent that somebody wrote.
func (c *checker) problem(path, format string, args ...any) {
	if c.decoded.concerns(path) {
		return
	}
	c.report.problem(originAt(c.tree, path), path, "%s %s", path, fmt.Sprintf(format, args...))
}

func (c *checker) note(path, format string, args ...any) {
	c.report.note(originAt(c.tree, path), path, "%s %s", path, fmt.Sprintf(format, args...))
}

// reservedIDs are parts of the host that answer under /api, so that no plugin
// can take their place.
func reservedIDs() []string {
	return []string{"plugins", "auth", "policy", "permission", "audit", "events", "proxy", "notifications", "health"}
}

func (c *checker) config(cfg *Config) {
	c.url("app.baseUrl", cfg.App.BaseURL)
	c.url("backend.baseUrl", cfg.Backend.BaseURL)
	cfg.Backend.Database.check(c)
	cfg.Backend.HTTPS.check(c)
	c.backend(&cfg.Backend)
	c.catalog(&cfg.Catalog)
	c.integrations(&cfg.Integrations)
	if cfg.Search.Engine == "meilisearch" && cfg.Search.Meilisearch.Host == "" {
		c.problem("search.meilisearch.host", "is missing: search.engine is meilisearch")
	}
	c.url("search.meilisearch.host", cfg.Search.Meilisearch.Host)
	c.url("telemetry.otlpEndpoint", cfg.Telemetry.OTLPEndpoint)
	if cfg.Auth.IsProduction() && !cfg.Permission.Enabled {
		c.problem("permission.enabled", "must not be false when auth.environment is production: everybody could do everything")
	}
	c.providers(&cfg.Auth)
	c.plugins(cfg)
}

func (c *checker) url(path, text string) {
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		c.problem(path, "must be a URL that begins with http:// or https://")
	}
}

func (c *checker) backend(b *Backend) {
	for i, text := range b.TrustedProxies {
		_, netErr := netip.ParsePrefix(text)
		if _, err := netip.ParseAddr(text); err != nil && netErr != nil {
			c.problem(fmt.Sprintf("backend.trustedProxies[%d]", i), "must be an address or a network such as 10.0.0.0/8")
		}
	}
	for i, target := range b.Reading.Allow {
		if path := fmt.Sprintf("backend.reading.allow[%d]", i); target.Host == "" {
			c.problem(path, "needs a host")
		}
	}
	if n := c.tree.find("backend", "listen"); n != nil && n.kind == kindObject && n.get("host") == nil {
		c.note("backend.listen", "names no host: %s is used (Backstage would listen on every interface)", b.Listen.Host)
	}
	for i, access := range b.Auth.ExternalAccess {
		c.externalAccess(fmt.Sprintf("backend.auth.externalAccess[%d]", i), access)
	}
	for i, key := range b.Auth.Keys {
		c.sharedKey(fmt.Sprintf("backend.auth.keys[%d].secret", i), key.Secret)
	}
}

func (c *checker) externalAccess(path string, access ExternalAccess) {
	need := func(key, value string) {
		if value == "" {
			c.problem(path, "needs options.%s: its type is %s", key, access.Type)
		}
	}
	switch access.Type {
	case "":
		c.problem(path, "needs a type: static, legacy or jwks")
	case "static":
		need("token", access.Options.Token.Reveal())
		need("subject", access.Options.Subject)
		if token := access.Options.Token.Reveal(); token != "" && (len(token) < 8 || strings.ContainsAny(token, " \t\n")) {
			c.problem(path+".options.token", "must be at least 8 characters without spaces")
		}
	case "legacy":
		need("subject", access.Options.Subject)
		c.sharedKey(path+".options.secret", access.Options.Secret)
	case "jwks":
		need("url", access.Options.URL)
		c.url(path+".options.url", access.Options.URL)
	}
	for i, restriction := range access.Restrictions {
		if restriction.Plugin == "" {
			c.problem(fmt.Sprintf("%s.accessRestrictions[%d]", path, i), "needs a plugin")
		}
	}
}

func (c *checker) sharedKey(path string, key Secret) {
	if _, err := base64.StdEncoding.DecodeString(key.Reveal()); err != nil || key == "" {
		c.problem(path, "must be a key in base64")
	}
}

func (c *checker) integrations(all *Integrations) {
	for i, host := range all.GitHub {
		for j, app := range host.Apps {
			path := fmt.Sprintf("integrations.github[%d].apps[%d]", i, j)
			if app.AppID == 0 {
				c.problem(path+".appId", "is missing: GitHub shows the number in the settings of the app")
			}
			if app.PrivateKey == "" {
				c.problem(path+".privateKey", "is missing; write {$file: app.pem} with the file that GitHub made for the app")
			}
		}
	}
}

func (c *checker) catalog(catalog *Catalog) {
	for i, location := range catalog.Locations {
		path := fmt.Sprintf("catalog.locations[%d]", i)
		if location.Type == "" {
			c.problem(path, "needs a type: file or url")
		}
		if location.Target == "" {
			c.problem(path, "needs a target")
		}
		for j, rule := range location.Rules {
			if rule.Allow == nil {
				c.problem(fmt.Sprintf("%s.rules[%d]", path, j), "needs a list of kinds in allow")
			}
		}
	}
	for i, rule := range catalog.Rules {
		path := fmt.Sprintf("catalog.rules[%d]", i)
		if rule.Allow == nil {
			c.problem(path, "needs a list of kinds in allow")
		}
		for j, match := range rule.Locations {
			at := fmt.Sprintf("%s.locations[%d]", path, j)
			if match.Type == "" {
				c.problem(at, "needs a type")
			}
			if match.Exact != "" && match.Pattern != "" {
				c.problem(at, "has exact and pattern; keep one of them")
			}
		}
	}
	for name, n := range map[string]int64{
		"entitiesPerFile":     int64(catalog.Limits.EntitiesPerFile),
		"entitiesPerLocation": int64(catalog.Limits.EntitiesPerLocation), "targetsPerLocation": int64(catalog.Limits.TargetsPerLocation),
		"entitiesPerProvider": int64(catalog.Limits.EntitiesPerProvider), "bytesPerProvider": int64(catalog.Limits.BytesPerProvider),
	} {
		if n <= 0 {
			c.problem("catalog.limits."+name, "must be more than zero")
		}
	}
	if catalog.ProcessingInterval == 0 {
		c.problem("catalog.processingInterval", "must be more than zero")
	}
}

func (c *checker) providers(auth *Auth) {
	for name, environments := range map[string]map[string]OAuthProvider{"github": auth.Providers.GitHub, "oidc": auth.Providers.OIDC} {
		provider, ok := environments[auth.Environment]
		path := join(join("auth.providers", name), auth.Environment)
		if !ok {
			continue
		}
		if provider.ClientID == "" || provider.ClientSecret == "" {
			c.problem(path, "needs clientId and clientSecret")
		}
		if name == "oidc" && provider.MetadataURL == "" {
			c.problem(path, "needs metadataUrl")
		}
		c.url(path+".metadataUrl", provider.MetadataURL)
	}
}

func (c *checker) plugins(cfg *Config) {
	for id, entry := range cfg.Plugins.Entries {
		path := join("plugins.entries", id)
		if slices.Contains(reservedIDs(), id) {
			c.problem(path, "uses an id that is reserved for the host")
		}
		limitsPath := join(path, "limits")
		for _, over := range entry.Limits.above(cfg.Limits) {
			c.problem(join(limitsPath, over), "is more than limits.%s allows", over)
		}
		c.memory(limitsPath, entry.Limits)
	}
	c.memory("limits", cfg.Limits)
}

// memory refuses what no Go guest could start with.
func (c *checker) memory(path string, limits Limits) {
	if floor := ByteSize(4 << 20); limits.Memory != 0 && limits.Memory < floor {
		c.problem(join(path, "memory"), "must be at least %s, got %s", floor, limits.Memory)
	}
}

// above names the limits that are higher than the cap, by their keys.
func (l Limits) above(limit Limits) []string {
	var names []string
	for _, pair := range []struct {
		name       string
		value, cap int64
	}{
		{"memory", int64(l.Memory), int64(limit.Memory)},
		{"deadline.request", int64(l.Deadline.Request), int64(limit.Deadline.Request)},
		{"deadline.process", int64(l.Deadline.Process), int64(limit.Deadline.Process)},
		{"deadline.schedule", int64(l.Deadline.Schedule), int64(limit.Deadline.Schedule)},
		{"instances", int64(l.Instances), int64(limit.Instances)},
		{"fuel", l.Fuel, limit.Fuel},
		{"cpuPercent", int64(l.CPUPercent), int64(limit.CPUPercent)},
		{"hostCalls", int64(l.HostCalls), int64(limit.HostCalls)},
		{"handles", int64(l.Handles), int64(limit.Handles)},
		{"handleBytes", int64(l.HandleBytes), int64(limit.HandleBytes)},
		{"logBytes", int64(l.LogBytes), int64(limit.LogBytes)},
		{"responseBytes", int64(l.ResponseBytes), int64(limit.ResponseBytes)},
		{"egressBytes", int64(l.EgressBytes), int64(limit.EgressBytes)},
		{"egressRequests", int64(l.EgressRequests), int64(limit.EgressRequests)},
	} {
		if pair.cap != 0 && pair.value > pair.cap {
			names = append(names, pair.name)
		}
	}
	return names
}
