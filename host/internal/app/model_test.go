package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/sdk/manifest"
)

type shownModel struct {
	Kinds []struct {
		Kind, Plugin string
		Fields       []struct {
			Path, Plugin, Title, Format string
			Mirrored                    *struct{ Relation, Kind, From string }
		}
	}
}

// The company's plugin brings a kind and adds to one of the catalog's: what
// its manifest says is what the catalog does, and what the API describes.
func TestACompanyPluginBringsItsKind(t *testing.T) {
	module, err := apptest.BuildPlugin(filepath.Join(apptest.Root(), "examples"), "./datasets")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(apptest.Root(), "examples", "datasets", manifest.FileName))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{manifest.FileName: text, "plugin.wasm": module} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := apptest.Start(t, apptest.Options{Files: map[string]string{
		"app-config.yaml": "catalog: {rules: [{allow: [Dataset, Resource, API, Location]}], locations: [{type: file, target: ./all.yaml}]}\nplugins: {entries: {datasets: {source: " + dir + "}}}\n",
		"all.yaml": `apiVersion: datasets.example.com/v1
kind: Dataset
metadata: {name: payments}
spec: {owner: ledger, storedIn: db, personal: true}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: db}
spec: {type: database, owner: platform}
---
apiVersion: datasets.example.com/v1
kind: Dataset
metadata: {name: broken}
spec: {owner: ledger, retentionDays: never}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: ledger}
spec: {type: table, lifecycle: production, owner: ledger, columns: [day, amount]}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: empty}
spec: {type: table, lifecycle: production, owner: ledger, definition: x}
`,
	}})
	const payments = "/api/catalog/entities/by-name/dataset/default/payments"
	body := p.Until(payments, func(status int, body string) bool {
		return status == http.StatusOK && strings.Contains(body, `"storageOwner"`)
	})
	const want = `"spec":{"owner":"ledger","storedIn":"db","personal":true,"retentionDays":30,"catalogue":"https://data.example.com/default/payments","storageOwner":"platform"}`
	if !strings.Contains(body, want) || !strings.Contains(body, `{"type":"storedIn","targetRef":"resource:default/db"}`) {
		t.Errorf("got %s\nwant %s", body, want)
	}
	if res, _ := p.Get("/api/catalog/entities/by-name/dataset/default/broken"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a dataset that its schema refuses: %d", res.StatusCode)
	}
	if res, body := p.Get("/api/catalog/entities/by-name/api/default/ledger"); res.StatusCode != http.StatusOK || !strings.Contains(body, `{"type":"ownedBy","targetRef":"group:default/ledger"}`) {
		t.Errorf("an API of the plugin's form: %d %s", res.StatusCode, body)
	}
	if res, _ := p.Get("/api/catalog/entities/by-name/api/default/empty"); res.StatusCode != http.StatusNotFound {
		t.Errorf("an API that its form's schema refuses: %d", res.StatusCode)
	}

	res, body := p.Get("/api/catalog/model")
	m := decode[shownModel](t, body)
	at := 0
	for at < len(m.Kinds) && m.Kinds[at].Kind != "Dataset" {
		at++
	}
	if at == len(m.Kinds) || m.Kinds[at].Plugin != "datasets" {
		t.Fatalf("the model lacks the kind: %s", body)
	}
	computed, mirrored := false, false
	for _, f := range m.Kinds[at].Fields {
		computed = computed || f.Path == "spec.catalogue" && f.Format != "" && f.Title != ""
		mirrored = mirrored || f.Path == "spec.storageOwner" && f.Mirrored != nil && f.Mirrored.From == "spec.owner"
	}
	if !computed || !mirrored {
		t.Errorf("fields %+v", m.Kinds[at].Fields)
	}
	if !strings.Contains(body, `"type":"table","description":"Data that others query as a table."`) {
		t.Errorf("the model lacks the form: %s", body)
	}
	if !strings.Contains(body, `"extendedBy":["datasets"]`) || !strings.Contains(body, `"example.com/data-steward"`) {
		t.Errorf("the model says nothing of the extension or the annotation: %s", body)
	}
	if again, text := p.Do(http.MethodGet, "/api/catalog/model", "", map[string]string{"If-None-Match": res.Header.Get("ETag")}); again.StatusCode != http.StatusNotModified || text != "" {
		t.Errorf("the same model again: %d %s", again.StatusCode, text)
	}
}
