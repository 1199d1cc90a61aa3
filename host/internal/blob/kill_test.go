package blob_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestKilledWhileWriting puts and sweeps in a process of its own, which is
// killed in the middle of it. Whatever was told to be kept is there whole, and
// what the process left behind goes with the sweep.
func TestKilledWhileWriting(t *testing.T) {
	const env = "CALLBOARD_TEST_PUT_UNTIL_KILLED"
	if folder := os.Getenv(env); folder != "" {
		putUntilKilled(t, folder)
		return
	}
	folder := t.TempDir()
	for round := range 3 {
		child := exec.Command(os.Args[0], "-test.run=^TestKilledWhileWriting$") //nolint:gosec // this test again
		child.Env = append(os.Environ(), env+"="+folder)
		stdout, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		kept := map[string]string{}
		lines := bufio.NewScanner(stdout)
		for n := 0; n < 15+round && lines.Scan(); n++ {
			key, content, _ := strings.Cut(lines.Text(), " ")
			kept[key] = content
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait() // "signal: killed"
		if len(kept) != 4 {
			t.Fatalf("the process told of %d keys", len(kept))
		}
		r := rigIn(t, folder)
		rows, err := r.List(t.Context(), owner, "", "", 100)
		if err != nil || len(rows) != 4 {
			t.Fatalf("%d blobs, %v", len(rows), err)
		}
		var bytes int64
		for _, row := range rows {
			got, err := r.read(row) // checks the digest too
			if err != nil {
				t.Errorf("round %d: %v", round, err)
			}
			// What was told of, or a later put that was not told of any more.
			if told := kept[row.Key]; !strings.HasPrefix(got, row.Key) || len(got) < len(told) {
				t.Errorf("round %d: %s has %d bytes, the process told of %d", round, row.Key, len(got), len(told))
			}
			bytes += row.Size
		}
		if used, err := r.Usage(t.Context(), owner); err != nil || used != bytes {
			t.Errorf("usage %d, %v; the blobs have %d", used, err, bytes)
		}
		r.turn(24 * time.Hour)
		r.sweep()
		r.turn(time.Hour)
		r.sweep()
		if n := r.files(); n != 4 {
			t.Errorf("round %d: %d files are left for 4 blobs", round, n)
		}
		_ = r.rows.Close()
	}
}

// putUntilKilled writes ever longer contents to four keys.
func putUntilKilled(t *testing.T, folder string) {
	r := rigIn(t, folder)
	for n := 1; ; n++ {
		key := fmt.Sprint("k", n%4)
		content := key + strings.Repeat("x", 3000*n)
		r.mustPut(key, content)
		fmt.Println(key, content)
		r.turn(5 * time.Minute)
		if _, err := r.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
