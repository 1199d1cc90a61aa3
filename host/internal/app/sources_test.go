package app_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/host/internal/source/sourcetest"
)

// hub is a portal that reads a private repository with the token of
// configuration; more is beside it in app-config.yaml.
func hub(t *testing.T, locations, more string) (*apptest.Portal, *sourcetest.Repo, string) {
	t.Helper()
	repo := sourcetest.NewRepo()
	repo.Set("catalog-info.yaml", described("root", "service"))
	repo.Set("services/one/catalog-info.yaml", described("one", "service"))
	repo.Set("services/two/catalog-info.yaml", described("two", "service"))
	base := sourcetest.GitHub(t, repo)
	config := fmt.Sprintf("integrations: {github: [{baseUrl: '%s', host: '%s', token: %s}]}\n", base, strings.TrimPrefix(base, "http://"), repo.Token) +
		"catalog: {rules: [{allow: [Component, API, Location]}], locations: [" + strings.ReplaceAll(locations, "BASE", base) + "]}\n" + more
	return apptest.Start(t, apptest.Options{Files: map[string]string{"app-config.yaml": config}}), repo, base
}

const byName = "/api/catalog/entities/by-name/component/default/"

// A private repository is read with the token, and what people follow from an
// entity leads where Backstage would lead them.
func TestEntitiesOfAPrivateRepository(t *testing.T) {
	p, repo, base := hub(t, "{type: url, target: 'BASE/o/r/blob/-/services/**/catalog-info.yaml'}", "")
	p.Until(byName+"one", status(http.StatusOK))
	annotations := decode[struct {
		Metadata struct{ Annotations map[string]string }
	}](t, p.Until(byName+"two", status(http.StatusOK))).Metadata.Annotations
	for key, want := range map[string]string{
		"managed-by-location":        "url:" + base + "/o/r/blob/main/services/two/catalog-info.yaml",
		"managed-by-origin-location": "url:" + base + "/o/r/blob/-/services/**/catalog-info.yaml",
		"view-url":                   base + "/o/r/blob/main/services/two/catalog-info.yaml",
		"edit-url":                   base + "/o/r/edit/main/services/two/catalog-info.yaml",
		"source-location":            "url:" + base + "/o/r/tree/main/services/two/",
	} {
		if got := annotations["backstage.io/"+key]; got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if res, _ := p.Get(byName + "root"); res.StatusCode != http.StatusNotFound {
		t.Errorf("what no wildcard names is in the catalog: %d", res.StatusCode)
	}
	if log := p.Log.String(); strings.Contains(log, repo.Token) {
		t.Error("the token is in the log")
	}
}

// What cannot be read says what to mend, without the token.
func TestAFileThatIsNotThereSaysWhatToMend(t *testing.T) {
	p, repo, base := hub(t, "{type: url, target: 'BASE/o/r/blob/main/catalog-info.yaml'}", "")
	p.Until(byName+"root", status(http.StatusOK))
	body := fmt.Sprintf(`{"type":"url","target":"%s/o/r/blob/main/missing.yaml"}`, base)
	_, text := p.Do(http.MethodPost, "/api/catalog/locations?dryRun=true", body, asJSON)
	if !strings.Contains(text, "GitHub answers 404 for "+base+"/o/r/blob/main/missing.yaml") || !strings.Contains(text, "the credential of integrations.github[0] may not see it") {
		t.Error(text)
	}
	if strings.Contains(text, repo.Token) {
		t.Error("the message holds the token")
	}
}

// A placeholder reads its own repository and no other one with the token.
func TestAPlaceholderStaysInItsRepository(t *testing.T) {
	p, repo, base := hub(t, "{type: url, target: 'BASE/o/r/blob/main/catalog-info.yaml'}", "")
	api := "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: %s}\nspec: {type: openapi, lifecycle: production, owner: crew, definition: {$text: %s}}\n"
	repo.Set("catalog-info.yaml", described("root", "service")+"---\n"+fmt.Sprintf(api, "mine", "/docs/index.md")+"---\n"+fmt.Sprintf(api, "theirs", base+"/o/other/blob/main/secret.txt"))
	if res, text := p.Do(http.MethodPost, "/api/catalog/refresh", `{"entityRef":"component:default/root"}`, asJSON); res.StatusCode != http.StatusOK {
		t.Fatal(res.StatusCode, text)
	}
	if text := p.Until("/api/catalog/entities/by-name/api/default/mine", status(http.StatusOK)); !strings.Contains(text, "# Docs") {
		t.Error(text)
	}
	if res, text := p.Get("/api/catalog/entities/by-name/api/default/theirs"); res.StatusCode != http.StatusNotFound {
		t.Errorf("%d %s", res.StatusCode, text)
	}
}

// A push has read again what it touched and nothing else, once, and only when
// it is signed.
func TestAPushIsReadAtOnce(t *testing.T) {
	p, repo, base := hub(t, "{type: url, target: 'BASE/o/r/blob/-/services/**/catalog-info.yaml'}, {type: url, target: 'BASE/o/r/blob/main/catalog-info.yaml'}",
		"events: {http: {topics: [github]}, modules: {github: {webhookSecret: between us}}}\n")
	p.Until(byName+"one", status(http.StatusOK))
	p.Until(byName+"root", status(http.StatusOK))
	push := func(n int, files ...string) (string, map[string]string) {
		body := fmt.Sprintf(`{"ref":"refs/heads/main","before":"a%d","after":"b","repository":{"html_url":"%s/o/r","default_branch":"main"},"commits":[{"modified":["%s"]}]}`,
			n, base, strings.Join(files, `","`))
		mac := hmac.New(sha256.New, []byte("between us"))
		mac.Write([]byte(body))
		return body, map[string]string{
			"Content-Type": "application/json", "X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
		}
	}
	const hook = "/api/events/http/github"
	repo.Set("services/one/catalog-info.yaml", described("one", "website"))
	repo.Set("services/three/catalog-info.yaml", described("three", "service"))
	repo.Set("catalog-info.yaml", described("root", "website")) // changed as well, and not pushed
	body, header := push(1, "services/one/catalog-info.yaml", "services/three/catalog-info.yaml")
	res, text := p.Do(http.MethodPost, hook, body, header)
	if res.StatusCode != http.StatusAccepted || text != `{"event":"push","repeated":false,"accepted":true}` {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	p.Until(byName+"three", status(http.StatusOK))
	p.Until(byName+"one", func(_ int, body string) bool { return strings.Contains(body, "website") })
	if _, text := p.Get(byName + "root"); strings.Contains(text, "website") {
		t.Error("a file that was not pushed was read again")
	}
	if _, text := p.Do(http.MethodPost, hook, body, header); text != `{"event":"push","repeated":true,"accepted":false}` {
		t.Errorf("sent again: %s", text)
	}
	for name, change := range map[string]func() (status int){
		"without a signature": func() int {
			res, text := p.Do(http.MethodPost, hook, body, map[string]string{"Content-Type": "application/json", "X-GitHub-Event": "push"})
			if !strings.Contains(text, "X-Hub-Signature-256") {
				t.Error(text)
			}
			return res.StatusCode - http.StatusUnauthorized
		},
		"as a form": func() int {
			res, _ := p.Do(http.MethodPost, hook, body, map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
			return res.StatusCode - http.StatusUnsupportedMediaType
		},
		"to another topic": func() int {
			res, _ := p.Do(http.MethodPost, "/api/events/http/gitlab", body, header)
			return res.StatusCode - http.StatusNotFound
		},
	} {
		if off := change(); off != 0 {
			t.Errorf("%s: the status is off by %d", name, off)
		}
	}
	if log := p.Log.String(); strings.Contains(log, "between us") {
		t.Error("the secret is in the log")
	}
}

// A GitHub App reads as a token does, with the files of Backstage, and its
// webhooks are signed with its own secret. Nothing of it is told.
func TestAGitHubApp(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	secret := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	repo := sourcetest.NewRepo()
	repo.App = sourcetest.NewGitHubApp(7, &key.PublicKey, sourcetest.Installation{ID: 1, Owner: "O", OwnerID: 9})
	repo.App.Pass(time.Since(repo.App.Now()))
	repo.Set("catalog-info.yaml", described("root", "service"))
	base := sourcetest.GitHub(t, repo)
	p := apptest.Start(t, apptest.Options{Files: map[string]string{
		"app.yaml": "{appId: 7, clientId: a, clientSecret: canary-1, webhookSecret: canary-2, privateKey: {$file: app.pem}, allowedInstallationOwners: [o]}\n",
		"app.pem":  secret,
		"app-config.yaml": fmt.Sprintf("integrations: {github: [{baseUrl: '%s', host: '%s', apps: [{$include: app.yaml}]}]}\n", base, strings.TrimPrefix(base, "http://")) +
			"events: {http: {topics: [github]}}\n" +
			"catalog: {rules: [{allow: [Component]}], locations: [{type: url, target: '" + base + "/o/r/blob/main/catalog-info.yaml'}]}\n",
	}})
	p.Until(byName+"root", status(http.StatusOK))
	repo.Set("catalog-info.yaml", described("root", "website"))
	body := fmt.Sprintf(`{"ref":"refs/heads/main","before":"a","after":"b","repository":{"html_url":"%s/o/r","default_branch":"main"},"commits":[{"modified":["catalog-info.yaml"]}]}`, base)
	mac := hmac.New(sha256.New, []byte("canary-2"))
	mac.Write([]byte(body))
	res, text := p.Do(http.MethodPost, "/api/events/http/github", body, map[string]string{
		"Content-Type": "application/json", "X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	})
	if res.StatusCode != http.StatusAccepted {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	p.Until(byName+"root", func(_ int, body string) bool { return strings.Contains(body, "website") })
	for _, told := range []string{"canary", "ghs_", "eyJ", "PRIVATE KEY", secret[50:90]} {
		if strings.Contains(p.Log.String(), told) {
			t.Errorf("the log holds %q", told)
		}
	}
}
