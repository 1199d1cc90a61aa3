package policies_test

import (
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/policies"
)

func TestBundleHoldsEveryModuleAndNoTests(t *testing.T) {
	got, err := fs.Glob(policies.FS(), "*")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"authz.rego", "data.json"}; !slices.Equal(got, want) {
		t.Errorf("bundle holds %q, want %q", got, want)
	}
	module, err := policies.FS().ReadFile("authz.rego")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(module), "\npackage callboard.authz\n") {
		t.Error("authz.rego is not package callboard.authz, where the entrypoint has to be")
	}
}

// A host that forgets to say where it runs must not let guests in.
func TestBundleIsForProductionUnlessTheHostSaysOtherwise(t *testing.T) {
	text, err := policies.FS().ReadFile("data.json")
	if err != nil {
		t.Fatal(err)
	}
	var data struct {
		Callboard struct{ Installation struct{ Environment string } }
	}
	if err := json.Unmarshal(text, &data); err != nil {
		t.Fatal(err)
	}
	if got := data.Callboard.Installation.Environment; got != "production" {
		t.Errorf("environment is %q, want production", got)
	}
}
