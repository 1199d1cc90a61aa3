package app

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/kv"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/install"
	"github.com/callboard/callboard/host/internal/telemetry"
	"github.com/callboard/callboard/sdk/abi"
)

func newSet(t *testing.T) *pluginSet {
	t.Helper()
	table, err := capability.NewTable(kv.New(nil, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	return &pluginSet{
		table: table, gate: capability.NewGate(capability.Config{Table: table}), metrics: telemetry.NewMetrics("test"),
		versions: map[versionKey]*installed{}, serving: map[plugin.ID]*installed{}, fenced: map[plugin.ID]bool{},
	}
}

// A mistake in what shall narrow a grant must not leave the wider one.
func TestGrantsThatCannotBeReadGrantNothing(t *testing.T) {
	p := newSet(t)
	b := bundleOf(t, "ci", false, "capabilities: {kv: {reason: a test}}\n")
	b.Digest = "d"
	for grant, want := range map[string]bool{`true`: true, `{"quota": "1MiB"}`: true, `{"quotas": "1MiB"}`: false} {
		p.Prepare(install.Version{Bundle: b, Grants: capability.Grants{"kv": json.RawMessage("true")}})
		p.Prepare(install.Version{Bundle: b, Grants: capability.Grants{"kv": json.RawMessage(grant)}})
		if _, granted := p.gate.Rights("ci", "d").Granted(abi.CapKV); granted != want {
			t.Errorf("after %s: granted %t", grant, granted)
		}
	}
}

// Another plugin of the same id begins with figures of its own, on every replica.
func TestARemovedPluginLeavesNoMetrics(t *testing.T) {
	p := newSet(t)
	if err := p.metrics.Guest("ci", []telemetry.GuestSample{{Name: "builds", Kind: telemetry.Gauge, Value: 1}}); err != nil {
		t.Fatal(err)
	}
	served := func() bool {
		w := httptest.NewRecorder()
		p.metrics.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
		return strings.Contains(w.Body.String(), "callboard_plugin_ci__builds")
	}
	p.Forget("ci", "a version")
	if !served() {
		t.Error("a version went, and the plugin's metrics with it")
	}
	p.Forget("ci", "")
	if served() {
		t.Error("the plugin is gone, and its metrics are served")
	}
}
