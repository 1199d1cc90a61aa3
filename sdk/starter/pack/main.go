// Command pack writes starter/dist/modules.zip: the modules that the SDK
// needs, so that a new plugin builds without a network. Run it in the SDK's
// folder: go run ./starter/pack.
package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/callboard/callboard/sdk/starter"
)

const target = "starter/dist/modules.zip"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run() error {
	out, err := os.Create(target)
	if err != nil {
		return err
	}
	w := zip.NewWriter(out)
	for _, m := range starter.Modules {
		if err := add(w, m); err != nil {
			return fmt.Errorf("packing %s: %w", m.Path, err)
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return out.Close()
}

// add packs the Go files of a module's packages, its licence, and a go.mod
// that requires what those packages import and nothing else.
func add(w *zip.Writer, m starter.Module) error {
	// On a machine that never built the SDK the list would know no folder yet.
	if text, err := exec.Command("go", "mod", "download", m.Path).CombinedOutput(); err != nil {
		return fmt.Errorf("downloading: %w: %s", err, text)
	}
	found, err := exec.Command("go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", m.Path).Output()
	if err != nil {
		return err
	}
	version, dir, _ := strings.Cut(strings.TrimSpace(string(found)), " ")
	if dir == "" {
		return errors.New("the Go tool does not say where it keeps the module")
	}
	if version != m.Version {
		return fmt.Errorf("go.mod has %s, starter.Modules %s", version, m.Version)
	}
	mod := "module " + m.Path + "\n\ngo 1.22\n"
	if m.Path == "github.com/tinylib/msgp" {
		mod += "\nrequire github.com/philhofer/fwd v1.2.0\n"
	}
	if err := put(w, path.Join(m.Path, "go.mod"), []byte(mod)); err != nil {
		return err
	}
	for _, pattern := range []string{"LICENSE*", "NOTICE*"} {
		if err := addFiles(w, m.Path, dir, pattern); err != nil {
			return err
		}
	}
	for _, pkg := range m.Packages {
		if err := addFiles(w, path.Join(m.Path, pkg), filepath.Join(dir, pkg), "*.go"); err != nil {
			return err
		}
	}
	return nil
}

func addFiles(w *zip.Writer, prefix, dir, pattern string) error {
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := put(w, path.Join(prefix, filepath.Base(name)), content); err != nil {
			return err
		}
	}
	return nil
}

// put writes one file with a fixed time, so that the archive is reproducible.
func put(w *zip.Writer, name string, content []byte) error {
	f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Unix(0, 0).UTC()})
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return err
}
