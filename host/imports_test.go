// Package host_test holds the direction of imports, the homes of heavy packages and the one door
// to the network. The tables below are DESIGN's; a change of them is a change of the design.
package host_test

import (
	"slices"
	"testing"
)

const module = "github.com/callboard/callboard/"

// layers are the parts in the order in which a request passes them. A package imports packages
// of layers below its own, and of its own folder; the name is the folder below host/ or its start.
var layers = []layer{
	{"cmd", []string{"cmd", "pluginbench"}},
	{"app", []string{"internal/app"}},
	{"web", []string{"internal/web"}},
	{"call", []string{"internal/authn", "internal/policy", "internal/plugin"}},
	{"door", []string{"internal/capability"}},
	{"services", []string{
		"internal/catalog", "internal/search", "internal/docs", "internal/scaffold", "internal/render",
		"internal/job", "internal/event", "internal/blob", "internal/source", "internal/webhook", "internal/audit",
	}},
	{"data", []string{"internal/condition", "internal/store"}},
	{"leaves", []string{"internal/fault", "internal/principal", "internal/telemetry", "internal/egress", "internal/config"}},
}

// beside are imports inside one layer, from one folder to another, each with its reason. Leaves
// may import each other without being named.
var beside = []exception{
	{"internal/catalog", "internal/source", "locations are read through source"},
	{"internal/docs", "internal/source", "sites are read through source"},
	{"internal/docs", "internal/blob", "built sites are kept in blobs"},
	{"internal/docs", "internal/render", "pages are rendered as all markdown is"},
	{"internal/scaffold", "internal/source", "skeletons are read through source"},
	{"internal/scaffold", "internal/render", "templates are rendered as all text is"},
	{"internal/webhook", "internal/source", "a delivery says what was pushed, in its words"},
	{"internal/store", "internal/condition", "a filter of policy becomes SQL"},
}

// closed are folders that only some may import, though a layer is above them.
var closed = []door{
	{"internal/app", []string{"cmd"}, "the command line is the only one who starts the portal"},
	{"internal/web", []string{"internal/app", "cmd/callboard/doctor.go"}, "app is the only wiring; the doctor reads web's Readiness"},
	{"internal/plugin/wasm", []string{"internal/app", "pluginbench"}, "everybody else calls a runtime through the interfaces of plugin"},
	{"internal/plugin/extism", []string{"internal/app", "pluginbench"}, "as plugin/wasm"},
	{"internal/plugin/sandbox", []string{"internal/plugin/wasm", "internal/plugin/extism"}, "it is the inside of a runtime"},
	{"internal/store/sqlite", []string{"internal/app"}, "everybody else uses the interfaces of store"},
	{"internal/store/postgres", []string{"internal/app"}, "everybody else uses the interfaces of store"},
	{"internal/blob/local", []string{"internal/app"}, "everybody else uses blob.Store"},
	{"internal/blob/s3", []string{"internal/app"}, "everybody else uses blob.Store"},
	{"internal/source/github", []string{"internal/app"}, "everybody else uses source.Reader"},
	{"internal/source/gitlab", []string{"internal/app"}, "as source/github"},
	{"internal/source/gitea", []string{"internal/app"}, "as source/github"},
	{"internal/source/s3", []string{"internal/app"}, "as source/github"},
}

