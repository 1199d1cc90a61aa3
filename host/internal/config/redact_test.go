package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// canary is a text that must appear nowhere in what is shown.
const canary = "c4n4ry"

// secrets is a configuration whose every secret holds the canary.
const secrets = `
app:
  title: Board
  datadogRum: {clientToken: c4n4ry-known-by-key}
backend:
  database:
    client: pg
    connection: postgres://callboard:c4n4ry-p@ss/word?x@db.example.com:5432/callboard?sslpassword=c4n4ry-query
  cache:
    store: redis
    connection: redis://:c4n4ry-redis@cache:6379
  https: {certificate: {cert: public-certificate, key: {$file: tls.pem}}}
  auth:
    keys: [{secret: c4n4ryAc4n4ryBBC}]
    externalAccess:
      - {type: static, options: {token: c4n4ry-static-token, subject: ci}}
proxy:
  /ci:
    target: https://x-access-token:c4n4ry-in-url@ci.example.com
    headers: {Authorization: Bearer c4n4ry-bearer-value, Circle-Token: c4n4ry-b02, X-Api-Key: c4n4ry-b03}
  /free: {target: "https://api.example.com/?api_key=c4n4ry-query&x=1", note: "send Bearer c4n4ry-abcdefghijkl"}
integrations:
  github:
    - {host: github.com, token: "${GH_PAT}", apps: [{appId: 1, privateKey: {$file: app.pem}, webhookSecret: c4n4ry-b04, clientSecret: c4n4ry-b05}]}
  azure:
    - {host: dev.azure.com, credentials: [{clientSecret: c4n4ry-b06}, {personalAccessToken: c4n4ry-b07}]}
auth:
  session: {secret: c4n4ry-session}
  providers:
    google: {development: {clientId: public-client, clientSecret: c4n4ry-google}}
search:
  meilisearch: {host: "http://search:7700", apiKey: c4n4ry-key}
plugins:
  entries:
    hello:
      grants:
        secret: {jira: {host: jira.example.com, header: X-Public-Header}}
      config:
        tokens: [c4n4ry-one, {deep: c4n4ry-two}]
        password: 4242424242
        greeting: Hello ${PUBLIC_NAME}
        store: host=db user=u password='c4n4ry quoted' dbname=public-name
        webhook: {$env: SLACK_WEBHOOK_URL}
        pem: {$file: tls.pem}
        mounted: {$file: /run/secrets/hello}
        composed: "user:${DB_PASSWORD}@host"
        repeated: the secret is c4n4ry-session, again
        jwt: eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjNG40cnkifQ.c4n4ry-b08
        pat: ghp_c4n4ryc4n4ryc4n4ryb09
        key: c4n4ry-b10
        extra: {$include: "more.json#db"}
`

func secretOptions() Options {
	return inMemory(memory{
		"app-config.yaml":    secrets,
		"tls.pem":            "-----BEGIN EC PRIVATE KEY-----\nc4n4ry\n-----END EC PRIVATE KEY-----\n",
		"app.pem":            "c4n4ry-app-key",
		"/run/secrets/hello": "c4n4ry-mounted",
		"more.json":          `{"db": {"password": "c4n4ry-included", "host": "public-host"}}`,
	}, "GH_PAT=c4n4ry-pat", "SLACK_WEBHOOK_URL=https://hooks.example.com/c4n4ry", "DB_PASSWORD=c4n4ry-composed", "PUBLIC_NAME=public-world",
		"APP_CONFIG_telemetry_otlpEndpoint=https://user:c4n4ry@otel.example.com")
}

