package loadtest_test

import (
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/loadtest"
)

func TestReplaceSections(t *testing.T) {
	page := "before\n<!-- bench:ratio -->\nold\n<!-- /bench:ratio -->\nbetween\n<!-- bench:profile -->\nkept\n<!-- /bench:profile -->\nafter\n"
	got, err := loadtest.ReplaceSections(page, map[string]string{"ratio": "new\n"})
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Replace(page, "old", "new", 1); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := loadtest.ReplaceSections("nothing", map[string]string{"ratio": "new\n"}); err == nil {
		t.Error("no error from a page without the section")
	}
}
