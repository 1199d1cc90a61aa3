package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin/install"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/manifest"
)

func TestLimitsAreAskedReplacedAndCapped(t *testing.T) {
	asked := manifest.Runtime{
		Memory: 32 << 20, Instances: 8, Isolation: "per-call",
		Deadlines: map[string]manifest.Duration{"http.handle/1": manifest.Duration(20 * time.Second)},
	}
	var entry, limit config.Limits
	entry.Instances = 3
	limit.Memory, limit.Handles = 16<<20, 10
	limit.Deadline.Request = config.Duration(8 * time.Second)
	l := limits(asked, entry, limit)
	if l.MemoryBytes != 16<<20 || l.Instances != 3 || l.Handles != 10 || l.MaxCalls != 1 || l.HostCalls != 1000 {
		t.Errorf("%+v", l)
	}
	if l.For(abi.OpHTTPHandle) != 8*time.Second || l.For(abi.OpEntityProcess) != time.Second {
		t.Errorf("deadlines %v", l.Deadline)
	}
}

func bundleOf(t *testing.T, id string, core bool, kinds string) *bundle {
	t.Helper()
	m, err := manifest.Parse(id+".yaml", []byte("apiVersion: callboard.dev/v1\nid: "+id+"\nversion: 1.0.0\ntitle: T\n"+kinds))
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{ID: id, Origin: install.FromStore, Manifest: m}
	if core {
		b.Origin = install.FromBinary
	}
	return b
}

func TestOnePluginsModelStopsNobodyElse(t *testing.T) {
	const component = "model: {kinds: [{kind: Component, apiVersions: [backstage.io/v1alpha1], schema: {type: object}}]}\n"
	const robot = "model: {kinds: [{kind: Robot, apiVersions: [example.org/v1], schema: {type: object}}]}\n"
	thief := bundleOf(t, "acme", false, component)
	core, good := bundleOf(t, "catalog", true, component), bundleOf(t, "robots", false, robot)
	compiled, problems, err := compileModel([]*bundle{thief, core, good})
	if err != nil || compiled == nil {
		t.Fatal(err)
	}
	if len(problems) != 1 {
		t.Errorf("problems %v, want the thief's only", problems)
	}
	if err := problems["acme"]; !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "acme") {
		t.Errorf("who declares a kind again gets %v", err)
	}
}

func TestKeysWithoutEffectAreNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app-config.yaml")
	if err := os.WriteFile(file, []byte("backend: {trustedProxies: [10.0.0.0/8]}\nintegrations: {azure: [{host: dev.azure.com}], bitbucketCloud: [{token: x}]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(t.Context(), config.Options{Files: []string{file}, Environ: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(unused(c), " "); got != "backend.trustedProxies integrations.bitbucketCloud integrations.azure" {
		t.Errorf("named %q", got)
	}
}
