package sdktest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/manifest"
)

// Option prepares the fake host.
type Option func(f *Fake) error

// Catalog loads entities from YAML files, several documents a file. Relations
// are not derived; write them under "relations" where a test needs them.
func Catalog(globs ...string) Option {
	return func(f *Fake) error {
		for _, glob := range globs {
			files, err := filepath.Glob(glob)
			if err != nil {
				return err
			}
			if len(files) == 0 {
				return &os.PathError{Op: "sdktest.Catalog", Path: glob, Err: os.ErrNotExist}
			}
			for _, file := range files {
				content, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				if err := f.catalog.addYAML(file, content); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// Entity adds one entity, as JSON or YAML text.
func Entity(text string) Option {
	return func(f *Fake) error { return f.catalog.addYAML("sdktest.Entity", []byte(text)) }
}

// Now sets the host's clock; without it the clock shows 2026-01-01 12:00 UTC.
func Now(now func() time.Time) Option {
	return func(f *Fake) error { f.now = now; return nil }
}

// Grant limits the plugin to these capabilities. Without it everything that
// plugin.yaml asks for is granted, or everything if there is no plugin.yaml.
func Grant(capabilities ...string) Option {
	return func(f *Fake) error {
		f.granted = map[string]bool{}
		for _, name := range capabilities {
			f.granted[name] = true
		}
		return nil
	}
}

// GrantOwn lets the plugin read the catalog with its own rights.
func GrantOwn() Option {
	return func(f *Fake) error { f.own = true; return nil }
}

// ConfigJSON is the plugin's configuration.
func ConfigJSON(text string) Option {
	return func(f *Fake) error {
		if !json.Valid([]byte(text)) {
			return &json.SyntaxError{}
		}
		f.config = []byte(text)
		return nil
	}
}

// As sets who calls; without it it is user:default/guest.
func As(p sdk.Principal) Option {
	return func(f *Fake) error { f.principal = p; return nil }
}

// Manifest reads another file than plugin.yaml in the test's folder.
func Manifest(file string) Option {
	return func(f *Fake) error {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		f.manifest, err = manifest.Parse(file, content)
		return err
	}
}
