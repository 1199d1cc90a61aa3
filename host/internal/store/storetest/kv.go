package storetest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

const noQuota = -1

func put(key, value string) store.KVWrite { return store.KVWrite{Key: key, Value: []byte(value)} }

func set(t testing.TB, s store.Store, writes ...store.KVWrite) []uint64 {
	t.Helper()
	return must[[]uint64](t)(s.KVApply(t.Context(), "p", noQuota, writes))
}

func scanAll(t testing.TB, s store.Store, installation string, q store.KVQuery) []store.KVRow {
	t.Helper()
	rows, _, err := s.KVScan(t.Context(), installation, q)
	if err != nil {
		t.Fatalf("KVScan: %v", err)
	}
	return rows
}

func scan(t testing.TB, s store.Store, prefix, after string, limit int) []string {
	t.Helper()
	var keys []string
	for _, row := range scanAll(t, s, "p", store.KVQuery{Prefix: prefix, After: after, Limit: limit}) {
		keys = append(keys, row.Key)
	}
	return keys
}

func kvCases() []testCase {
	return []testCase{
		{"a value comes back with its revision", func(t *testing.T, s store.Store, _ *Clock) {
			for _, value := range [][]byte{[]byte("v"), {}, {0, 0xff}} {
				rev := set(t, s, store.KVWrite{Key: "k", Value: value})
				row := must[store.KVRow](t)(s.KVGet(t.Context(), "p", "k"))
				if row.Key != "k" || !bytes.Equal(row.Value, value) || row.Value == nil || row.Revision != rev[0] || !row.ExpiresAt.IsZero() {
					t.Errorf("got %+v at %v, want %q", row, rev, value)
				}
			}
			set(t, s, store.KVWrite{Key: "nil"})
			if row := must[store.KVRow](t)(s.KVGet(t.Context(), "p", "nil")); row.Value == nil {
				t.Error("nil is stored as nil, want empty")
			}
		}},
		{"an absent key is not found", func(t *testing.T, s store.Store, _ *Clock) {
			_, err := s.KVGet(t.Context(), "p", "k")
			wantFault(t, err, fault.NotFound)
		}},
		{"installations do not see each other", func(t *testing.T, s store.Store, _ *Clock) {
			set(t, s, put("k", "v"))
			_, err := s.KVGet(t.Context(), "other", "k")
			wantFault(t, err, fault.NotFound)
			if rows := scanAll(t, s, "other", store.KVQuery{Limit: 10}); len(rows) != 0 {
				t.Errorf("scan of another installation = %v", rows)
			}
			if n := must[int64](t)(s.KVUsage(t.Context(), "other")); n != 0 {
				t.Errorf("usage of another installation = %d", n)
			}
			must[[]uint64](t)(s.KVApply(t.Context(), "other", noQuota, []store.KVWrite{{Key: "k", Delete: true}}))
			must[store.KVRow](t)(s.KVGet(t.Context(), "p", "k"))
		}},
		{"compare and set", kvCompare},
		{"a revision never repeats, deletion of everything included", func(t *testing.T, s store.Store, _ *Clock) {
			var last uint64
			for range 3 {
				revs := set(t, s, put("k", "v"), store.KVWrite{Key: "k", Delete: true}, put("k", "w"))
				if revs[0] <= last || revs[1] != 0 || revs[2] <= revs[0] {
					t.Fatalf("revisions %v follow %d", revs, last)
				}
				last = revs[2]
				if rev := set(t, s, store.KVWrite{Key: "k", Delete: true}); rev[0] != 0 {
					t.Fatalf("a deletion returned revision %d", rev[0])
				}
			}
		}},
		{"writes of a batch see the earlier ones", func(t *testing.T, s store.Store, _ *Clock) {
			revs := set(t, s, store.KVWrite{Key: "k", Value: []byte("1"), Compare: true}, put("k", "2"), put("other", "3"))
			if row := must[store.KVRow](t)(s.KVGet(t.Context(), "p", "k")); string(row.Value) != "2" || row.Revision != revs[1] {
				t.Errorf("got %+v, want 2 at %v", row, revs)
			}
			set(t, s, put("k", "4"), store.KVWrite{Key: "k", Delete: true})
			_, err := s.KVGet(t.Context(), "p", "k")
			wantFault(t, err, fault.NotFound)
			_, err = s.KVApply(t.Context(), "p", noQuota, []store.KVWrite{put("new", ""), {Key: "new", Compare: true}})
			wantFault(t, err, fault.Conflict)
		}},
		{"nothing of a refused batch is written", func(t *testing.T, s store.Store, _ *Clock) {
			set(t, s, put("k", "v"))
			before := must[int64](t)(s.KVUsage(t.Context(), "p"))
			_, err := s.KVApply(t.Context(), "p", noQuota, []store.KVWrite{put("a", "1"), {Key: "k", Delete: true}, {Key: "zed", Compare: true, IfRevision: 9}})
			wantFault(t, err, fault.Conflict)
			if !strings.Contains(fault.Message(err), "zed") {
				t.Errorf("the message %q does not name the key", fault.Message(err))
			}
			if got := scan(t, s, "", "", 10); !slices.Equal(got, []string{"k"}) {
				t.Errorf("keys = %q", got)
			}
			if after := must[int64](t)(s.KVUsage(t.Context(), "p")); after != before {
				t.Errorf("usage went from %d to %d", before, after)
			}
		}},
		{"scans are in byte order and by prefix", func(t *testing.T, s store.Store, _ *Clock) {
			keys := []string{"", "\x00", "\x00a", "A", "B", "a", "a/", "a/\xff", "a/\xff\xff", "a0", "b", "é", "\xff", "\xff\xff", "\xff\xffz"}
			for i := len(keys) - 1; i >= 0; i-- {
				set(t, s, put(keys[i], "v"))
			}
			if got := scan(t, s, "", "", 100); !slices.Equal(got, keys) {
				t.Errorf("scan = %q\nwant   %q", got, keys)
			}
			for prefix, want := range map[string][]string{
				"a":        {"a", "a/", "a/\xff", "a/\xff\xff", "a0"},
				"a/":       {"a/", "a/\xff", "a/\xff\xff"},
				"a/\xff":   {"a/\xff", "a/\xff\xff"},
				"\xff\xff": {"\xff\xff", "\xff\xffz"},
				"\x00":     {"\x00", "\x00a"},
				"c":        nil,
			} {
				if got := scan(t, s, prefix, "", 100); !slices.Equal(got, want) {
					t.Errorf("prefix %q: %q, want %q", prefix, got, want)
				}
			}
		}},
		{"scans go on after a key", func(t *testing.T, s store.Store, _ *Clock) {
			var want []string
			for i := range 10 {
				want = append(want, fmt.Sprintf("x/%d", i))
				set(t, s, put(want[i], "v"), put(fmt.Sprintf("y/%d", i), "v"))
			}
			var got []string
			for after := ""; ; after = got[len(got)-1] {
				page := scan(t, s, "x/", after, 3)
				if got = append(got, page...); len(page) < 3 {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("pages = %q, want %q", got, want)
			}
			if got := scan(t, s, "x/", "a", 2); !slices.Equal(got, want[:2]) {
				t.Errorf("after a key before the prefix: %q", got)
			}
			_, _, err := s.KVScan(t.Context(), "p", store.KVQuery{})
			wantFault(t, err, fault.Invalid)
		}},
		{"scans go backwards, leave values out and end with their bytes", kvScanWays},
		{"many keys at once", func(t *testing.T, s store.Store, clock *Clock) {
			set(t, s, put("a", "1"), put("b", "2"), put("\xff", ""), store.KVWrite{Key: "old", Value: []byte("x"), ExpiresAt: clock.Now().Add(1)})
			clock.Turn(time.Second)
			keys := []string{"b", "none", "a", "a", "old", "\xff"}
			for i := range 1200 {
				keys = append(keys, fmt.Sprint("absent ", i))
			}
			got := map[string]string{}
			for _, row := range must[[]store.KVRow](t)(s.KVGetMany(t.Context(), "p", keys, 2)) {
				got[row.Key] = string(row.Value)
				if row.Revision == 0 || row.Value == nil {
					t.Errorf("%+v", row)
				}
			}
			if !maps.Equal(got, map[string]string{"a": "1", "b": "2", "\xff": ""}) {
				t.Errorf("got %q", got)
			}
			if rows := must[[]store.KVRow](t)(s.KVGetMany(t.Context(), "other", keys, 2)); len(rows) != 0 {
				t.Errorf("another installation gets %v", rows)
			}
			if rows := must[[]store.KVRow](t)(s.KVGetMany(t.Context(), "p", nil, 2)); len(rows) != 0 {
				t.Errorf("no keys give %v", rows)
			}
			_, err := s.KVGetMany(t.Context(), "p", []string{"a", "b"}, 1)
			wantFault(t, err, fault.Exhausted)
		}},
		{"usage counts keys and values", func(t *testing.T, s store.Store, _ *Clock) {
			want := func(n int64) {
				t.Helper()
				if got := must[int64](t)(s.KVUsage(t.Context(), "p")); got != n {
					t.Errorf("usage = %d, want %d", got, n)
				}
			}
			want(0)
			set(t, s, put("four", "12345678"), put("k", ""))
			want(13)
			set(t, s, put("four", "1"))
			want(6)
			set(t, s, put("four", "12"), put("four", "123"), store.KVWrite{Key: "k", Delete: true})
			want(7)
			set(t, s, store.KVWrite{Key: "four", Delete: true}, store.KVWrite{Key: "absent", Delete: true})
			want(0)
		}},
		{"the quota holds", kvQuota},
		{"no writes are no fault", func(t *testing.T, s store.Store, _ *Clock) {
			if revs, err := s.KVApply(t.Context(), "p", 0, nil); err != nil || len(revs) != 0 {
				t.Errorf("got %v, %v", revs, err)
			}
		}},
		{"compare and set counts right under concurrency", kvCounter},
		{"the quota holds under concurrency", func(t *testing.T, s store.Store, _ *Clock) {
			const quota, size = 1000, 100
			var wg sync.WaitGroup
			for i := range 30 {
				wg.Go(func() {
					key := fmt.Sprintf("%02d", i)
					_, err := s.KVApply(t.Context(), "p", quota, []store.KVWrite{put(key, strings.Repeat("x", size-len(key)))})
					if err != nil && !fault.Is(err, fault.Exhausted) {
						t.Errorf("write: %v", err)
					}
				})
			}
			wg.Wait()
			if got := must[int64](t)(s.KVUsage(t.Context(), "p")); got != quota || len(scan(t, s, "", "", 100)) != quota/size {
				t.Errorf("usage = %d, want %d", got, quota)
			}
		}},
	}
}

func kvScanWays(t *testing.T, s store.Store, _ *Clock) {
	for i := range 6 {
		set(t, s, put(fmt.Sprint("k/", i), strings.Repeat("x", 100)), put(fmt.Sprint("z", i), ""))
	}
	page := func(q store.KVQuery) (keys string, bytes int, more bool) {
		t.Helper()
		rows, more, err := s.KVScan(t.Context(), "p", q)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			keys += row.Key
			bytes += len(row.Value)
			if row.Revision == 0 {
				t.Errorf("%q has no revision", row.Key)
			}
		}
		return keys, bytes, more
	}
	for _, tt := range []struct {
		name string
		q    store.KVQuery
		keys string
		size int
		more bool
	}{
		{"backwards", store.KVQuery{Prefix: "k/", Limit: 2, Reverse: true}, "k/5k/4", 200, true},
		{"backwards after a key", store.KVQuery{Prefix: "k/", Limit: 9, Reverse: true, After: "k/2"}, "k/1k/0", 200, false},
		{"backwards after a key beyond the prefix", store.KVQuery{Prefix: "k/", Limit: 1, Reverse: true, After: "z"}, "k/5", 100, true},
		{"without values", store.KVQuery{Prefix: "k/", Limit: 3, KeysOnly: true}, "k/0k/1k/2", 0, true},
		{"exactly all", store.KVQuery{Prefix: "k/", Limit: 6, KeysOnly: true}, "k/0k/1k/2k/3k/4k/5", 0, false},
		{"until the bytes are passed", store.KVQuery{Prefix: "k/", Limit: 6, MaxBytes: 150}, "k/0k/1", 200, true},
		{"one at least", store.KVQuery{Prefix: "k/", Limit: 6, MaxBytes: 1}, "k/0", 100, true},
		{"bytes that are enough", store.KVQuery{Prefix: "k/", Limit: 6, MaxBytes: 600}, "k/0k/1k/2k/3k/4k/5", 600, false},
	} {
		if keys, size, more := page(tt.q); keys != tt.keys || size != tt.size || more != tt.more {
			t.Errorf("%s: %s with %d bytes, more: %v; want %s with %d, %v", tt.name, keys, size, more, tt.keys, tt.size, tt.more)
		}
	}
}

