package host_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

type layer struct {
	name    string
	folders []string
}

type exception struct{ from, to, reason string }

// door is a folder and who may come in; the folder itself always may.
type door struct {
	folder string
	from   []string
	reason string
}

type home struct {
	prefix  string
	folders []string
}

// source is a Go file; its path is from the root of the repository.
type source struct{ path, text string }

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// readRepository returns the Go files of every module of the workspace, without test data, which
// is not compiled with the rest.
func readRepository(t *testing.T) []source {
	t.Helper()
	root := os.DirFS("..")
	var sources []source
	for _, name := range []string{"host", "sdk", "plugins", "policies", "ui", "examples"} {
		err := fs.WalkDir(root, name, func(file string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() && slices.Contains([]string{"testdata", "node_modules", "dist", "skeleton"}, entry.Name()) {
				return fs.SkipDir
			}
			if entry.IsDir() || path.Ext(file) != ".go" {
				return nil
			}
			text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(file)))
			sources = append(sources, source{file, string(text)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return sources
}

// check returns a complaint for each import or use that the tables forbid.
func check(sources []source) []string {
	var complaints []string
	for _, s := range sources {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, s.path, s.text, parser.SkipObjectResolution)
		if err != nil {
			complaints = append(complaints, err.Error())
			continue
		}
		say := func(at token.Pos, format string, args ...any) {
			complaints = append(complaints, fmt.Sprintf("%s: %s", files.Position(at), fmt.Sprintf(format, args...)))
		}
		owner, _, _ := strings.Cut(s.path, "/")
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				say(spec.Pos(), "%v", err)
				continue
			}
			if why := forbidden(owner, s, imported); why != "" {
				say(spec.Pos(), "imports %s: %s", strings.TrimPrefix(imported, module), why)
			}
		}
		if owner == "host" && !s.test() && !supportsTests(inHost(s)) && !connectsItself(s) {
			reportNetwork(file, say)
		}
	}
	return complaints
}

// forbidden says why a file may not import a package; empty when it may.
func forbidden(owner string, s source, imported string) string {
	ours, isOurs := strings.CutPrefix(imported, module)
	theirs, _, _ := strings.Cut(ours, "/")
	switch {
	case owner == "host":
		return forbiddenInHost(s, imported)
	case isOurs && theirs == owner:
		return ""
	case isOurs && (owner == "plugins" || owner == "examples"):
		if theirs == "sdk" {
			return ""
		}
		return "plugins see nothing of this repository but the SDK"
	case isOurs:
		return owner + " stands on its own"
	case owner == "sdk" && !s.test() && strings.Contains(strings.Split(imported, "/")[0], ".") && !startsWithAny(imported, sdkMayUse):
		return "plugin authors inherit every dependency of the SDK"
	}
	return ""
}

func forbiddenInHost(s source, imported string) string {
	from := inHost(s)
	for _, h := range homes {
		if strings.HasPrefix(imported, h.prefix) && !within(from, h.folders...) {
			return "its home is " + strings.Join(h.folders, " and ")
		}
	}
	ours, isOurs := strings.CutPrefix(imported, module)
	if !isOurs {
		return ""
	}
	to, isHost := strings.CutPrefix(ours, "host/")
	if within(from, guests...) {
		if isHost {
			return "a guest sees nothing of the host"
		}
		return ""
	}
	if !isHost {
		if top, _, _ := strings.Cut(ours, "/"); top == "sdk" && !s.test() && !within(ours, sdkForHost...) {
			return "the host shares only " + strings.Join(sdkForHost, ", ") + " with its guests"
		}
		return ""
	}
	return forbiddenInside(from, to, s.test() || supportsTests(from))
}

// forbiddenInside judges an import by a file of the host of another folder there. Tests may look up, at
// what stands on them, but not at app and web, which would start the whole portal.
func forbiddenInside(from, to string, test bool) string {
	if supportsTests(to) {
		if test {
			return ""
		}
		return "it is for tests"
	}
	source, sourceFolder := layerOf(from)
	target, targetFolder := layerOf(to)
	switch {
	case target == nil:
		return "its folder has no place in layers"
	case source == nil && !test:
		return from + " has no place in layers"
	case sourceFolder == targetFolder:
		return ""
	case test && !within(to, "internal/app", "internal/web"):
		return ""
	}
	for _, d := range closed {
		// The tests of cmd and app boot the whole portal.
		if within(to, d.folder) && !within(from, d.from...) && (!test || !within(from, "cmd", "internal/app")) {
			return "only " + strings.Join(d.from, " and ") + " may: " + d.reason
		}
	}
	if test {
		return ""
	}
	if sourceRank, targetRank := rank(source), rank(target); sourceRank != targetRank {
		if sourceRank < targetRank {
			return ""
		}
		return fmt.Sprintf("imports go down; %s is above %s", target.name, source.name)
	}
	if source.name == "leaves" {
		return ""
	}
	for _, e := range beside {
		if within(from, e.from) && within(to, e.to) {
			return ""
		}
	}
	return "both are of the layer " + source.name + ", and beside names no reason"
}

// reportNetwork complains about each use of a name of network.
func reportNetwork(file *ast.File, say func(token.Pos, string, ...any)) {
	packages := map[string]string{} // name in this file → import path
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil || network[imported] == nil {
			continue
		}
		name := path.Base(strings.TrimSuffix(imported, "/v2"))
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." {
			say(spec.Pos(), "imports %s with a dot, which hides what it uses", imported)
			continue
		}
		packages[name] = imported
	}
	pointers := map[ast.Expr]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.StarExpr:
			pointers[node.X] = true
		case *ast.SelectorExpr:
			name, ok := node.X.(*ast.Ident)
			if !ok || pointers[node] {
				return true
			}
			if imported := packages[name.Name]; slices.Contains(network[imported], node.Sel.Name) {
				say(node.Pos(), "uses %s.%s: only egress connects to anything", imported, node.Sel.Name)
			}
		}
		return true
	})
}

// inHost returns the path of a file of the host, without "host/".
func inHost(s source) string { return strings.TrimPrefix(s.path, "host/") }

func connectsItself(s source) bool {
	for _, e := range connects {
		if within(inHost(s), e.from) {
			return true
		}
	}
	return false
}

func supportsTests(folder string) bool { return within(folder, testSupport...) }

func layerOf(folder string) (of *layer, top string) {
	for i := range layers {
		for _, f := range layers[i].folders {
			if within(folder, f) {
				return &layers[i], f
			}
		}
	}
	return nil, ""
}

func rank(l *layer) int {
	return slices.IndexFunc(layers, func(other layer) bool { return other.name == l.name })
}

// within reports whether a path is one of the folders or lies in one.
func within(name string, folders ...string) bool {
	for _, folder := range folders {
		if name == folder || strings.HasPrefix(name, folder+"/") {
			return true
		}
	}
	return false
}

func startsWithAny(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(s, prefix) })
}

// imports returns an import of a package of this repository, for the synthetic sources.
func imports(name string) string { return "import _ " + strconv.Quote(module+name) }
