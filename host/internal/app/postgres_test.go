package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/host/internal/testpg"
)

func TestMain(m *testing.M) { os.Exit(testpg.Run(m)) }

func TestOnPostgreSQL(t *testing.T) {
	config := filepath.Join(apptest.Root(), "app-config.yaml")
	env := []string{"APP_CONFIG_backend_database_client=pg", "APP_CONFIG_backend_database_connection=" + testpg.DSN(t)}
	const path = "/api/catalog/entities/by-name/component/default/ledger-core"
	p := apptest.Start(t, apptest.Options{Config: []string{config}, Env: env})
	before := p.Until(path, func(status int, _ string) bool { return status == http.StatusOK })
	if _, body := p.Get("/api/app/info"); !strings.Contains(body, `"database":"postgres"`) {
		t.Error(body)
	}
	if _, body := p.Get("/api/app/info"); !strings.Contains(body, `"leads":true,"connected":true,"behind":0}`) {
		t.Errorf("the only replica: %s", body)
	}
	if _, body := p.Get("/.callboard/ready"); !strings.Contains(body, `{"name":"replicas","status":"ok"}`) {
		t.Errorf("the only replica is ready: %s", body)
	}
	p.Close()
	// Another data folder: what matters is in the database.
	again := apptest.Start(t, apptest.Options{Config: []string{config}, Env: env})
	if _, after := again.Get(path); after != before {
		t.Errorf("after a restart\n%s\nbefore\n%s", after, before)
	}
}
