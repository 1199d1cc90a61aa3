package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	gotestsum = `<testsuites><testsuite name="p"><testcase classname="p" name="TestA"></testcase>` +
		`<testcase classname="p" name="TestB"><failure message="x">log</failure></testcase>` +
		`<testcase classname="p" name="TestC"><skipped message="no database"></skipped></testcase></testsuite></testsuites>`
	nested    = `<testsuites><testsuite name="a"><testsuite name="b"><testcase name="deep" classname="test"/></testsuite></testsuite></testsuites>`
	withError = `<testsuites><testsuite name="a"><testcase name="broken"><error/></testcase></testsuite></testsuites>`
)

func TestClosingLine(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  string // the last line
		names string // part of the table
		code  int
	}{
		{"a pass", map[string]string{"ui.xml": nested}, "1 passed, 0 failed, 0 skipped", "ui ", 0},
		{"each outcome of JUnit", map[string]string{"go.xml": gotestsum}, "1 passed, 1 failed, 1 skipped", "FAILED   p TestB", 1},
		{"an error is a failure", map[string]string{"ui.xml": withError}, "0 passed, 1 failed, 0 skipped", "FAILED   a broken", 1},
		{
			"suites add up",
			map[string]string{"go.xml": gotestsum, "ui.xml": nested, "rego.opa.json": `[{"package":"data.x","name":"test_a"},{"package":"data.x","name":"test_b","fail":true}]`},
			"3 passed, 2 failed, 1 skipped", "FAILED   data.x.test_b", 1,
		},
		{
			"an error and a skip of OPA",
			map[string]string{"rego.opa.json": `[{"name":"a","error":{"code":"x"}},{"name":"b","skip":true}]`},
			"0 passed, 1 failed, 1 skipped", "FAILED   .a", 1,
		},
		{"checks", map[string]string{"checks.tsv": "pass\tui\ttypes\nskip\te2e\tno Chromium\nfail\tgo\tbuild\n"}, "1 passed, 1 failed, 1 skipped", "skipped  no Chromium", 1},
		{"a status without a failed test", map[string]string{"ui.xml": nested, "checks.tsv": "exit\tui\tended with 137\n"}, "1 passed, 1 failed, 0 skipped", "ended with 137", 1},
		{"a status that a failed test explains", map[string]string{"go.xml": gotestsum, "checks.tsv": "exit\tgo\tended with 1\n"}, "1 passed, 1 failed, 1 skipped", "", 1},
		{"a report cut off", map[string]string{"go.xml": gotestsum[:150]}, "1 passed, 1 failed, 0 skipped", "go.xml cannot be read", 1},
		{"a report without tests", map[string]string{"go.xml": "<testsuites/>"}, "0 passed, 1 failed, 0 skipped", "no test was run", 1},
		{"OPA without tests", map[string]string{"rego.opa.json": "[]"}, "0 passed, 1 failed, 0 skipped", "no test was run", 1},
		{"only skips are no success", map[string]string{"checks.tsv": "skip\te2e\tno Chromium\n"}, "0 passed, 0 failed, 1 skipped", "", 1},
		{"other files are not reports", map[string]string{"ui.xml": nested, "server.log": "x"}, "1 passed, 0 failed, 0 skipped", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			for name, text := range tt.files {
				if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out bytes.Buffer
			code, err := run(&out, folder)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if got := lines[len(lines)-1]; got != tt.want {
				t.Errorf("closing line: %q, want %q", got, tt.want)
			}
			if !strings.Contains(out.String(), tt.names) {
				t.Errorf("table does not say %q:\n%s", tt.names, out.String())
			}
			if code != tt.code {
				t.Errorf("exit code: %d, want %d", code, tt.code)
			}
		})
	}
}

func TestSeveralFolders(t *testing.T) {
	test, lint := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(test, "checks.tsv"), []byte("pass\tgo\tx\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(lint, "checks.tsv"), []byte("fail\tlint\tformat\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	code, err := run(&out, test, lint)
	if err != nil || code != 1 || !strings.HasSuffix(out.String(), "\n1 passed, 1 failed, 0 skipped\n") {
		t.Errorf("code %d, error %v, output %q", code, err, out.String())
	}
}

func TestWrongChecksAreRefused(t *testing.T) {
	for _, line := range []string{"maybe\tgo\tx\n", "pass\tgo\n"} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "checks.tsv"), []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := run(&bytes.Buffer{}, folder); err == nil {
			t.Errorf("%q: no error", line)
		}
	}
}
