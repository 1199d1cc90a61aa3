package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
)

// Options say what to load. The zero value loads the default files of the
// working folder with the environment of the process.
type Options struct {
	// Files are the files of --config, last wins. Without any, app-config.yaml
	// is read and, each when it exists, app-config.$BACKSTAGE_ENV.yaml,
	// app-config.local.yaml and app-config.$BACKSTAGE_ENV.local.yaml; without
	// those too, the built-in defaults hold.
	Files []string
	// Dir is where relative names in Files, and the default files, are; "" is
	// the working folder.
	Dir string
	// Environ holds "NAME=value" for everything that reads the environment;
	// nil is os.Environ.
	Environ []string
	// Env looks up a variable for $env and ${}; nil looks into Environ.
	Env func(name string) (string, bool)
	// ReadFile reads files; nil reads regular files of the machine and follows
	// symbolic links when it confines includes.
	ReadFile ReadFile
	// Listen and Data are the flags --listen and --data; "" is not given.
	Listen, Data string
}

func (o Options) withDefaults() Options {
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if o.Env == nil {
		variables := make(map[string]string, len(o.Environ))
		for _, entry := range o.Environ {
			if name, value, ok := strings.Cut(entry, "="); ok {
				variables[name] = value
			}
		}
		o.Env = func(name string) (string, bool) {
			value, ok := variables[name]
			return value, ok
		}
	}
	return o
}

// Load reads, merges and checks a configuration. The error is a fault of kind
// Invalid that wraps Problems: everything that is wrong, not only the first.
func Load(ctx context.Context, options Options) (*Config, error) {
	cfg, report := Inspect(ctx, options)
	if len(report.Problems) > 0 {
		return nil, fault.Wrap(fault.Invalid, report.Problems, "the configuration has problems")
	}
	return cfg, nil
}

// Inspect is Load for those who want to see everything: the notes, the files,
// and the configuration as far as it could be read, which is nil when a file
// could not.
func Inspect(ctx context.Context, options Options) (*Config, Report) {
	l := &load{options: options.withDefaults(), files: newFiles(options.ReadFile), parser: &parser{}}
	tree, complete := l.layers(ctx)
	l.report.Files = l.files.names
	if !complete {
		l.report.sort()
		return nil, l.report
	}
	cfg := &Config{tree: prune(tree), files: l.files.names}
	decoder := decoder{&l.report}
	decoder.decode(cfg.tree, newSpec(reflect.TypeFor[Config]()), "", reflect.ValueOf(cfg).Elem())
	(&checker{cfg.tree, &l.report, l.report}).config(cfg)
	cfg.DataDir = l.dataDir()
	l.report.sort()
	return cfg, l.report
}

type load struct {
	options Options
	files   *files
	parser  *parser
	report  Report
}

// layers merges all layers; complete is false when one of them could not be
// read, so that judging the merged tree would mislead.
func (l *load) layers(ctx context.Context) (tree *node, complete bool) {
	tree, complete = newObject(Origin{}), true
	for _, source := range l.sources() {
		if err := ctx.Err(); err != nil {
			l.report.problem(Origin{File: source.name}, "", "reading was cancelled: %v", err)
			return tree, false
		}
		layer, ok := l.file(source)
		complete = complete && ok
		tree = merge(tree, layer)
	}
	tree = merge(tree, fromEnvironment(l.options.Environ, l.parser, &l.report))
	return merge(tree, l.flags()), complete
}

type source struct {
	name     string
	optional bool
}

var environmentName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func (l *load) sources() []source {
	var out []source
	for _, name := range l.options.Files {
		out = append(out, source{name: name})
	}
	if len(out) > 0 {
		return out
	}
	name, _ := environment(l.options.Env).lookup("BACKSTAGE_ENV")
	named := environmentName.MatchString(name)
	if !named && name != "" {
		l.report.problem(Origin{Env: "BACKSTAGE_ENV"}, "", "must be a plain name such as staging: it becomes part of a file name")
	}
	for _, local := range []string{"", ".local"} {
		out = append(out, source{"app-config" + local + ".yaml", true})
		if named {
			out = append(out, source{"app-config." + name + local + ".yaml", true})
		}
	}
	return out
}