// homes are the only folders that import a heavy package, or another module of this repository.
// The prefix ends where an import path may go on.
var homes = []home{
	{"modernc.org/", []string{"internal/store/sqlite"}},
	{"github.com/jackc/pgx/", []string{"internal/store/postgres", "internal/testpg"}},
	{"github.com/pressly/goose/", []string{"internal/store"}},
	// job works with River; its drivers stand where the connections that they take are.
	{"github.com/riverqueue/river", []string{"internal/job", "internal/store/sqlite", "internal/store/postgres"}},
	{"github.com/robfig/cron", []string{"internal/job"}},
	{"github.com/gofiber/", []string{"internal/web"}},
	{"github.com/valyala/fasthttp", []string{"internal/web"}},
	// Two runtimes, what they share, and the pass that all modules go through.
	{"github.com/tetratelabs/wazero", []string{"internal/plugin/wasm", "internal/plugin/extism", "internal/plugin/sandbox", "internal/plugin/meter", "pluginbench"}},
	{"github.com/extism/go-sdk", []string{"internal/plugin/extism", "pluginbench"}},
	{"github.com/extism/go-pdk", []string{"internal/plugin/plugintest/guests/extism-go", "pluginbench"}}, // guests, in modules of their own
	{"github.com/aws/", []string{"internal/blob/s3", "internal/source/s3"}},
	{"github.com/golang-jwt/", []string{"internal/source/github"}},
	{"github.com/open-policy-agent/", []string{"internal/policy"}},
	{"github.com/meilisearch/", []string{"internal/search/meili"}},
	{"github.com/blevesearch/", []string{"internal/search/bleve"}},
	{"github.com/yuin/goldmark", []string{"internal/render"}},
	{"github.com/microcosm-cc/bluemonday", []string{"internal/render"}},
	{"github.com/prometheus/", []string{"internal/telemetry"}},
	{"go.opentelemetry.io/otel/sdk/", []string{"internal/telemetry"}},
	{"go.opentelemetry.io/otel/exporters/", []string{"internal/telemetry"}},
	{"github.com/fsnotify/", []string{"internal/config", "internal/catalog/ingest"}},
	{"github.com/spf13/", []string{"cmd"}},
	{module + "plugins", []string{"internal/app"}},
	{module + "ui", []string{"internal/app"}},
	{module + "policies", []string{"internal/app", "internal/policy"}},
}

// sdkForHost are the parts of the SDK that host and guest share. The rest is the guest's side.
var sdkForHost = []string{"sdk/abi", "sdk/contract", "sdk/entity", "sdk/manifest", "sdk/outbound", "sdk/payload", "sdk/rawjson", "sdk/replay", "sdk/starter"}

// guests are plugins of tests that stand on the SDK, as an author's does. They are built for Wasm
// only, so that nothing of the host can import them.
var guests = []string{"internal/app/lifecycle/guest"}

// sdkMayUse are all dependencies of plugin authors that they did not choose.
var sdkMayUse = []string{"github.com/tinylib/msgp/", "github.com/philhofer/fwd", "go.yaml.in/yaml/"}

// testSupport are folders of tests and measurements. Only tests, and each other, import them.
var testSupport = []string{
	"internal/testpg", "internal/store/storetest", "internal/plugin/plugintest", "internal/app/apptest", "internal/web/api/apitest",
	"internal/catalog/catalogbench", "internal/search/searchtest", "internal/blob/blobtest", "internal/source/sourcetest", "internal/source/giteatest", "internal/egress/egresstest", "internal/loadtest",
	"cmd/callboard-bench", "pluginbench", // measure, and are never shipped
}

// network are the names that open a connection to somewhere. A mention of *http.Client is fine,
// because that is how a library gets the client of egress; making one is not.
var network = map[string][]string{
	"net/http": {"Client", "DefaultClient", "DefaultTransport", "Get", "Head", "Post", "PostForm", "Transport"},
	"net": {
		"DefaultResolver", "Dial", "DialIP", "DialTCP", "DialTimeout", "DialUDP", "DialUnix", "Dialer",
		"LookupAddr", "LookupCNAME", "LookupHost", "LookupIP", "LookupMX", "LookupNS", "LookupSRV", "LookupTXT", "Resolver",
	},
	"crypto/tls":                  {"Client", "Dial", "DialWithDialer", "Dialer"},
	"github.com/valyala/fasthttp": {"Client", "Dial", "DialTimeout", "Do", "DoTimeout", "Get", "HostClient", "LBClient", "PipelineClient", "Post"},
	"github.com/gofiber/fiber/v2": {"AcquireAgent", "AcquireClient", "Delete", "Get", "Head", "Patch", "Post", "Put"},
}

// connects are the files and folders that may use network. PostgreSQL is reached by pgx, which
// homes keeps in store/postgres.
var connects = []exception{
	{"internal/egress", "", "it is the one client of the host; checks addresses when it dials"},
}

func TestImports(t *testing.T) {
	sources := readRepository(t)
	if len(sources) < 100 {
		t.Fatalf("only %d Go files found: the test looks in the wrong place", len(sources))
	}
	for _, complaint := range check(sources) {
		t.Error(complaint)
	}
}

