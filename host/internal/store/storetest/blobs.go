package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// upload begins and commits a blob of a size whose digest is its content's.
func upload(t testing.TB, s store.Store, key, content, digest string, size int64) store.BlobRow {
	t.Helper()
	u := store.BlobUpload{Content: content, Installation: "p", Key: key, Size: size}
	if err := s.BeginBlob(t.Context(), u, noQuota); err != nil {
		t.Fatalf("BeginBlob: %v", err)
	}
	return must[store.BlobRow](t)(s.CommitBlob(t.Context(), store.BlobWrite{Upload: u, Digest: digest, MediaType: "text/plain"}, noQuota))
}

func garbage(t testing.TB, s store.Store, clock *Clock) []string {
	t.Helper()
	return must[[]string](t)(s.BlobGarbage(t.Context(), clock.Now().Add(time.Hour), 100))
}

func blobKeys(t testing.TB, s store.Store, prefix, after string, limit int) []string {
	t.Helper()
	var keys []string
	for _, row := range must[[]store.BlobRow](t)(s.ListBlobs(t.Context(), "p", prefix, after, limit)) {
		keys = append(keys, row.Key)
	}
	return keys
}

func blobCases() []testCase {
	return []testCase{
		{"a blob comes back with its content", func(t *testing.T, s store.Store, clock *Clock) {
			u := store.BlobUpload{Content: "c1", Installation: "p", Key: "\x00k\xff", Size: 5}
			if err := s.BeginBlob(t.Context(), u, noQuota); err != nil {
				t.Fatal(err)
			}
			_, err := s.GetBlob(t.Context(), "p", u.Key)
			wantFault(t, err, fault.NotFound)
			made := must[store.BlobRow](t)(s.CommitBlob(t.Context(), store.BlobWrite{Upload: u, Digest: "d1", MediaType: "text/plain", Metadata: []byte(`{"a":"b"}`)}, noQuota))
			row := must[store.BlobRow](t)(s.GetBlob(t.Context(), "p", u.Key))
			if fmt.Sprintf("%+v", row) != fmt.Sprintf("%+v", made) || row.Content != "c1" || row.Digest != "d1" || row.Size != 5 ||
				string(row.Metadata) != `{"a":"b"}` || row.Revision == 0 || !row.CreatedAt.Equal(clock.Now()) || row.MediaType != "text/plain" {
				t.Errorf("got %+v\nmade %+v", row, made)
			}
			clock.Turn(time.Minute)
			again := upload(t, s, u.Key, "c2", "d2", 3)
			if !again.CreatedAt.Equal(row.CreatedAt) || !again.UpdatedAt.Equal(clock.Now()) || again.Revision <= row.Revision || again.Metadata != nil {
				t.Errorf("written again: %+v", again)
			}
		}},
		{"installations do not see each other's blobs", func(t *testing.T, s store.Store, clock *Clock) {
			upload(t, s, "k", "c1", "d", 5)
			_, err := s.GetBlob(t.Context(), "other", "k")
			wantFault(t, err, fault.NotFound)
			if rows := must[[]store.BlobRow](t)(s.ListBlobs(t.Context(), "other", "", "", 10)); len(rows) != 0 {
				t.Errorf("another installation lists %v", rows)
			}
			u := store.BlobUpload{Content: "c2", Installation: "other", Key: "k", Size: 5}
			if err := s.BeginBlob(t.Context(), u, noQuota); err != nil {
				t.Fatal(err)
			}
			// The same content of another installation is another's: whether a
			// plugin has it cannot be told by putting it.
			if row := must[store.BlobRow](t)(s.CommitBlob(t.Context(), store.BlobWrite{Upload: u, Digest: "d"}, noQuota)); row.Content != "c2" {
				t.Errorf("the other installation got content %s", row.Content)
			}
			if err := s.DeleteBlob(t.Context(), "other", "k", false, 0); err != nil {
				t.Fatal(err)
			}
			must[store.BlobRow](t)(s.GetBlob(t.Context(), "p", "k"))
			if got := garbage(t, s, clock); !slices.Equal(got, []string{"c2"}) {
				t.Errorf("garbage %v", got)
			}
		}},
		{"content is kept once and goes with its last key", func(t *testing.T, s store.Store, clock *Clock) {
			upload(t, s, "a", "c1", "same", 5)
			if row := upload(t, s, "b", "c2", "same", 5); row.Content != "c1" {
				t.Errorf("the second key has content %s", row.Content)
			}
			if got := garbage(t, s, clock); !slices.Equal(got, []string{"c2"}) {
				t.Errorf("garbage %v, want the second upload", got)
			}
			if row := upload(t, s, "a", "c3", "same", 5); row.Content != "c1" {
				t.Errorf("writing the same again gives content %s", row.Content)
			}
			upload(t, s, "a", "c4", "other", 7)
			if got := garbage(t, s, clock); !slices.Equal(got, []string{"c2", "c3"}) {
				t.Errorf("garbage %v; b still has c1", got)
			}
			if n := must[int64](t)(s.BlobUsage(t.Context(), "p")); n != 12 {
				t.Errorf("usage %d, want 12", n)
			}
			if err := s.DeleteBlob(t.Context(), "p", "b", false, 0); err != nil {
				t.Fatal(err)
			}
			if got := garbage(t, s, clock); !slices.Equal(got, []string{"c1", "c2", "c3"}) {
				t.Errorf("garbage %v after the last key of c1 went", got)
			}
			if err := s.ForgetBlobs(t.Context(), []string{"c1", "c2", "c3", "never"}); err != nil {
				t.Fatal(err)
			}
			if got := garbage(t, s, clock); len(got) != 0 {
				t.Errorf("garbage %v after forgetting it", got)
			}
			if row := must[store.BlobRow](t)(s.GetBlob(t.Context(), "p", "a")); row.Content != "c4" {
				t.Errorf("a has %s", row.Content)
			}
		}},
		{"a comparison holds or nothing happens", blobCompare},
		{"the quota of blobs counts uploads under way", blobQuota},
		{"what was given up cannot be committed", func(t *testing.T, s store.Store, clock *Clock) {
			u := store.BlobUpload{Content: "slow", Installation: "p", Key: "k", Size: 5}
			if err := s.BeginBlob(t.Context(), u, noQuota); err != nil {
				t.Fatal(err)
			}
			if n := must[int](t)(s.ExpireBlobUploads(t.Context(), clock.Now())); n != 0 {
				t.Errorf("%d uploads expired at once", n)
			}
			clock.Turn(time.Hour)
			if n := must[int](t)(s.ExpireBlobUploads(t.Context(), clock.Now())); n != 1 {
				t.Errorf("%d uploads expired", n)
			}
			_, err := s.CommitBlob(t.Context(), store.BlobWrite{Upload: u, Digest: "d"}, noQuota)
			wantFault(t, err, fault.Unavailable)
			_, err = s.GetBlob(t.Context(), "p", "k")
			wantFault(t, err, fault.NotFound)
			if got := garbage(t, s, clock); !slices.Equal(got, []string{"slow"}) {
				t.Errorf("garbage %v", got)
			}
			if got := must[[]string](t)(s.BlobGarbage(t.Context(), clock.Now(), 10)); len(got) != 0 {
				t.Errorf("%v is garbage before it was thrown away", got)
			}
		}},
		{"an aborted upload is garbage, a committed one is not", func(t *testing.T, s store.Store, clock *Clock) {
			upload(t, s, "k", "c1", "d", 5)
			u := store.BlobUpload{Content: "c2", Installation: "p", Key: "k", Size: 5}
			if err := s.BeginBlob(t.Context(), u, noQuota); err != nil {
				t.Fatal(err)
			}
			wantFault(t, s.BeginBlob(t.Context(), u, noQuota), fault.Conflict)
			for _, content := range []string{"c1", "c2", "never", "c2"} {
				if err := s.AbortBlob(t.Context(), content); err != nil {
					t.Errorf("AbortBlob %s: %v", content, err)
				}
			}
			if got := garbage(t, s, clock); !slices.Equal(got, []string{"c2"}) {
				t.Errorf("garbage %v", got)
			}
		}},
		{"blobs are listed by prefix and page", func(t *testing.T, s store.Store, _ *Clock) {
			for i, key := range []string{"b", "a/2", "a/1", "a", "a/3", "a\xff", "\xff\xff"} {
				upload(t, s, key, fmt.Sprint("c", i), fmt.Sprint("d", i), 1)
			}
			if got := blobKeys(t, s, "a/", "", 2); !slices.Equal(got, []string{"a/1", "a/2"}) {
				t.Errorf("first page %q", got)
			}
			if got := blobKeys(t, s, "a/", "a/2", 2); !slices.Equal(got, []string{"a/3"}) {
				t.Errorf("second page %q", got)
			}
			if got := blobKeys(t, s, "", "a/3", 9); !slices.Equal(got, []string{"a\xff", "b", "\xff\xff"}) {
				t.Errorf("after a/3: %q", got)
			}
			if got := blobKeys(t, s, "\xff", "", 9); !slices.Equal(got, []string{"\xff\xff"}) {
				t.Errorf("the last prefix: %q", got)
			}
			_, err := s.ListBlobs(t.Context(), "p", "", "", 0)
			wantFault(t, err, fault.Invalid)
		}},
		{"purging an installation leaves its content to the sweep", func(t *testing.T, s store.Store, clock *Clock) {
			row := must[store.InstallationRow](t)(s.SaveInstallation(t.Context(), store.InstallationRow{ID: "p", Publisher: "local", Plugin: "x"}, store.PluginEvent{Plugin: "x"}))
			upload(t, s, "k", "c1", "d", 5)
			if err := s.BeginBlob(t.Context(), store.BlobUpload{Content: "c2", Installation: "p", Key: "k", Size: 1}, noQuota); err != nil {
				t.Fatal(err)
			}
			if err := s.PurgeInstallation(t.Context(), "p", row.Revision, store.PluginEvent{Plugin: "x"}); err != nil {
				t.Fatal(err)
			}
			if got := garbage(t, s, clock); !slices.Equal(got, []string{"c1", "c2"}) {
				t.Errorf("garbage %v", got)
			}
			_, err := s.GetBlob(t.Context(), "p", "k")
			wantFault(t, err, fault.NotFound)
			if n := must[int64](t)(s.BlobUsage(t.Context(), "p")); n != 0 {
				t.Errorf("usage %d", n)
			}
		}},
		{"writers of the same content keep it", func(t *testing.T, s store.Store, clock *Clock) {
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					key := fmt.Sprint("k", i%4)
					for j := range 5 {
						u := store.BlobUpload{Content: fmt.Sprint("c", i, "-", j), Installation: "p", Key: key, Size: 5}
						if err := s.BeginBlob(t.Context(), u, noQuota); err != nil {
							t.Errorf("BeginBlob: %v", err)
							return
						}
						if _, err := s.CommitBlob(t.Context(), store.BlobWrite{Upload: u, Digest: "same"}, noQuota); err != nil {
							t.Errorf("CommitBlob: %v", err)
						}
						if err := s.DeleteBlob(t.Context(), "p", key, false, 0); err != nil {
							t.Errorf("DeleteBlob: %v", err)
						}
					}
				})
			}
			wg.Wait()
			last := upload(t, s, "k", "last", "same", 5)
			thrown := garbage(t, s, clock)
			if len(thrown) != 40 || slices.Contains(thrown, last.Content) {
				t.Errorf("%d contents are garbage, want each of the 40 once and not %s: %v", len(thrown), last.Content, thrown)
			}
			if n := must[int64](t)(s.BlobUsage(t.Context(), "p")); n != 5 {
				t.Errorf("usage %d", n)
			}
		}},
	}
}