// file reads one layer; nil is an empty one.
func (l *load) file(s source) (layer *node, ok bool) {
	if strings.Contains(s.name, "://") {
		l.report.problem(Origin{Flag: "--config"}, "", "%s is a URL: configuration is read from files only", s.name)
		return nil, false
	}
	path := resolvePath(l.options.Dir, s.name)
	data, err := l.files.load(path)
	if errors.Is(err, fs.ErrNotExist) && s.optional {
		l.files.names = l.files.names[:len(l.files.names)-1]
		return nil, true
	}
	if err != nil {
		l.report.problem(Origin{File: path}, "", "%v", err)
		return nil, false
	}
	if ext := strings.ToLower(filepath.Ext(path)); ext != ".json" {
		layer, err = l.parser.yaml(data, path)
	} else {
		layer, err = l.parser.file(data, path)
	}
	if err != nil {
		l.report.Problems = append(l.report.Problems, problemOf(path, err))
		return nil, false
	}
	if layer == nil || layer.kind == kindNull {
		return nil, true
	}
	if layer.kind != kindObject {
		l.report.problem(layer.origin, "", "a configuration file must be an object with keys such as app and backend, this one is %s", layer.kind)
		return nil, false
	}
	r := &resolver{env: l.options.Env, files: l.files, parser: l.parser, report: &l.report}
	resolved := r.resolve(layer, scope{dir: filepath.Dir(path)})
	if resolved == nil || resolved.kind != kindObject {
		if resolved != nil {
			l.report.problem(layer.origin, "", "a configuration file must be an object, this one includes %s", resolved.kind)
		}
		return nil, resolved == nil
	}
	return resolved, true
}

// flags is the layer of the command line.
func (l *load) flags() *node {
	if l.options.Listen == "" {
		return nil
	}
	at := Origin{Flag: "--listen"}
	root, backend := newObject(at), newObject(at)
	root.set("backend", backend)
	backend.set("listen", newString(l.options.Listen, at))
	return root
}

func (l *load) dataDir() string {
	if l.options.Data != "" {
		return l.options.Data
	}
	if dir, _ := environment(l.options.Env).lookup("CALLBOARD_DATA"); dir != "" {
		return dir
	}
	return "data"
}

// Files returns every file that was read, includes too, in reading order.
func (c *Config) Files() []string { return append([]string(nil), c.files...) }

// Origin returns where the value at path ("catalog.locations[0].target") comes
// from, or where its nearest written parent does; the zero Origin is a default.
func (c *Config) Origin(path string) Origin { return originAt(c.tree, path) }

var pathStep = regexp.MustCompile(`\[(\d+)\]|[^.\[]+`)

func originAt(n *node, path string) Origin {
	at := Origin{}
	for _, step := range pathStep.FindAllStringSubmatch(path, -1) {
		if step[1] == "" {
			n = n.get(step[0])
		} else if index, err := wholeNumber(newString(step[1], at)); err == nil && n.kind == kindList && int(index) < len(n.list) {
			n = n.list[index]
		} else {
			n = nil
		}
		if n == nil {
			return at
		}
		at = n.origin
	}
	return at
}

// PluginConfig returns the configuration of a plugin as JSON, "null" when
// there is none, and where each value in it comes from.
func (c *Config) PluginConfig(id string) (json.RawMessage, Origins) {
	tree := c.Plugins.Entries[id].Config
	return tree.JSON(), tree.Origins()
}

// Lookup returns any part of the merged configuration, also of sections that
// the host itself does not read.
func (c *Config) Lookup(keys ...string) Tree { return Tree{c.tree.find(keys...)} }

// String keeps a configuration from being printed with its secrets by accident.
func (c *Config) String() string { return fmt.Sprintf("configuration of %d files", len(c.files)) }

// LogValue keeps it out of structured logs too.
func (c *Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