func kvCompare(t *testing.T, s store.Store, _ *Clock) {
	cas := func(rev uint64, del bool) error {
		_, err := s.KVApply(t.Context(), "p", noQuota, []store.KVWrite{{Key: "k", Value: []byte("v"), Delete: del, Compare: true, IfRevision: rev}})
		return err
	}
	revision := func() uint64 { return must[store.KVRow](t)(s.KVGet(t.Context(), "p", "k")).Revision }
	wantFault(t, cas(1, false), fault.Conflict)
	wantFault(t, cas(1, true), fault.Conflict)
	if err := cas(0, false); err != nil {
		t.Fatalf("creating: %v", err)
	}
	wantFault(t, cas(0, false), fault.Conflict)
	first := revision()
	if err := cas(first, false); err != nil {
		t.Fatalf("replacing: %v", err)
	}
	wantFault(t, cas(first, false), fault.Conflict)
	wantFault(t, cas(first, true), fault.Conflict)
	if err := cas(revision(), true); err != nil {
		t.Fatalf("deleting: %v", err)
	}
	if err := cas(0, true); err != nil {
		t.Errorf("deleting what is known to be absent: %v", err)
	}
	if err := cas(0, false); err != nil {
		t.Errorf("creating again: %v", err)
	}
}

func kvQuota(t *testing.T, s store.Store, _ *Clock) {
	write := func(quota int64, writes ...store.KVWrite) error {
		_, err := s.KVApply(t.Context(), "p", quota, writes)
		return err
	}
	if err := write(10, put("k", "123456789")); err != nil {
		t.Fatalf("filling the quota: %v", err)
	}
	wantFault(t, write(10, put("x", "")), fault.Exhausted)
	wantFault(t, write(10, put("k", "1234567890")), fault.Exhausted)
	if got := scan(t, s, "", "", 10); !slices.Equal(got, []string{"k"}) {
		t.Errorf("keys = %q", got)
	}
	if err := write(10, put("x", "12345678"), put("k", "")); err != nil {
		t.Errorf("only the sum after all writes counts: %v", err)
	}
	if err := write(3, put("x", "1234567")); err != nil {
		t.Errorf("shrinking under a lowered quota: %v", err)
	}
	wantFault(t, write(3, put("x", "12345678")), fault.Exhausted)
	if err := write(0, store.KVWrite{Key: "x", Delete: true}); err != nil {
		t.Errorf("deleting under a lowered quota: %v", err)
	}
	wantFault(t, write(0, put("y", "")), fault.Exhausted)
}

func kvCounter(t *testing.T, s store.Store, _ *Clock) {
	const workers, rounds = 6, 10
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for done := 0; done < rounds; {
				var n int
				var rev uint64
				row, err := s.KVGet(t.Context(), "p", "counter")
				if err == nil {
					n, _ = strconv.Atoi(string(row.Value))
					rev = row.Revision
				} else if !fault.Is(err, fault.NotFound) {
					t.Errorf("reading: %v", err)
					return
				}
				w := put("counter", strconv.Itoa(n+1))
				w.Compare, w.IfRevision = true, rev
				switch _, err := s.KVApply(t.Context(), "p", noQuota, []store.KVWrite{w}); {
				case err == nil:
					done++
				case !fault.Is(err, fault.Conflict):
					t.Errorf("writing: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	if row := must[store.KVRow](t)(s.KVGet(t.Context(), "p", "counter")); string(row.Value) != strconv.Itoa(workers*rounds) {
		t.Errorf("the counter is at %s, want %d", row.Value, workers*rounds)
	}
}
