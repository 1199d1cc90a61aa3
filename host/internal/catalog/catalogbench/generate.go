package catalogbench

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Config says which catalog. Equal configurations make equal files.
type Config struct {
	Entities int    // at least 20
	Seed     uint64 // of everything that is chosen
	PerFile  int    // entities of one file; 0 = 500
}

// File is one descriptor file of many documents.
type File struct {
	Name    string // entities-00000.yaml
	Content []byte
}

// Generate makes a catalog of components (70 %), APIs with OpenAPI definitions
// (15 %), systems and a tree of groups (5 % each), users (3 %) and domains (2 %),
// which name each other. Descriptors are about as large as real ones: 1.3 kB,
// 2.6 kB for an API. It panics for fewer than 20 entities.
func Generate(c Config) []File {
	if c.Entities < 20 {
		panic(fmt.Sprintf("catalogbench: %d entities are too few to name each other", c.Entities))
	}
	if c.PerFile == 0 {
		c.PerFile = 500
	}
	g := newGenerator(c)
	var files []File
	var file strings.Builder
	count := 0
	flush := func() {
		if file.Len() > 0 {
			files = append(files, File{fmt.Sprintf("entities-%05d.yaml", len(files)), []byte(file.String())})
			file.Reset()
		}
	}
	for _, kind := range []struct {
		names []string
		write func(int) string
	}{
		{g.domains, g.domain},
		{g.systems, g.system},
		{g.groups, g.group},
		{g.users, g.user},
		{g.apis, g.api},
		{g.components, g.component},
	} {
		for i := range kind.names {
			if file.Len() > 0 {
				file.WriteString("---\n")
			}
			file.WriteString(kind.write(i))
			if count++; count%c.PerFile == 0 {
				flush()
			}
		}
	}
	flush()
	return files
}

// Write puts files into a folder that exists and returns their paths.
func Write(dir string, files []File) ([]string, error) {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = filepath.Join(dir, f.Name)
		if err := os.WriteFile(paths[i], f.Content, 0o600); err != nil {
			return nil, fmt.Errorf("writing a benchmark catalog: %w", err)
		}
	}
	return paths, nil
}

// generator holds the names, which are all made before the first entity so
// that any entity can name any other.
type generator struct {
	rng                                               *rand.Rand
	domains, systems, groups, users, apis, components []string
}

func newGenerator(c Config) *generator {
	g := &generator{rng: rand.New(rand.NewPCG(c.Seed, uint64(c.Entities)))} //nolint:gosec // the same catalog every time is the point
	share := func(percent int) int { return max(1, c.Entities*percent/100) }
	word := func() string { return g.pick(adjectives) + "-" + g.pick(nouns) }
	name := func(n int, spell func(i int) string) []string {
		out := []string{}
		for i := range n {
			out = append(out, spell(i))
		}
		return out
	}
	g.domains = name(share(2), func(i int) string { return fmt.Sprintf("%s-domain-%04d", nouns[i%len(nouns)], i) })
	g.systems = name(share(5), func(i int) string { return fmt.Sprintf("%s-system-%05d", word(), i) })
	g.groups = name(share(5), func(i int) string { return fmt.Sprintf("team-%s-%05d", word(), i) })
	g.users = name(share(3), func(i int) string { return fmt.Sprintf("%s.%s%05d", g.pick(given), g.pick(family), i) })
	g.apis = name(share(15), func(i int) string { return fmt.Sprintf("%s-api-%06d", word(), i) })
	left := c.Entities - len(g.domains) - len(g.systems) - len(g.groups) - len(g.users) - len(g.apis)
	g.components = name(left, func(i int) string { return fmt.Sprintf("%s-%s-%06d", word(), g.pick(suffixes), i) })
	return g
}

func (g *generator) pick(from []string) string { return from[g.rng.IntN(len(from))] }

// pickSome returns n different values, in their order in from.
func (g *generator) pickSome(from []string, n int) []string {
	chosen := map[int]bool{}
	for len(chosen) < min(n, len(from)) {
		chosen[g.rng.IntN(len(from))] = true
	}
	var out []string
	for i, s := range from {
		if chosen[i] {
			out = append(out, s)
		}
	}
	return out
}

func (g *generator) owner() string { return "group:default/" + g.pick(g.groups) }
