package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// growthResult is a database at one size of the catalog.
type growthResult struct {
	Entities int `json:"entities"`
	*storeResult
}

// grow measures catalogs of several sizes on each store, with 16 clients, so
// that one sees how cost follows size.
func (b *bench) grow(ctx context.Context, sizes, stores string) ([]growthResult, error) {
	var out []growthResult
	for _, text := range strings.Split(sizes, ",") {
		entities, err := strconv.Atoi(text)
		if err != nil || entities < 1000 {
			return nil, fmt.Errorf("-sizes: %q must be a number of entities, 1000 at least", text)
		}
		at := *b
		at.entities, at.files, at.clients = entities, nil, []int{16}
		for _, store := range strings.Split(stores, ",") {
			if store == "postgres" && b.postgres == "" {
				continue
			}
			one, err := at.measureStore(ctx, store)
			if err != nil {
				return nil, fmt.Errorf("measuring %d entities on %s: %w", entities, store, err)
			}
			out = append(out, growthResult{entities, one})
		}
	}
	return out, nil
}

// kib is bytes an entity.
func (g growthResult) kib(bytes int64) string {
	return number(float64(bytes)/float64(g.Entities)/1024) + " KiB"
}

func (r *report) growthTable() string {
	var b strings.Builder
	var whole table
	whole.row("entities", "store", "ingest", "ingest, CPU", "second start", "peak of the ingest", "idle", "idle, an entity", "database", "database, an entity")
	for _, g := range r.Growth {
		mib := func(bytes int64) string { return number(float64(bytes)/(1<<20)) + " MiB" }
		whole.row(thousands(float64(g.Entities)), g.Store, number(g.Ingest.Seconds)+" s", number(g.Ingest.CPU)+" s", number(g.Ready.Seconds)+" s",
			mib(g.Ingest.Peak), mib(g.Idle.Resident), g.kib(g.Idle.Resident), mib(g.Database), g.kib(g.Database))
	}
	b.WriteString(whole.String())
	b.WriteString("\nFrom the request that tells of a change until by-name answers with it:\n\n" + r.changesTable())
	b.WriteString("\n16 clients, requests a second and p99:\n\n")
	var load table
	load.row("entities", "store")
	for _, c := range r.Growth[0].Cases {
		load.add(c.Name)
	}
	var others float64
	for _, g := range r.Growth {
		load.row(thousands(float64(g.Entities)), g.Store)
		for _, c := range g.Cases {
			load.add(fmt.Sprintf("%s, %s ms", thousands(c.Rate), number(c.P99)))
			others = max(others, c.Others)
		}
	}
	b.WriteString(load.String())
	fmt.Fprintf(&b, "\nOther processes took at most %.0f %% of the machine (median of a case's runs).%s\n", 100*others, warning(others))
	return b.String()
}
