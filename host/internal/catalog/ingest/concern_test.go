package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
)

// A pass that decides only about what a change concerns comes to the same
// catalog as one that decides about everything: whatever comes, goes, moves,
// breaks, is claimed twice or is named by another location.
func TestAChangeConcernsWhatItMust(t *testing.T) {
	for _, orphans := range []string{ingest.OrphansDelete, ingest.OrphansKeep} {
		t.Run(orphans, func(t *testing.T) {
			for seed := range uint64(6) {
				concerns(t, orphans, seed)
			}
		})
	}
}

func concerns(t *testing.T, orphans string, seed uint64) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 9)) //nolint:gosec // repeatable
	rigs := make([]*rig, 2)
	for i := range rigs {
		rigs[i] = newRig(t, map[string]string{"file:/c/all.yaml": location("parts", "./f0.yaml", "./f1.yaml") + group("team-a")}, func(c *ingest.Config) {
			c.Orphans = orphans
			c.IDs = ids()
		}).start(t)
	}
	every := func(do func(f *files)) {
		for _, r := range rigs {
			do(r.files)
		}
	}
	var last string
	for step := range 40 {
		file := fmt.Sprintf("file:/c/f%d.yaml", random.IntN(4))
		switch random.IntN(8) {
		case 0: // another location, or the same with other targets
			var targets []string
			for i := range 4 {
				if random.IntN(2) == 0 {
					targets = append(targets, fmt.Sprintf("./f%d.yaml", i))
				}
			}
			text := location("parts", append(targets, "./f0.yaml")...) + location("more", fmt.Sprintf("./f%d.yaml", random.IntN(4))) + group("team-a")
			last = "locations " + strings.Join(targets, " ")
			file = "file:/c/all.yaml"
			every(func(f *files) { f.set(file, text) })
		case 1:
			last = "damage " + file
			every(func(f *files) { f.damage(file, fault.New(fault.Unavailable, "the disk is away")) })
		case 2:
			last = "no YAML in " + file
			every(func(f *files) { f.set(file, "a: [") })
		default:
			text := document(random)
			last = "write " + file
			every(func(f *files) { f.set(file, text) })
		}
		if err := rigs[1].Unsettle(t.Context()); err != nil {
			t.Fatal(err)
		}
		all := random.IntN(3) == 0
		for _, r := range rigs {
			if all {
				r.settle(t)
				continue
			}
			before := r.Stats().Passes
			r.RefreshLocation(file)
			r.waitPasses(t, before+1)
		}
		if a, b := rigs[0].board.dump(), rigs[1].board.dump(); a != b {
			t.Fatalf("seed %d, step %d (%s):\nonly what it concerns: %s\neverything: %s", seed, step, last, firstDifference(b, a), firstDifference(a, b))
		}
		if a, b := fmt.Sprint(rigs[0].Problems()), fmt.Sprint(rigs[1].Problems()); a != b {
			t.Fatalf("seed %d, step %d (%s): problems\n%s\nwant\n%s", seed, step, last, a, b)
		}
		if a, b := fmt.Sprint(rigs[0].store.references), fmt.Sprint(rigs[1].store.references); a != b {
			t.Fatalf("seed %d, step %d (%s): references\n%s\nwant\n%s", seed, step, last, a, b)
		}
	}
}

// document is a file of some of a few entities, which others may claim too.
func document(random *rand.Rand) string {
	var out strings.Builder
	for i := range 6 {
		switch random.IntN(6) {
		case 0, 1:
			fmt.Fprint(&out, component(fmt.Sprint("c", i), fmt.Sprintf(", dependsOn: ['component:c%d']", random.IntN(6))))
		case 2:
			fmt.Fprint(&out, head+"Component\nmetadata: {name: c"+fmt.Sprint(i)+"}\nspec: {}\n---\n") // refused
		case 3:
			if random.IntN(3) == 0 {
				fmt.Fprint(&out, location(fmt.Sprint("l", i), fmt.Sprintf("./f%d.yaml", random.IntN(4))))
			}
		}
	}
	return out.String() + "---\n"
}

// ids counts, so that two engines give the same uids.
func ids() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }
}
