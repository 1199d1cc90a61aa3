package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/sdk/manifest"
)

// greeter is examples/hello as one module, under a version.
func greeter(t *testing.T, version string) string {
	t.Helper()
	wasm, err := apptest.BuildPlugin(filepath.Join(apptest.Root(), "examples"), "./hello")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(apptest.Root(), "examples", "hello", manifest.FileName))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for n, line := range lines {
		if strings.HasPrefix(line, "version:") {
			lines[n] = "version: " + version
		}
	}
	module, err := manifest.WriteSection(wasm, []byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "hello.wasm", module)
}

// An operator with nothing but the command line, against a portal that runs.
func TestOperatingAPlugin(t *testing.T) {
	p := apptest.Start(t, apptest.Options{Files: map[string]string{"app-config.yaml": "app: {title: T}\n"}})
	server := func(args ...string) []string { return append(append([]string{"plugin"}, args...), "--server", p.URL) }
	one, two := greeter(t, "0.1.0"), greeter(t, "0.2.0")
	for _, tc := range []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"a file that is none", server("install", "nowhere.wasm"), 1, []string{"nowhere.wasm"}},
		{"no module", server("install", write(t, "x.wasm", []byte("hello"))), 1, []string{"400", "WebAssembly"}},
		{"look first", server("install", one, "--review"), 0, []string{"install of plugin hello, version 0.1.0", "kv", "(decide)", "Keeps how often"}},
		{"nobody decided", server("install", one), 1, []string{"409", "--grant", "catalog"}},
		{"decided twice", server("install", one, "--grant", "kv", "--deny", "kv"), 2, []string{"both"}},
		{"a scope that is no JSON", server("install", one, "--grant", "kv={"), 2, []string{"JSON"}},
		{"install", server("install", one, "--grant", "kv", "--grant", "catalog"), 0, []string{"hello 0.1.0 is running"}},
		{"a canary", server("upgrade", two, "--canary", "10"), 0, []string{"0.2.0 on trial for 10 percent"}},
		{"promote it", server("promote", "hello"), 0, []string{"hello 0.2.0 is running"}},
		{"promote nothing", server("promote", "hello"), 1, []string{"409", "no version on trial"}},
		{"back", server("rollback", "hello", "--reason", "a test"), 0, []string{"hello 0.1.0 is running"}},
		{"narrow", server("grant", "hello", `kv={"quota":"1KiB"}`), 0, []string{"hello"}},
		{"grant nothing", server("grant", "hello"), 2, []string{"name a capability"}},
		{"limits", server("limits", "hello", "--file", write(t, "l.json", []byte(`{"memory":"32MiB"}`))), 0, []string{"hello"}},
		{"look at limits", server("limits", "hello"), 0, []string{`"said": 33554432`}},
		{"bad limits", server("limits", "hello", "--file", write(t, "l.json", []byte(`{"memry":1}`))), 1, []string{"400", "limits.memory"}},
		{"config", server("config", "hello", "--file", write(t, "c.json", []byte(`{"greeting":"Moin"}`))), 0, []string{"hello"}},
		{"look at config", server("config", "hello"), 0, []string{`"greeting": "Moin"`}},
		{"off", server("disable", "hello", "--reason", "too loud"), 0, []string{"disabled: too loud"}},
		{"on", server("enable", "hello"), 0, []string{"hello 0.1.0 is"}},
		{"usage", server("usage", "hello", "--window", "1m"), 0, []string{"calls", "BUDGET"}},
		{"remove", server("remove", "hello"), 0, []string{"kept until"}},
		{"remove it all", server("remove", "hello", "--purge"), 0, []string{"with its data"}},
		{"history", server("history", "hello"), 0, []string{"activate", "promote", "rollback", "too loud", "purge", "user:development/guest"}},
		{"another format", server("history", "hello", "--output", "yaml"), 2, []string{"--output"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := command(t, tc.args...)
			if err != nil {
				out += "\n" + err.Error()
			}
			if exit(err) != tc.code {
				t.Fatalf("exit code %d, want %d: %s", exit(err), tc.code, out)
			}
			for _, w := range tc.says {
				if !strings.Contains(out, w) {
					t.Errorf("%q is not in\n%s", w, out)
				}
			}
		})
	}
	out, err := command(t, server("history", "hello", "--output", "json")...)
	var lines []map[string]any
	if err != nil || json.Unmarshal([]byte(out), &lines) != nil || len(lines) == 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// Every command of the life cycle shows an example of itself.
func TestLifeCycleCommandsHaveExamples(t *testing.T) {
	for _, name := range []string{"install", "activate", "promote", "withdraw", "rollback", "disable", "enable", "remove", "grant", "limits", "config", "history", "usage"} {
		out, err := command(t, "plugin", name, "--help")
		if err != nil || !strings.Contains(out, "callboard plugin "+name) || !strings.Contains(out, "--server") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