func blobCompare(t *testing.T, s store.Store, clock *Clock) {
	commit := func(content string, ifRevision uint64) error {
		u := store.BlobUpload{Content: content, Installation: "p", Key: "k", Size: 5}
		if err := s.BeginBlob(t.Context(), u, noQuota); err != nil {
			t.Fatal(err)
		}
		_, err := s.CommitBlob(t.Context(), store.BlobWrite{Upload: u, Digest: content, Compare: true, IfRevision: ifRevision}, noQuota)
		return err
	}
	wantFault(t, commit("c1", 7), fault.Conflict)
	if err := commit("c2", 0); err != nil {
		t.Fatal(err)
	}
	wantFault(t, commit("c3", 0), fault.Conflict)
	revision := must[store.BlobRow](t)(s.GetBlob(t.Context(), "p", "k")).Revision
	wantFault(t, s.DeleteBlob(t.Context(), "p", "k", true, revision+1), fault.Conflict)
	if err := commit("c4", revision); err != nil {
		t.Fatal(err)
	}
	wantFault(t, commit("c5", revision), fault.Conflict)
	revision = must[store.BlobRow](t)(s.GetBlob(t.Context(), "p", "k")).Revision
	if err := s.DeleteBlob(t.Context(), "p", "k", true, revision); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteBlob(t.Context(), "p", "k", true, 0); err != nil {
		t.Errorf("deleting what shall be absent: %v", err)
	}
	// Refused uploads stay uploads until they are given up.
	if got := garbage(t, s, clock); !slices.Equal(got, []string{"c2", "c4"}) {
		t.Errorf("garbage %v", got)
	}
	if err := commit("c6", 0); err != nil {
		t.Fatal(err)
	}
	if row := must[store.BlobRow](t)(s.GetBlob(t.Context(), "p", "k")); row.Revision <= revision {
		t.Errorf("revision %d after %d was deleted", row.Revision, revision)
	}
}

