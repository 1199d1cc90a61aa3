package config

import (
	"context"
	"strings"
	"testing"
)

func TestAPluginReadsItsConfigurationWithoutSecrets(t *testing.T) {
	files := memory{"app-config.yaml": "plugins:\n  entries:\n    hello:\n      source: ./hello\n      config:\n        greeting: Hi\n        apiToken: canary-token\n        nested: {password: canary-password}\n"}
	c, err := Load(context.Background(), Options{Files: []string{"app-config.yaml"}, ReadFile: files.read})
	if err != nil {
		t.Fatal(err)
	}
	got := string(c.RedactedPluginConfig("hello"))
	if !strings.Contains(got, `"greeting":"Hi"`) || strings.Contains(got, "canary") {
		t.Errorf("%s", got)
	}
	if c.RedactedPluginConfig("absent") != nil {
		t.Error("a plugin without configuration has some")
	}
}
