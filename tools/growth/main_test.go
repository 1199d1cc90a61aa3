package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestThePictureHasALineForEachStore(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "report.json"), filepath.Join(dir, "growth.svg")
	text := `{"growth":[
		{"entities":1000,"store":"sqlite","ingest":{"seconds":0.4},"ready":{"seconds":0.2},"idle":{"resident":90000000},"databaseBytes":3000000,"cases":[{"name":"facets","rate":20000}]},
		{"entities":10000,"store":"sqlite","ingest":{"seconds":1.5},"ready":{"seconds":0.4},"idle":{"resident":170000000},"databaseBytes":24000000,"cases":[{"name":"facets","rate":18000}]},
		{"entities":1000,"store":"postgres","ingest":{"seconds":0.5},"ready":{"seconds":0.2},"idle":{"resident":90000000},"databaseBytes":3000000}
	]}`
	if err := os.WriteFile(from, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(from, to); err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(to) //nolint:gosec // written above
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", "ingest, s", "facets, requests/s", "#1D4ED8", "#D97706"} {
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("the picture lacks %s", want)
		}
	}
	if err := os.WriteFile(from, []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(from, to); err == nil {
		t.Error("a report without growth is drawn")
	}
}

func TestDecades(t *testing.T) {
	for _, c := range [][4]float64{{0.4, 3, 0.1, 10}, {100, 1000, 100, 1000}, {20, 20, 10, 100}} {
		if from, to := decades(c[0], c[1]); from < c[2]*0.999 || from > c[2]*1.001 || to < c[3]*0.999 || to > c[3]*1.001 {
			t.Errorf("%v to %v: %v to %v, want %v to %v", c[0], c[1], from, to, c[2], c[3])
		}
	}
}