func blobQuota(t *testing.T, s store.Store, _ *Clock) {
	begin := func(content, key string, size, quota int64) error {
		return s.BeginBlob(t.Context(), store.BlobUpload{Content: content, Installation: "p", Key: key, Size: size}, quota)
	}
	upload(t, s, "k", "c1", "d1", 60)
	if err := begin("c2", "other", 40, 100); err != nil {
		t.Fatalf("filling the quota: %v", err)
	}
	wantFault(t, begin("c3", "third", 1, 100), fault.Exhausted)
	if err := begin("c4", "k", 60, 10); err != nil {
		t.Errorf("replacing what is as large, over the quota: %v", err)
	}
	wantFault(t, begin("c5", "k", 61, 100), fault.Exhausted)
	if err := s.AbortBlob(t.Context(), "c4"); err != nil {
		t.Fatal(err)
	}
	if err := s.AbortBlob(t.Context(), "c2"); err != nil {
		t.Fatal(err)
	}
	if err := begin("c6", "other", 40, 100); err != nil {
		t.Errorf("after the others were given up: %v", err)
	}
	_, err := s.CommitBlob(t.Context(), store.BlobWrite{Upload: store.BlobUpload{Content: "c6", Installation: "p", Key: "other", Size: 40}, Digest: "d6"}, 99)
	wantFault(t, err, fault.Exhausted)
	if n := must[int64](t)(s.BlobUsage(t.Context(), "p")); n != 60 {
		t.Errorf("usage %d", n)
	}
}
