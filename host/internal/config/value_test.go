package config

import (
	"strings"
	"testing"
	"time"
)

// leafOf parses text as YAML and decodes it.
func leafOf(t *testing.T, text string, into leaf) error {
	t.Helper()
	n, err := new(parser).yaml([]byte(text), "test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return into.decodeLeaf(n)
}

func TestDuration(t *testing.T) {
	tests := []struct {
		written string
		want    time.Duration
	}{
		{"30m", 30 * time.Minute},
		{"1h30m", 90 * time.Minute},
		{"250ms", 250 * time.Millisecond},
		{"0s", 0},
		{"PT30M", 30 * time.Minute},
		{"P1D", 24 * time.Hour},
		{"P1DT2H", 26 * time.Hour},
		{"P2W", 14 * 24 * time.Hour},
		{"PT0.5S", 500 * time.Millisecond},
		{"{hours: 1}", time.Hour},
		{"{hours: 1, minutes: '30'}", 90 * time.Minute},
		{"{days: 1.5}", 36 * time.Hour},
		{"2 days", 48 * time.Hour},
		{"1d", 24 * time.Hour},
		{"5 minutes", 5 * time.Minute},
		{"1 hour", time.Hour},
		{"10 seconds", 10 * time.Second},
		{"10 s", 10 * time.Second},
		{"3w", 21 * 24 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.written, func(t *testing.T) {
			var got Duration
			if err := leafOf(t, tt.written, &got); err != nil || got.Std() != tt.want {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func TestDurationRefuses(t *testing.T) {
	for _, written := range []string{
		"5", "soon", "''", "P", "PT", "P1DT", "-5m", "{hours: -1}", "{hours: x}", "{}", "{hour: 1}", "{hours: 1, fortnights: 2}",
		"[1]", "true", "9999999 weeks", "P99999999W", "{weeks: 15000, days: 5000}", "5 parsecs", "{hours: }",
	} {
		t.Run(written, func(t *testing.T) {
			var got Duration
			if err := leafOf(t, written, &got); err == nil {
				t.Errorf("got %v, want an error", got)
			}
		})
	}
}

func TestByteSize(t *testing.T) {
	tests := []struct {
		written string
		want    ByteSize
		shown   string
	}{
		{"64MiB", 64 << 20, "64MiB"},
		{"64 mib", 64 << 20, "64MiB"},
		{"1.5GiB", 3 << 29, "1536MiB"},
		{"8MB", 8_000_000, "8000000B"},
		{"500 kB", 500_000, "500000B"},
		{"1024", 1024, "1KiB"},
		{"'0'", 0, "0B"},
		{"7 b", 7, "7B"},
	}
	for _, tt := range tests {
		t.Run(tt.written, func(t *testing.T) {
			var got ByteSize
			if err := leafOf(t, tt.written, &got); err != nil || got != tt.want || got.String() != tt.shown {
				t.Errorf("got %d (%s), %v; want %d (%s)", got, got, err, tt.want, tt.shown)
			}
		})
	}
	for _, written := range []string{"-1", "big", "1 MX", "true", "[1]", "99999999 TiB", "''"} {
		t.Run("refuses "+written, func(t *testing.T) {
			var got ByteSize
			if err := leafOf(t, written, &got); err == nil {
				t.Errorf("got %d, want an error", got)
			}
		})
	}
}

// loaded loads one app-config.yaml and fails on problems.
func loaded(t *testing.T, text string, environ ...string) *Config {
	t.Helper()
	cfg, err := Load(t.Context(), inMemory(memory{"app-config.yaml": text}, environ...))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestListenAddress(t *testing.T) {
	tests := []struct {
		name, written, want string
		loopback            bool
	}{
		{"default", "{}", "127.0.0.1:7007", true},
		{"every interface", "{listen: ':8080'}", ":8080", false},
		{"host and port", "{listen: '0.0.0.0:80'}", "0.0.0.0:80", false},
		{"a bare port", "{listen: 8080}", "127.0.0.1:8080", true},
		{"port only", "{listen: {port: 8080}}", "127.0.0.1:8080", true},
		{"host only", "{listen: {host: 10.0.0.1}}", "10.0.0.1:7007", false},
		{"a port in quotes", "{listen: {port: '8080'}}", "127.0.0.1:8080", true},
		{"IPv6 loopback", "{listen: '[::1]:7007'}", "[::1]:7007", true},
		{"IPv6 any", "{listen: '[::]:7007'}", "[::]:7007", false},
		{"mapped loopback", "{listen: '[::ffff:127.0.0.1]:7007'}", "[::ffff:127.0.0.1]:7007", true},
		{"the whole loopback network", "{listen: '127.9.9.9:7007'}", "127.9.9.9:7007", true},
		{"a name that begins like localhost", "{listen: 'localhost.example.com:7007'}", "localhost.example.com:7007", false},
		{"localhost", "{listen: 'localhost:7007'}", "localhost:7007", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := loaded(t, "backend: "+tt.written)
			if cfg.ListenAddr() != tt.want || cfg.IsLoopback() != tt.loopback {
				t.Errorf("got %s, loopback %v; want %s, %v", cfg.ListenAddr(), cfg.IsLoopback(), tt.want, tt.loopback)
			}
		})
	}
}

func TestFlagsWinOverEverything(t *testing.T) {
	options := inMemory(memory{"app-config.yaml": "backend: {listen: ':1'}"}, "APP_CONFIG_backend_listen=:2", "CALLBOARD_DATA=/from/env")
	cfg, err := Load(t.Context(), options)
	if err != nil || cfg.ListenAddr() != ":2" || cfg.DataDir != "/from/env" {
		t.Fatalf("got %v, %v", cfg, err)
	}
	options.Listen, options.Data = "127.0.0.1:3", "/from/flag"
	cfg, err = Load(t.Context(), options)
	if err != nil || cfg.ListenAddr() != "127.0.0.1:3" || cfg.DataDir != "/from/flag" {
		t.Fatalf("got %v, %v", cfg, err)
	}
	if at := cfg.Origin("backend.listen").String(); at != "--listen" {
		t.Errorf("origin %s", at)
	}
	options.Listen = "nonsense"
	if _, err := Load(t.Context(), options); err == nil || !strings.Contains(err.Error(), "--listen: backend.listen must be an address") {
		t.Errorf("got %v", err)
	}
}

func TestExposure(t *testing.T) {
	const oidc = "oidc: {production: {clientId: a, clientSecret: b, metadataUrl: https://id.example.com}}"
	tests := []struct {
		name, text string
		refused    bool
		guest      bool
	}{
		{"loopback in development", "backend: {listen: 127.0.0.1:7007}", false, true},
		{"open without anything", "backend: {listen: ':7007'}", true, true},
		{"open with a guest", "backend: {listen: ':7007'}\nauth: {providers: {guest: {}}}", true, true},
		{"open with a dangerous guest", "backend: {listen: ':7007'}\nauth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}", false, true},
		{"open with a provider of this environment", "backend: {listen: ':7007'}\nauth: {environment: production, providers: {" + oidc + "}}", false, false},
		{"open with a provider of another environment", "backend: {listen: ':7007'}\nauth: {providers: {" + oidc + "}}", true, true},
		{"a guest in production", "auth: {environment: production, providers: {guest: {}}}", false, false},
		{"a dangerous guest in production", "auth: {environment: production, providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}", false, true},
		{"nothing in production", "auth: {environment: production}", false, false},
		{"a removed guest", "auth: {environment: production, providers: {guest: null}}", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := loaded(t, tt.text)
			if err := cfg.CheckExposure(); (err != nil) != tt.refused {
				t.Errorf("got %v, want refused %v", err, tt.refused)
			}
			if _, guest := cfg.Auth.Guest(); guest != tt.guest {
				t.Errorf("guest %v, want %v", guest, tt.guest)
			}
		})
	}
}

func TestBaseURL(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"default", "{}", "http://127.0.0.1:7007"},
		{"app", "{app: {baseUrl: 'https://a.example.com/'}, backend: {baseUrl: 'https://b.example.com'}}", "https://a.example.com"},
		{"backend", "{backend: {baseUrl: 'https://b.example.com/portal/'}}", "https://b.example.com/portal"},
		{"every interface", "{backend: {listen: ':80'}}", "http://127.0.0.1:80"},
		{"https", "{backend: {listen: '[::]:443', https: true}}", "https://127.0.0.1:443"},
		{"IPv6", "{backend: {listen: '[::1]:80'}}", "http://[::1]:80"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := loaded(t, tt.text).BaseURL(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestDatabase(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"default", "{}", "d/callboard.sqlite"},
		{"Backstage's name and memory", "{client: better-sqlite3, connection: ':memory:'}", ":memory:"},
		{"file name", "{client: sqlite, connection: {filename: x.db}}", "x.db"},
		{"folder", "{connection: {directory: /var/lib/cb}}", "/var/lib/cb/callboard.sqlite"},
		{"URL", "{client: pg, connection: 'postgres://u@h/d'}", "postgres://u@h/d"},
		{"URL in an object", "{client: pg, connection: {connectionString: 'postgres://u@h/d'}}", "postgres://u@h/d"},
		{"parts", "{client: pg, connection: {host: h, port: '6543', user: u, password: 'p@ss/w', database: d}}", "postgres://u:p%40ss%2Fw@h:6543/d"},
		{"default port", "{client: pg, connection: {host: h, database: d}}", "postgres://h:5432/d"},
		{"socket", "{client: pg, connection: {host: /run/pg, database: d}}", "postgres:///d?host=%2Frun%2Fpg&port=5432"},
		{"verified TLS", "{client: pg, connection: {host: h, database: d, ssl: true}}", "postgres://h:5432/d?sslmode=verify-full"},
		{"unverified TLS", "{client: pg, connection: {host: h, database: d, ssl: {rejectUnauthorized: false}}}", "postgres://h:5432/d?sslmode=require"},
		{"no TLS", "{client: pg, connection: {host: h, database: d, ssl: false}}", "postgres://h:5432/d"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db := loaded(t, "backend: {database: "+tt.text+"}").Backend.Database
			got := db.SQLiteFile("d")
			if db.IsPostgres() {
				got = db.PostgresURL().Reveal()
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestOwnSections(t *testing.T) {
	cfg := loaded(t, `
limits: {memory: 1GiB}
plugins:
  entries:
    hello:
      source: ./hello
      grants: {catalog: true, blob: false, http: {hosts: [example.com]}}
      limits: {memory: 64MiB, deadline: {request: 5s, schedule: {minutes: 5}}, instances: "3"}
      config:
        greeting: Hi ${NAME}
    quiet: {enabled: false, limits: {deadline: 2s}}
telemetry: {metrics: {listen: ":9090"}}
`, "NAME=there")
	hello := cfg.Plugins.Entries["hello"]
	if !hello.Enabled || cfg.Plugins.Entries["quiet"].Enabled {
		t.Error("enabled is not true by default, or false is not kept")
	}
	if g := hello.Grants; !g["catalog"].Allowed || g["blob"].Allowed || !g["http"].Allowed || string(g["http"].Scope.JSON()) != `{"hosts":["example.com"]}` {
		t.Errorf("grants: %+v", g)
	}
	want := Limits{Memory: 64 << 20, Deadline: Deadlines{Request: Duration(5 * time.Second), Schedule: Duration(5 * time.Minute)}, Instances: 3}
	if hello.Limits != want {
		t.Errorf("limits: %+v", hello.Limits)
	}
	if got := cfg.Plugins.Entries["quiet"].Limits.Deadline.Request.Std(); got != 2*time.Second {
		t.Errorf("short deadline: %v", got)
	}
	raw, origins := cfg.PluginConfig("hello")
	if string(raw) != `{"greeting":"Hi there"}` || origins.At("greeting").String() != "app-config.yaml:10" || origins.At("greeting.none").Line != 10 {
		t.Errorf("plugin configuration %s from %v", raw, origins)
	}
	if raw, _ := cfg.PluginConfig("nobody"); string(raw) != "null" {
		t.Errorf("absent plugin configuration: %s", raw)
	}
	if cfg.ServesMetricsBesidePortal() || cfg.Telemetry.Metrics.Listen.String() != ":9090" {
		t.Error("metrics do not have their own listener")
	}
}

func TestUndefinedAndEmptyRulesDiffer(t *testing.T) {
	absent, empty := loaded(t, "catalog: {}").Catalog, loaded(t, "catalog: {rules: []}").Catalog
	if absent.Rules != nil || empty.Rules == nil {
		t.Errorf("absent %v, empty %v", absent.Rules, empty.Rules)
	}
}

func TestOrigin(t *testing.T) {
	cfg := loaded(t, "catalog:\n  locations:\n    - type: file\n      target: a.yaml\n    - type: url\n      target: https://b\n", "APP_CONFIG_app_title=x")
	tests := []struct{ path, want string }{
		{"catalog.locations[1].target", "app-config.yaml:6"},
		{"catalog.locations[1]", "app-config.yaml:5"},
		{"catalog.locations[1].rules", "app-config.yaml:5"},
		{"catalog.locations[9]", "app-config.yaml:2"},
		{"app.title", "APP_CONFIG_app_title"},
		{"search.engine", "built-in default"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			if got := cfg.Origin(tt.path).String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
