package app_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
)

func TestExampleCompany(t *testing.T) {
	p := apptest.Start(t, apptest.Options{Config: []string{filepath.Join(apptest.Root(), "app-config.yaml")}})
	body := p.Until("/api/catalog/entity-facets?facet=kind", func(status int, body string) bool {
		return status == 200 && strings.Contains(body, `"Component"`)
	})
	t.Log(body)
	res, body := p.Get("/api/catalog/entities/by-query?limit=2&orderField=metadata.name,asc&filter=kind=component")
	t.Log(res.StatusCode, res.Header, body)
	var page struct {
		Items      []json.RawMessage
		TotalItems int
		PageInfo   struct{ NextCursor string }
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil || len(page.Items) != 2 || page.PageInfo.NextCursor == "" {
		t.Errorf("%v %s", err, body)
	}
	for _, path := range []string{"/api/plugins", "/api/app/info", "/api/app/session", "/.callboard/ready", "/api/catalog/locations", "/api/catalog/entities/by-name/component/default/nope"} {
		res, body := p.Get(path)
		t.Log(path, res.StatusCode, body)
	}
}
