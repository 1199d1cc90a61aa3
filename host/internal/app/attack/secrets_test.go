package attack_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// canaries is a configuration whose secrets all have one word in them.
const canaries = `
telemetry: {logLevel: debug}
backend:
  auth:
    keys: [{secret: c4n4ryc4n4ryc4n4ryc4n4ry}]
    externalAccess:
      - {type: static, options: {token: c4n4ry-static-token, subject: ci}}
integrations:
  github: [{host: github.com, token: "${GH_PAT}"}]
auth:
  session: {secret: c4n4ry-session}
search: {meilisearch: {apiKey: c4n4ry-search}}
catalog:
  locations:
    - {type: file, target: ./good.yaml}
plugins:
  entries:
    catalog: {config: {password: c4n4ry-plugin, composed: "postgres://u:${DB_PASSWORD}@db/x"}}
    ghost: {source: ./ghost, config: {token: {$env: GHOST_TOKEN}, key: {$file: secret.txt}}, secrets: {vault: c4n4ry-vault, mounted: {$file: secret.txt}, fed: {$env: GHOST_TOKEN}}}
`

var canaryEnvironment = []string{"GH_PAT=c4n4ry-pat", "DB_PASSWORD=c4n4ry-db", "GHOST_TOKEN=c4n4ry-ghost"}

func TestSecretsStayInside(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "app-config.yaml"), canaries)
	write(t, filepath.Join(dir, "secret.txt"), "c4n4ry-file")
	descriptors := good
	for i, own := range []string{"app-config.yaml", "secret.txt", "link.yaml", "data/callboard.db", "app-config.yaml.absent"} {
		descriptors += "---\n" + component(fmt.Sprintf("curious%d", i), "  definition: {$text: ./"+own+"}\n")
	}
	write(t, filepath.Join(dir, "good.yaml"), descriptors)
	if err := os.Link(filepath.Join(dir, "app-config.yaml"), filepath.Join(dir, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	check := func(what, text string) {
		t.Helper()
		if i := strings.Index(text, "c4n4ry"); i >= 0 {
			t.Errorf("%s shows a secret: …%s…", what, text[max(0, i-200):min(len(text), i+60)])
		}
	}
	for _, args := range [][]string{
		{"config", "print"},
		{"config", "print", "--origins"},
		{"config", "print", "--output", "json"},
		{"config", "check"},
		{"config", "check", "--output", "json"},
		{"doctor"},
	} {
		cmd := command(t, dir, canaryEnvironment, args...)
		text, err := cmd.CombinedOutput()
		check(strings.Join(args, " "), string(text))
		if args[1%len(args)] == "print" && (err != nil || !bytes.Contains(text, []byte("[redacted]"))) {
			t.Errorf("%v: %v\n%s", args, err, text)
		}
	}
	p := serve(t, dir, canaryEnvironment...)
	address := p.ready(t)
	for _, path := range []string{
		"/api/plugins", "/api/plugins/catalog", "/api/plugins/ghost", "/api/app/info", "/api/app/session", "/metrics", "/openapi.json", "/.callboard/ready",
		"/api/catalog/entities", "/api/catalog/locations", "/api/catalog/entities/by-query?filter=bad=&cursor=x", "/api/ghost/x", "/api/catalog/nope", "/", "/nope",
	} {
		status, body := get(t, address+path)
		if body == "" {
			t.Errorf("%s: %d without a body", path, status)
		}
		check(path, body)
	}
	_, all := get(t, address+"/api/catalog/entities")
	for _, own := range []string{"/app-config.yaml", "/secret.txt", "/link.yaml"} {
		if !strings.Contains(all, own+" belongs to the portal itself") {
			t.Errorf("nothing says that %s is not read: %s", own, all)
		}
	}
	p.kill()
	if !strings.Contains(p.out.String(), "level=DEBUG") {
		t.Errorf("the log is not that of debugging:\n%s", p.out)
	}
	check("the log", p.out.String())
}

func TestALocationWithCredentialsIsRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "app-config.yaml"), "catalog:\n  locations:\n    - {type: url, target: \"https://user:c4n4ry@127.0.0.1:1/a.yaml\"}\n")
	text, err := command(t, dir, nil, "serve", "--listen", "127.0.0.1:0").CombinedOutput()
	if err == nil || !bytes.Contains(text, []byte("app-config.yaml:3")) || !bytes.Contains(text, []byte("credentials")) || bytes.Contains(text, []byte("c4n4ry")) {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestSecretsOfADatabaseThatDoesNotAnswer(t *testing.T) {
	for name, database := range map[string]string{
		"fields": "{client: pg, connection: {host: 127.0.0.1, port: 1, user: u, password: c4n4ry, database: d}}",
		"a URL":  "{client: pg, connection: \"postgres://u:c4n4ry@127.0.0.1:1/d?connect_timeout=2\"}",
		"typo":   "{client: pg, connection: \"postgres://u:c4n4ry@127.0.0.1:port/d\"}",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "app-config.yaml"), "backend: {database: "+database+"}\n")
			text, err := command(t, dir, nil, "serve", "--listen", "127.0.0.1:0").CombinedOutput()
			if err == nil || !bytes.Contains(text, []byte("PostgreSQL")) || bytes.Contains(text, []byte("c4n4ry")) {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}
