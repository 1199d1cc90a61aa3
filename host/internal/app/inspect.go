package app

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/plugins"
)

// InspectOptions say which descriptors to look at.
type InspectOptions struct {
	// Paths are files, folders and patterns with * and **. A folder stands for
	// every catalog-info.yaml and catalog-info.yml below it.
	Paths []string
	// Config gives kinds of further plugins, catalog.rules and the hosts that
	// may be read; nil means the core's kinds, all of them, and no hosts.
	Config *config.Config
}

// Inspected is what descriptors would bring to a catalog.
type Inspected struct {
	Entities []string // refs, sorted
	Problems []Finding
}

// Finding is one thing that is wrong with a descriptor.
type Finding struct {
	File    string `json:"file,omitempty"` // relative to the working directory where it lies below it
	Line    int    `json:"line,omitempty"` // 0 = the file as a whole
	Ref     string `json:"entityRef,omitempty"`
	Name    string `json:"name"` // "InputError", …
	Message string `json:"message"`
	Warning bool   `json:"warning"` // the portal would take the entity all the same, or nobody looked
}

// Inspect looks at descriptors as a portal with an empty catalog would, without
// one: it reads what they lead to, fills in placeholders and checks kinds. What
// plugins' code has to say is not asked for. Fault: Invalid (a path).
func Inspect(ctx context.Context, o InspectOptions) (Inspected, error) {
	c := o.Config
	if c == nil {
		c = &config.Config{}
	}
	remote, err := newReader(c, egress.New(egress.Config{UserAgent: "callboard-validate"}), time.Now)
	if err != nil {
		return Inspected{}, err
	}
	var reader ingest.Reader = remote
	allow := rules(c)
	if o.Config == nil {
		reader, allow = filesOnly{reader}, []ingest.Rule{{}} // every kind
	}
	locations, err := pathLocations(o.Paths)
	if err != nil {
		return Inspected{}, err
	}
	all := bundles(c, plugins.Core())
	for _, b := range all {
		if b.Manifest != nil && fault.Is(b.Err, fault.Unavailable) {
			b.Err = nil // only its code is missing
		}
	}
	kinds, _, err := compileModel(all)
	if err != nil {
		return Inspected{}, err
	}
	found, err := ingest.New(ingest.Config{Model: kinds, Reader: reader, Locations: locations, Rules: allow}).Inspect(ctx)
	if err != nil {
		return Inspected{}, fmt.Errorf("looking at descriptors: %w", err)
	}
	out := Inspected{Entities: found.Entities, Problems: make([]Finding, 0, len(found.Problems))}
	for _, p := range found.Problems {
		f := Finding{Ref: p.Ref, Name: p.Name, Message: p.Message, Warning: p.Warning || strings.Contains(p.Message, notRead)}
		f.place()
		out.Problems = append(out.Problems, f)
	}
	slices.SortStableFunc(out.Problems, func(a, b Finding) int {
		if a.File != b.File {
			return strings.Compare(a.File, b.File)
		}
		return a.Line - b.Line
	})
	return out, nil
}

// notRead is what is said of URLs where nobody said which may be read.
const notRead = "is not read here: --config says which hosts may be"

// filesOnly is a reader that reads no URLs.
type filesOnly struct{ ingest.Reader }

// Read implements ingest.Reader.
func (l filesOnly) Read(ctx context.Context, req source.Request) (source.Content, error) {
	if req.Location.Type != source.File {
		return source.Content{}, fault.New(fault.Unavailable, "%s %s", req.Location.Target, notRead)
	}
	return l.Reader.Read(ctx, req) //nolint:wrapcheck // a decorator
}

// place takes file and line from where messages begin with them.
var place = regexp.MustCompile(`^((?:[a-z]+://)?[^:\n]+(?::\d+(?:/[^:\n]*)?)?):(\d+): `)

func (f *Finding) place() {
	m := place.FindStringSubmatch(f.Message)
	if m == nil {
		return
	}
	f.File, f.Message = m[1], strings.TrimPrefix(f.Message, m[0])
	f.Line, _ = strconv.Atoi(m[2])
	if here, err := filepath.Abs("."); err == nil {
		f.File = strings.TrimPrefix(f.File, here+string(filepath.Separator))
	}
}

// pathLocations turns paths into locations, each once.
func pathLocations(paths []string) ([]ingest.Location, error) {
	var out []ingest.Location
	add := func(path string) error {
		abs, err := filepath.Abs(path)
		if err != nil {
			return fault.New(fault.Invalid, "%w", err)
		}
		if l := (ingest.Location{Type: source.File, Target: abs}); !slices.ContainsFunc(out, func(o ingest.Location) bool { return o.Target == l.Target }) {
			out = append(out, l)
		}
		return nil
	}
	for _, path := range paths {
		if strings.ContainsAny(path, "*?[{") {
			if err := add(path); err != nil {
				return nil, err
			}
			continue
		}
		found := 0
		err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return fault.New(fault.Invalid, "%w", err)
			case d.IsDir() && name != path && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
				return filepath.SkipDir
			case d.IsDir(), name != path && d.Name() != "catalog-info.yaml" && d.Name() != "catalog-info.yml":
				return nil
			}
			found++
			return add(name)
		})
		if err != nil {
			return nil, err //nolint:wrapcheck // a fault that names the path
		}
		if found == 0 {
			return nil, fault.New(fault.Invalid, "%s holds no catalog-info.yaml", path)
		}
	}
	return out, nil
}