func TestPrintHidesEverySecret(t *testing.T) {
	cfg, err := Load(t.Context(), secretOptions())
	if err != nil {
		t.Fatal(err)
	}
	for _, options := range []PrintOptions{{}, {Format: JSON}, {Format: YAML, Origins: true}} {
		t.Run(fmt.Sprintf("%+v", options), func(t *testing.T) {
			var out strings.Builder
			if err := cfg.Print(&out, options); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				if strings.Contains(line, canary) || strings.Contains(line, "4242424242") {
					t.Errorf("shows a secret: %s", line)
				}
			}
			for _, open := range []string{
				"title", "Board", "public-certificate", "public-client", "public-world", "public-name", "public-host", "X-Public-Header",
				"jira.example.com", "http://search:7700", "postgres://callboard:[redacted]@db.example.com:5432/callboard", "https://x-access-token:[redacted]@ci.example.com",
				"user:[redacted]@host", "the secret is [redacted], again",
			} {
				if !strings.Contains(out.String(), open) {
					t.Errorf("hides %q:\n%s", open, out.String())
				}
			}
		})
	}
	var revealed strings.Builder
	if err := cfg.Print(&revealed, PrintOptions{Reveal: true}); err != nil || strings.Count(revealed.String(), canary) < 25 {
		t.Errorf("the canaries are not in the configuration, so this test proves nothing: %v\n%s", err, revealed.String())
	}
}

func TestSecretsDoNotLeakThroughFormatting(t *testing.T) {
	cfg, err := Load(t.Context(), secretOptions())
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(struct {
		Integrations Integrations
		Search       Search
		Session      AuthSession
		Access       BackendAuth
	}{cfg.Integrations, cfg.Search, cfg.Auth.Session, cfg.Backend.Auth})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", cfg.Auth.Session.Secret, "database", cfg.Backend.Database, "config", cfg)
	for name, text := range map[string]string{
		"%v": fmt.Sprintf("%v", cfg.Search), "%+v": fmt.Sprintf("%+v", cfg.Integrations), "%#v": fmt.Sprintf("%#v", cfg.Auth.Session),
		"config %v": fmt.Sprintf("%v %s", cfg, cfg), "json": string(asJSON), "slog": log.String(),
		"url": fmt.Sprint(cfg.Backend.Database.PostgresURL()), "entry": fmt.Sprintf("%+v", cfg.Plugins.Entries["hello"]),
	} {
		if strings.Contains(text, canary) {
			t.Errorf("%s shows a secret: %s", name, text)
		}
	}
}

// TestMessagesHideSecrets puts canaries where wrong values are quoted.
func TestMessagesHideSecrets(t *testing.T) {
	options := inMemory(memory{"app-config.yaml": `
app: {baseUrl: "http//user:c4n4ry@x", title: [c4n4ry]}
backend:
  listen: c4n4ry:c4n4ry
  database: {client: "${DB_PASSWORD}", connection: {port: c4n4ry, password: 5}}
  auth: {keys: [{secret: "%%c4n4ry"}], externalAccess: [{type: static, options: {token: "c4n4ry x"}}]}
  trustedProxies: [c4n4ry]
search: {engine: "ghp_c4n4ryc4n4ryc4n4ry"}
telemetry: {logLevel: "https://u:c4n4ry@x", otlpEndpoint: c4n4ry}
limits: {memory: c4n4ry, instances: "${DB_PASSWORD}", deadline: c4n4ry}
plugins: {entries: {a: {digest: "${DB_PASSWORD}", grants: {http: c4n4ry}}}}
`}, "DB_PASSWORD=c4n4ry-is-long")
	_, report := Inspect(t.Context(), options)
	if len(report.Problems) < 14 {
		t.Fatalf("only %d problems: %v", len(report.Problems), report.Problems)
	}
	if text := report.Problems.Error() + report.Notes.Error(); strings.Contains(text, canary) {
		t.Errorf("shows a secret:\n%s", text)
	}
}

func TestSecretName(t *testing.T) {
	tests := []struct {
		name string
		want bool
	}{
		{"password", true},
		{"clientSecret", true},
		{"GITHUB_TOKEN", true},
		{"apiKey", true},
		{"X-Api-Key", true},
		{"key", true},
		{"GH_PAT", true},
		{"SIGNING_KEY", true},
		{"privateKey", true},
		{"ACCESS_KEY", true},
		{"hostKeys", true},
		{"credentials", true},
		{"cookie", true},
		{"monkey", false},
		{"keyboard", false},
		{"compass", false},
		{"patterns", false},
		{"clientId", false},
		{"host", false},
		{"path", false},
		{"PUBLIC_NAME", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := secretName(tt.name); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
