package sdktest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/sdktest"
	"github.com/callboard/callboard/sdk/sdktest/hosttest"
)

// TestFakeKeepsTheHostsPromises runs the fake through the suite that the real
// host passes.
func TestFakeKeepsTheHostsPromises(t *testing.T) {
	hosttest.Run(t, func(t *testing.T, s hosttest.Setup) hosttest.Host {
		options := []sdktest.Option{
			sdktest.Now(s.Now), sdktest.ConfigJSON(s.Config), sdktest.Grant(s.Grants...),
			sdktest.As(sdk.Principal{Kind: "user", Ref: s.Subject, Ownership: []string{s.Subject}, Mode: "viewer"}),
		}
		for _, e := range s.Entities {
			options = append(options, sdktest.Entity(e))
		}
		if s.Scopes != nil {
			options = append(options, sdktest.Manifest(manifestOf(t, s)))
		}
		for host, site := range s.Sites {
			options = append(options, sdktest.Site(host, site))
		}
		for name, value := range s.Secrets {
			options = append(options, sdktest.Secret(name, value))
		}
		if s.Sources != nil {
			options = append(options, sdktest.SourceFiles(s.Sources), sdktest.SourceAPI("https://github.com", s.SourceAPI))
		}
		fake, err := sdktest.NewFake(options...)
		if err != nil {
			t.Fatal(err)
		}
		return fake
	})
}

// manifestOf writes a manifest that declares what a case needs.
func manifestOf(t *testing.T, s hosttest.Setup) string {
	t.Helper()
	text := "apiVersion: callboard.dev/v1\nid: test\nversion: 1.0.0\ntitle: Test\ncapabilities:\n"
	for _, name := range s.Grants {
		scope := s.Scopes[name]
		if scope == "" {
			scope = "{}"
		}
		text += "  " + name + ": {reason: a test, scope: " + scope + "}\n"
	}
	file := filepath.Join(t.TempDir(), "plugin.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
