package starter

import (
	"archive/zip"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/callboard/callboard/sdk"
)

//go:embed template all:dist
var files embed.FS

// SDKFolder is where the SDK is written, inside the plugin's folder.
const SDKFolder = "callboard-sdk"

// sdkModule is the SDK's module path.
const sdkModule = "github.com/callboard/callboard/sdk"

// Modules are the modules that the SDK needs, with their versions.
var Modules = []Module{
	{"github.com/philhofer/fwd", "v1.2.0", []string{"."}},
	{"github.com/tinylib/msgp", "v1.6.5", []string{"msgp"}},
	{"go.yaml.in/yaml/v3", "v3.0.6", []string{"."}},
}

// Module is a module that the SDK needs: which of its packages, which version.
type Module struct {
	Path     string
	Version  string
	Packages []string
}

// Config says what to write.
type Config struct {
	ID     string // the plugin's id
	Dir    string // must not exist, or be empty
	Module string // module path; empty = example.com/<id>
}

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)

// New writes a new plugin and returns the files that the author will edit,
// relative to the folder.
func New(c Config) ([]string, error) {
	if !idPattern.MatchString(c.ID) {
		return nil, fmt.Errorf("%q is no plugin id: write 2 to 40 characters of a-z, 0-9 and -, starting with a letter", c.ID)
	}
	if c.Module == "" {
		c.Module = "example.com/" + c.ID
	}
	if found, err := os.ReadDir(c.Dir); err == nil && len(found) > 0 {
		return nil, fmt.Errorf("folder %s is not empty", c.Dir)
	}
	offline, err := writeModules(filepath.Join(c.Dir, SDKFolder, "third_party"))
	if err != nil {
		return nil, fmt.Errorf("writing the SDK's modules: %w", err)
	}
	if err := writeSDK(filepath.Join(c.Dir, SDKFolder)); err != nil {
		return nil, fmt.Errorf("writing the SDK: %w", err)
	}
	if err := write(filepath.Join(c.Dir, "go.mod"), []byte(goMod(c.Module, offline))); err != nil {
		return nil, fmt.Errorf("writing go.mod: %w", err)
	}
	if !offline {
		sums, err := sdk.Files.ReadFile("go.sum")
		if err == nil {
			err = write(filepath.Join(c.Dir, "go.sum"), sums)
		}
		if err != nil {
			return nil, fmt.Errorf("writing go.sum: %w", err)
		}
	}
	return writeTemplate(c)
}

// writeTemplate writes the author's own files.
func writeTemplate(c Config) ([]string, error) {
	words := strings.NewReplacer("__ID__", c.ID, "__TITLE__", title(c.ID), "__SDK__", SDKFolder)
	var written []string
	err := fs.WalkDir(files, "template", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		target := strings.TrimSuffix(strings.TrimPrefix(name, "template/"), ".tmpl")
		if target == "gitignore" {
			target = ".gitignore"
		}
		written = append(written, target)
		return write(filepath.Join(c.Dir, filepath.FromSlash(target)), []byte(words.Replace(string(content))))
	})
	return written, err
}

func title(id string) string {
	words := strings.ReplaceAll(id, "-", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// goMod names the SDK, and with offline its modules, by folders beside it.
func goMod(module string, offline bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "module %s\n\ngo 1.26\n\nrequire %s v0.0.0\n\n", module, sdkModule)
	b.WriteString(requirements())
	fmt.Fprintf(&b, "\nreplace %s => ./%s\n", sdkModule, SDKFolder)
	if offline {
		for _, m := range Modules {
			fmt.Fprintf(&b, "\nreplace %s => ./%s/third_party/%s\n", m.Path, SDKFolder, m.Path)
		}
	}
	return b.String()
}

func requirements() string {
	var b strings.Builder
	b.WriteString("require (\n")
	for _, m := range Modules {
		fmt.Fprintf(&b, "\t%s %s // indirect\n", m.Path, m.Version)
	}
	b.WriteString(")\n")
	return b.String()
}

// writeSDK copies the SDK's source without its tests.
func writeSDK(dir string) error {
	err := fs.WalkDir(sdk.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "testdata" || name == "contract/bench" {
				return fs.SkipDir
			}
			return nil
		}
		// embed.go needs files that a copy does not have.
		if strings.HasSuffix(name, "_test.go") || name == "embed.go" || name == "go.sum" {
			return nil
		}
		content, err := sdk.Files.ReadFile(name)
		if err != nil {
			return err
		}
		return write(filepath.Join(dir, filepath.FromSlash(name)), content)
	})
	if err != nil {
		return err
	}
	return write(filepath.Join(dir, "go.mod"), []byte("module "+sdkModule+"\n\ngo 1.26\n\n"+requirements()))
}

// writeModules unpacks the SDK's modules with their licences; false when this
// binary was built without them, and the Go tool has to fetch them.
func writeModules(dir string) (bool, error) {
	archive, err := files.ReadFile("dist/modules.zip")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return false, err
	}
	for _, f := range r.File {
		if !filepath.IsLocal(f.Name) || path.Clean(f.Name) != f.Name {
			return false, fmt.Errorf("the archive holds %q", f.Name)
		}
		content, err := f.Open()
		if err != nil {
			return false, err
		}
		b, err := io.ReadAll(content)
		if err != nil {
			return false, err
		}
		if err := write(filepath.Join(dir, filepath.FromSlash(f.Name)), b); err != nil {
			return false, err
		}
	}
	return true, nil
}

func write(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o644)
}
