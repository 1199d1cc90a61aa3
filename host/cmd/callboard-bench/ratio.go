package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/callboard/callboard/host/internal/loadtest"
)

// ratioResult compares one handler as a plugin route with the same in Go.
type ratioResult struct {
	Name   string     `json:"name"`
	Plugin caseResult `json:"plugin"`
	Native caseResult `json:"native"`
	// Ratio is the rate of the plugin route by that of the native handler.
	Ratio float64 `json:"ratio"`
	// Added is the CPU time that the sandbox adds to a request, in milliseconds.
	Added float64 `json:"addedCpuMs"`
}

// measureRatio runs the twin server and loads both sides in turn.
func (b *bench) measureRatio(ctx context.Context) (_ []ratioResult, err error) {
	addr, err := loadtest.FreePort(ctx)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	cache := filepath.Join(b.dir, "twin-cache")
	if err := os.Mkdir(cache, 0o700); err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	s, err := startServer(ctx, b.dir, addr, nil, self, "-twin", addr, "-guest", b.guest, "-catalog-module", b.catalogModule, "-cache", cache)
	if err != nil {
		return nil, err
	}
	defer func() { err = firstOf(err, s.stop()) }()
	if _, err := s.wait(ctx, "the twin server answers", s.answers); err != nil {
		return nil, err
	}
	pairs := []struct {
		name   string
		plugin string // id
		paths  []string
	}{
		{"hello: a small struct as JSON", string(guestID), each(spread(twinNames(), variety), func(n string) string { return "/hello/" + n })},
		{"entity by name, through a handle", string(catalogID), each(spread(twinNames(), variety), func(n string) string { return "/entities/by-name/component/default/" + n })},
		{"20 of 7,000 entities, ordered", string(catalogID), []string{"/entities/by-query?limit=20&filter=kind=component&orderField=metadata.name,asc"}},
	}
	var cases []testCase
	for _, p := range pairs {
		var answers [2][]byte
		for i, id := range []string{p.plugin, string(nativeID)} {
			var requests []loadtest.Request
			for _, path := range p.paths {
				requests = append(requests, loadtest.NewRequest("GET", addr, "/api/"+id+path, "", ""))
			}
			if _, answers[i], err = s.get(ctx, "/api/"+id+p.paths[0]); err != nil {
				return nil, err
			}
			cases = append(cases, testCase{name: id, request: p.name, requests: requests, check: notEmpty})
		}
		if !sameAnswer(answers[0], answers[1]) {
			return nil, fmt.Errorf("%s: the plugin answers %s, the native handler %s", p.name, shorten(answers[0]), shorten(answers[1]))
		}
	}
	measured := b.plan
	measured.clients = []int{16}
	results, err := measured.measure(ctx, s, cases, b.say)
	if err != nil {
		return nil, err
	}
	var out []ratioResult
	for i, p := range pairs {
		r := ratioResult{Name: p.name, Plugin: results[2*i], Native: results[2*i+1]}
		r.Ratio = r.Plugin.Rate / r.Native.Rate
		r.Added = r.Plugin.CPU - r.Native.CPU
		out = append(out, r)
	}
	return out, nil
}

func twinNames() []string {
	out := make([]string, twinCount)
	for i := range out {
		out[i] = twinName(i)
	}
	return out
}

func notEmpty(body []byte) error {
	if len(body) < 20 {
		return fmt.Errorf("the answer is %q", body)
	}
	return nil
}

// sameAnswer compares up to the cursor of a page, which is sealed anew each time.
func sameAnswer(a, b []byte) bool {
	mark := []byte(`"nextCursor":`)
	a, _, _ = bytes.Cut(a, mark)
	b, _, _ = bytes.Cut(b, mark)
	return bytes.Equal(a, b)
}
