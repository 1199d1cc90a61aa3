package main

// reference are Backstage's figures: 1.55, PostgreSQL 15 with stock settings,
// Node 24, sign-in and permissions off, refresh stopped, same machine class,
// wrk beside it, 10,000 entities of the same shape. They were measured once
// and are not measured by this program.
type reference struct {
	rate1, rate16 float64 // requests a second
	p99           float64 // at 16 clients, ms
	cpu           float64 // ms a request
	rateGoal      float64 // what Callboard must reach at 16 clients; 0 = not set
	p99Goal       float64 // ms
}

func references() map[string]reference {
	return map[string]reference{
		"by-name":       {rate1: 1359, rate16: 2654, p99: 9.9, cpu: 0.45, rateGoal: 15_000, p99Goal: 5},
		"list":          {rate1: 174, rate16: 302, p99: 80, cpu: 6.4},
		"list-ordered":  {rate1: 85, rate16: 141, p99: 180, cpu: 14.2, rateGoal: 6000, p99Goal: 10},
		"owner-ordered": {rate1: 361, rate16: 469, p99: 54, cpu: 3.8},
		"fulltext":      {rate1: 148, rate16: 146, p99: 180, cpu: 13.6, rateGoal: 4000},
		"facets":        {rate1: 476, rate16: 996, p99: 39, cpu: 1.9, rateGoal: 10_000},
		"by-refs-100":   {rate1: 492, rate16: 697, p99: 38, cpu: 2.1, rateGoal: 2000},
	}
}

// whole is one figure of the whole server.
type whole struct {
	name      string
	backstage string
	goal      float64 // at most; 0 = none
	unit      string
	of        func(*storeResult) float64
}

func wholes() []whole {
	mib := func(bytes int64) float64 { return float64(bytes) / (1 << 20) }
	return []whole{
		{"first start, nothing there: until every entity is visible", "–", 0, "s", func(r *storeResult) float64 { return r.Cold.Seconds }},
		{"ingest: plugins compiled, database empty, start until every entity is visible", "69.5", 5, "s", func(r *storeResult) float64 { return r.Ingest.Seconds }},
		{"ingest, CPU time of the server", "–", 0, "s", func(r *storeResult) float64 { return r.Ingest.CPU }},
		{"second start until ready with every entity", "2.0", 0.5, "s", func(r *storeResult) float64 { return r.Ready.Seconds }},
		{"second start, CPU time of the server", "–", 0, "s", func(r *storeResult) float64 { return r.Ready.CPU }},
		{"resident memory, peak of the ingest", "790", 0, "MiB", func(r *storeResult) float64 { return mib(r.Ingest.Peak) }},
		{"resident memory, idle after a second start", "354", 250, "MiB", func(r *storeResult) float64 { return mib(r.Idle.Resident) }},
		{"resident memory after the load", "700", 350, "MiB", func(r *storeResult) float64 { return mib(r.Loaded.Resident) }},
		{"resident memory, peak of the load", "–", 350, "MiB", func(r *storeResult) float64 { return mib(r.Loaded.Peak) }},
		{"an address is registered, until it is visible", "–", 1000, "ms", func(r *storeResult) float64 { return r.Changes.Registered }},
		{"one of 500 entities of a file changed and is refreshed, until it is visible", "–", 1000, "ms", func(r *storeResult) float64 { return r.Changes.File }},
		{"database", "399", 57, "MiB", func(r *storeResult) float64 { return mib(r.Database) }},
	}
}

// ratioGoal is what a plugin route must reach of the native handler's rate.
const ratioGoal = 0.60
