package ui_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/callboard/callboard/ui"
)

func TestFSIsRootedAtDist(t *testing.T) {
	if _, err := fs.Stat(ui.FS(), ".gitkeep"); err != nil {
		t.Fatalf("the placeholder that keeps dist in the repository is missing: %v", err)
	}
}

func TestBuiltIndexHasNonceInEveryScript(t *testing.T) {
	index, err := fs.ReadFile(ui.FS(), "index.html")
	if os.IsNotExist(err) {
		t.Skip("ui is not built")
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range strings.SplitAfter(string(index), ">") {
		if strings.Contains(tag, "<script") && !strings.Contains(tag, `nonce="__CSP_NONCE__"`) {
			t.Errorf("script without the nonce placeholder: %s", tag)
		}
	}
}
