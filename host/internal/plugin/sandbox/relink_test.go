package sandbox

import (
	"bytes"
	"testing"

	"github.com/callboard/callboard/host/internal/plugin/plugintest"
)

// A module that is relinked and relinked back is the module again, and in
// between only the name of the one module differs.
func TestRelink(t *testing.T) {
	for name, module := range map[string][]byte{
		"imports of one module": plugintest.ExtismAS().Hostile(t),
		"no such import":        plugintest.ExitingStart(),
		"no imports":            plugintest.Minimal(),
	} {
		t.Run(name, func(t *testing.T) {
			there, err := Relink(module, "extism:host/env", "somewhere else")
			if err != nil {
				t.Fatal(err)
			}
			if ImportsFrom(there, "extism:host/env") || ImportsFrom(there, "somewhere else") != ImportsFrom(module, "extism:host/env") {
				t.Error("it imports from the wrong module")
			}
			before, err := Scan(module, DefaultBounds())
			if err != nil {
				t.Fatal(err)
			}
			after, err := Scan(there, DefaultBounds())
			if err != nil || len(after.Imports) != len(before.Imports) {
				t.Fatalf("%d imports became %d, %v", len(before.Imports), len(after.Imports), err)
			}
			for i, ref := range after.Imports {
				if ref.Module == "somewhere else" {
					ref.Module = "extism:host/env"
				}
				if ref != before.Imports[i] {
					t.Errorf("import %d was %+v and is %+v", i, before.Imports[i], ref)
				}
			}
			back, err := Relink(there, "somewhere else", "extism:host/env")
			if err != nil || !bytes.Equal(back, module) {
				t.Errorf("back it is another module, %v", err)
			}
		})
	}
}

func TestWhatIsNoModuleImportsNothing(t *testing.T) {
	module := plugintest.ExtismAS().Hostile(t)
	for name, b := range map[string][]byte{"nothing": nil, "garbage": []byte("MZ"), "cut off in its imports": module[:120]} {
		if ImportsFrom(b, "extism:host/env") {
			t.Errorf("%s imports something", name)
		}
		if _, err := Relink(b, "a", "b"); err == nil {
			t.Errorf("%s was relinked", name)
		}
	}
}

// FuzzRelink: no bytes make it panic, and what it writes reads as it was.
func FuzzRelink(f *testing.F) {
	for _, s := range append(seeds(f), plugintest.ExtismAS().Hostile(f)) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, module []byte) {
		had := ImportsFrom(module, "extism:host/env")
		there, err := Relink(module, "extism:host/env", "x")
		if err != nil {
			return
		}
		if ImportsFrom(there, "extism:host/env") || had && !ImportsFrom(there, "x") {
			t.Fatal("the imports are lost or left")
		}
		if _, err := Scan(module, DefaultBounds()); err == nil {
			if _, err := Scan(there, DefaultBounds()); err != nil {
				t.Fatalf("a good module became a bad one: %v", err)
			}
		}
	})
}
