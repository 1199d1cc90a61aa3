package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runConfig runs "config args…" and returns its output and exit code.
func runConfig(t *testing.T, args ...string) (stdout string, code int, err error) {
	t.Helper()
	command := newConfigCommand()
	var out bytes.Buffer
	command.SetOut(&out)
	command.SetErr(&out)
	command.SilenceErrors, command.SilenceUsage = true, true
	command.SetArgs(args)
	err = command.ExecuteContext(t.Context())
	var exit interface{ ExitCode() int }
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		t.Fatalf("config %v: %v", args, err)
	}
	return out.String(), code, err
}

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "app-config.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const (
	goodConfig = "app:\n  title: Board\nbackend:\n  database:\n    client: pg\n    connection: postgres://u:s3cr3t-canary@db/x\n"
	badConfig  = "plugins:\n  entires: {}\ntelemetry:\n  logLevel: loud\n"
)

func TestConfigCommand(t *testing.T) {
	tests := []struct {
		name string
		text string
		args []string
		code int
		want []string
	}{
		{"check of a good file", goodConfig, []string{"check"}, 0, []string{"0 problems, 0 notes"}},
		{"check of a bad file names everything", badConfig, []string{"check"}, 1, []string{
			`app-config.yaml:2: unknown key "plugins.entires" (did you mean "plugins.entries"?)`,
			`app-config.yaml:4: telemetry.logLevel must be one of debug, info, warn, error, got "loud"`,
			"2 problems, 0 notes",
		}},
		{"check refuses an open door", "backend:\n  listen: 0.0.0.0:7007\n", []string{"check"}, 1, []string{"app-config.yaml:2: other machines can reach 0.0.0.0:7007"}},
		{"print hides secrets", goodConfig, []string{"print"}, 0, []string{"title: Board", "postgres://u:[redacted]@db/x"}},
		{"print says where from", goodConfig, []string{"print", "--origins"}, 0, []string{"app-config.yaml:2"}},
		{"print of a bad file still prints", badConfig, []string{"print"}, 1, []string{"entires"}},
		{"print refuses a format", goodConfig, []string{"print", "--output", "xml"}, 2, nil},
		{"check refuses an argument", goodConfig, []string{"check", "file.yaml"}, 2, nil},
		{"check refuses a flag", goodConfig, []string{"check", "--fix"}, 2, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := writeConfig(t, tt.text)
			out, code, err := runConfig(t, append(tt.args, "--config", file)...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d (%v)", code, tt.code, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(out, want) {
					t.Errorf("output lacks %q:\n%s", want, out)
				}
			}
			if strings.Contains(out, "s3cr3t-canary") {
				t.Errorf("output shows a secret:\n%s", out)
			}
		})
	}
}

func TestConfigUnknownCommand(t *testing.T) {
	if _, code, _ := runConfig(t, "chek"); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
}

func TestConfigCheckJSON(t *testing.T) {
	out, code, _ := runConfig(t, "check", "--output", "json", "--config", writeConfig(t, badConfig))
	var got struct {
		OK       bool
		Problems []struct {
			Line    int
			Path    string
			Message string
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("decoding output: %v\n%s", err, out)
	}
	if code != 1 || got.OK || len(got.Problems) != 2 || got.Problems[0].Line != 2 || got.Problems[1].Path != "telemetry.logLevel" {
		t.Errorf("exit code %d, got %+v", code, got)
	}
}

func TestConfigSchemaIsJSON(t *testing.T) {
	out, code, _ := runConfig(t, "schema")
	if code != 0 || !json.Valid([]byte(out)) {
		t.Errorf("exit code %d, output is not JSON:\n%.200s", code, out)
	}
}

func TestConfigHelpHasExamples(t *testing.T) {
	for _, name := range []string{"check", "print", "schema"} {
		if out, _, _ := runConfig(t, name, "--help"); !strings.Contains(out, "Examples:") || !strings.Contains(out, "callboard config "+name) {
			t.Errorf("config %s --help shows no example:\n%s", name, out)
		}
	}
}