// Each rule has to bite, or the table is decoration.
func TestEachRuleBites(t *testing.T) {
	tests := []struct {
		name  string
		path  string // from the root of the repository
		body  string
		bites bool
	}{
		{"down the layers", "host/internal/web/x.go", imports("host/internal/plugin"), false},
		{"past a layer", "host/internal/capability/x.go", imports("host/internal/store"), false},
		{"up the layers", "host/internal/store/x.go", imports("host/internal/catalog"), true},
		{"up from a leaf", "host/internal/fault/x.go", imports("host/internal/store"), true},
		{"leaves know each other", "host/internal/telemetry/x.go", imports("host/internal/config"), false},
		{"the own folder", "host/internal/catalog/index/x.go", imports("host/internal/catalog"), false},
		{"beside without a reason", "host/internal/render/x.go", imports("host/internal/catalog"), true},
		{"beside with a reason", "host/internal/catalog/ingest/x.go", imports("host/internal/source"), false},
		{"a reason is one way", "host/internal/source/x.go", imports("host/internal/catalog"), true},
		{"app from below", "host/internal/web/x.go", imports("host/internal/app"), true},
		{"web from the command line", "host/cmd/callboard/x.go", imports("host/internal/web"), true},
		{"web from the doctor", "host/cmd/callboard/doctor.go", imports("host/internal/web"), false},
		{"web from app", "host/internal/app/x.go", imports("host/internal/web"), false},
		{"a backend from a service", "host/internal/catalog/x.go", imports("host/internal/store/sqlite"), true},
		{"a folder without a layer", "host/internal/misc/x.go", imports("host/internal/fault"), true},
		{"the tests of a lower layer look up", "host/internal/store/x_test.go", imports("host/internal/catalog"), false},
		{"tests do not boot the portal", "host/internal/catalog/x_test.go", imports("host/internal/app"), true},
		{"tests of app do", "host/internal/app/x_test.go", imports("host/internal/web"), false},
		{"test support in a test", "host/internal/store/sqlite/x_test.go", imports("host/internal/store/storetest"), false},
		{"test support in a program", "host/internal/store/sqlite/x.go", imports("host/internal/store/storetest"), true},

		{"SQLite at home", "host/internal/store/sqlite/x.go", `import _ "modernc.org/sqlite"`, false},
		{"SQLite elsewhere", "host/internal/store/x.go", `import _ "modernc.org/sqlite"`, true},
		{"SQLite in a test elsewhere", "host/internal/app/x_test.go", `import _ "modernc.org/sqlite"`, true},
		{"Fiber elsewhere", "host/internal/app/x.go", `import _ "github.com/gofiber/fiber/v2"`, true},
		{"wazero elsewhere", "host/internal/plugin/x.go", `import _ "github.com/tetratelabs/wazero"`, true},
		{"wazero at its second home", "host/internal/plugin/meter/x.go", `import _ "github.com/tetratelabs/wazero/api"`, false},
		{"Extism elsewhere", "host/internal/plugin/wasm/x.go", `import _ "github.com/extism/go-sdk"`, true},
		{"pgx elsewhere", "host/internal/job/x.go", `import _ "github.com/jackc/pgx/v5"`, true},
		{"OPA elsewhere", "host/internal/capability/x.go", `import _ "github.com/open-policy-agent/opa/v1/rego"`, true},
		{"Meilisearch elsewhere", "host/internal/search/x.go", `import _ "github.com/meilisearch/meilisearch-go"`, true},
		{"core plugins elsewhere", "host/internal/plugin/x.go", imports("plugins"), true},

		{"the shared part of the SDK", "host/internal/plugin/x.go", imports("sdk/abi"), false},
		{"the guest's part of the SDK", "host/internal/plugin/x.go", imports("sdk"), true},
		{"a guest of the tests uses the SDK", "host/internal/app/lifecycle/guest/x.go", imports("sdk"), false},
		{"a guest of the tests uses the host", "host/internal/app/lifecycle/guest/x.go", imports("host/internal/fault"), true},
		{"the SDK uses the host", "sdk/x.go", imports("host/internal/fault"), true},
		{"the SDK uses a plugin", "sdk/x_test.go", imports("plugins/catalog"), true},
		{"the SDK takes a dependency", "sdk/x.go", `import _ "github.com/google/uuid"`, true},
		{"a plugin uses the SDK", "plugins/catalog/x.go", imports("sdk/contract"), false},
		{"a plugin uses the host", "plugins/catalog/x.go", imports("host/internal/fault"), true},
		{"a plugin's test uses the host", "plugins/catalog/x_test.go", imports("host/internal/fault"), true},
		{"an example uses a core plugin", "examples/hello/x.go", imports("plugins/catalog"), true},
		{"the UI uses anything of ours", "ui/x.go", imports("sdk"), true},

		{"a client is made", "host/internal/source/x.go", `import "net/http"; var c = &http.Client{}`, true},
		{"a client is made by new", "host/internal/source/x.go", `import "net/http"; var c = new(http.Client)`, true},
		{"a client by value", "host/internal/source/x.go", `import "net/http"; type t struct{ c http.Client }`, true},
		{"a client is given", "host/internal/source/x.go", `import "net/http"; type t struct{ c *http.Client }`, false},
		{"the default client", "host/internal/source/x.go", `import "net/http"; func f() { http.Get("") }`, true},
		{"the default client as a value", "host/internal/source/x.go", `import "net/http"; var c = http.DefaultClient`, true},
		{"under another name", "host/internal/source/x.go", `import web "net/http"; func f() { web.Post("", "", nil) }`, true},
		{"with a dot", "host/internal/source/x.go", `import . "net/http"; func f() { Get("") }`, true},
		{"a transport", "host/internal/web/x.go", `import "net/http"; var t = http.DefaultTransport`, true},
		{"a dial", "host/internal/telemetry/x.go", `import "net"; func f() { net.Dial("tcp", "") }`, true},
		{"a dialer", "host/internal/telemetry/x.go", `import "net"; var d net.Dialer`, true},
		{"a lookup", "host/internal/web/x.go", `import "net"; func f() { net.LookupHost("") }`, true},
		{"a dial of TLS", "host/internal/telemetry/x.go", `import "crypto/tls"; func f() { tls.Dial("tcp", "", nil) }`, true},
		{"Fiber's client", "host/internal/web/x.go", `import "github.com/gofiber/fiber/v2"; func f() { fiber.AcquireAgent() }`, true},
		{"a listener is no client", "host/internal/web/x.go", `import "net"; func f() { net.Listen("tcp", "") }`, false},
		{"the server side of net/http", "host/internal/web/x.go", `import "net/http"; var h http.Handler`, false},
		{"a method of another thing", "host/internal/web/x.go", `type t struct{}; func (t) Get() {}; func f(http t) { http.Get() }`, false},
		{"egress", "host/internal/egress/x.go", `import "net/http"; var c = &http.Client{}`, false},
		{"the doctor goes through egress too", "host/cmd/callboard/doctor.go", `import "net/http"; var c = &http.Client{}`, true},
		{"a test asks its server", "host/internal/web/x_test.go", `import "net/http"; func f() { http.Get("") }`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			complaints := check([]source{{tt.path, "package x; " + tt.body}})
			if tt.bites != (len(complaints) > 0) {
				t.Errorf("%s: %s\nwant a complaint: %v, got %q", tt.path, tt.body, tt.bites, complaints)
			}
		})
	}
}

// A folder in two layers, or an exception about a folder in none, would make a rule silently weaker.
func TestTablesAreConsistent(t *testing.T) {
	seen := map[string]string{}
	for _, l := range layers {
		for _, folder := range l.folders {
			if other, ok := seen[folder]; ok {
				t.Errorf("%s is in the layers %s and %s", folder, other, l.name)
			}
			seen[folder] = l.name
		}
	}
	for _, e := range slices.Concat(beside, connects) {
		if e.reason == "" {
			t.Errorf("the exception %s → %s has no reason", e.from, e.to)
		}
	}
	for _, e := range beside {
		from, _ := layerOf(e.from)
		to, _ := layerOf(e.to)
		if from == nil || to == nil || from.name != to.name {
			t.Errorf("%s → %s is not inside one layer", e.from, e.to)
		}
	}
}
