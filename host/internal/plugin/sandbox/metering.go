package sandbox

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/callboard/callboard/host/internal/plugin/meter"
)

// Metering turns modules into what is compiled.
type Metering struct {
	// Dir keeps rewritten modules; empty keeps none. Like machine code they are
	// trusted as they are: it is the folder that OpenCache has checked.
	Dir string
	// Rewrite is the pass; nil means meter.Rewrite.
	Rewrite func(module []byte) (meter.Metered, error)
	Log     *slog.Logger
}

// Code is a module as it goes to the compiler.
type Code struct {
	Wasm []byte
	// Metered says that it imports callboard.tick and exports
	// meter.ExportFuel. Otherwise it is the original, which has to be
	// interrupted by the runtime.
	Metered bool
	// Imports is how many functions the original imports: a metered one's
	// others have an index higher by one.
	Imports uint32
	Warning string // for the plugin's status, empty if metered
}

// Prepare validates a module and rewrites it. What the pass cannot read comes
// back as it was, with a warning; the runtime's compiler then has to validate it.
func (m Metering) Prepare(module []byte) (Code, error) {
	file := m.file(module)
	if code, ok := readMetered(file); ok {
		return code, nil
	}
	if err := meter.Validate(module); err != nil {
		return Code{}, err
	}
	rewrite := m.Rewrite
	if rewrite == nil {
		rewrite = meter.Rewrite
	}
	out, err := rewrite(module)
	var unsupported *meter.Unsupported
	switch {
	case errors.As(err, &unsupported):
		return Unmetered(module, unsupported.Error()), nil
	case err != nil:
		return Code{}, err
	}
	code := Code{Wasm: out.Wasm, Metered: true, Imports: out.Imports}
	if err := writeMetered(file, code); err != nil {
		m.Log.Warn("a metered module is not kept", "error", err)
	}
	return code, nil
}

// Build meters a module and has it built, and does without what fails on the
// way: without the files of machine code if they are damaged, without metering
// if what the pass made does not compile. build gets the folder of machine code,
// empty for none.
func Build[M any](m Metering, module []byte, build func(code Code, cacheDir string) (M, error)) (M, error) {
	var none M
	code, err := m.Prepare(module)
	if err != nil {
		return none, err
	}
	built, err := build(code, m.Dir)
	if DamagedCache(err) {
		m.Log.Warn("the compilation cache is damaged; compiling without it", "error", err)
		built, err = build(code, "")
	}
	if err == nil || !code.Metered {
		return built, err
	}
	// If it is the module's fault, the original fails as well.
	bare, bareErr := build(Unmetered(module, "what it becomes does not compile"), m.Dir)
	if bareErr != nil {
		return none, bareErr
	}
	m.Log.Error("a metered module does not compile", "error", err)
	return bare, nil
}

// unnamed is a function without a name in a stack trace.
var unnamed = regexp.MustCompile(`(?m)^(\s*\.\$)(\d+)\(`)

// Stack returns a stack trace with the indexes that functions without a name
// have in the original.
func (c Code) Stack(trace string) string {
	if !c.Metered {
		return trace
	}
	return unnamed.ReplaceAllStringFunc(trace, func(call string) string {
		parts := unnamed.FindStringSubmatch(call)
		if n, err := strconv.ParseUint(parts[2], 10, 32); err == nil && n > uint64(c.Imports) {
			return fmt.Sprintf("%s%d(", parts[1], n-1)
		}
		return call
	})
}

// Unmetered is the original, and why.
func Unmetered(module []byte, why string) Code {
	return Code{Wasm: module, Warning: "not metered: " + why + "; calls cost several times as much, and have no fuel"}
}

// meteredPrefix begins the names of the folders of rewritten modules.
const meteredPrefix = "metered-"

func meteredFolder() string { return fmt.Sprintf("%sv%d", meteredPrefix, meter.Version) }

// file is named by what was validated and rewritten, and by which pass.
func (m Metering) file(module []byte) string {
	if m.Dir == "" {
		return ""
	}
	sum := sha256.Sum256(module)
	return filepath.Join(m.Dir, meteredFolder(), hex.EncodeToString(sum[:])+".wasm")
}

// The file of a rewritten module is a checksum of the rest, the number of
// imported functions in four bytes, and the module.
const (
	meteredSum  = sha256.Size
	meteredHead = meteredSum + 4
)

func readMetered(file string) (Code, bool) {
	if file == "" {
		return Code{}, false
	}
	b, err := os.ReadFile(file)
	if err != nil || len(b) < meteredHead {
		return Code{}, false
	}
	if sum := sha256.Sum256(b[meteredSum:]); string(sum[:]) != string(b[:meteredSum]) {
		return Code{}, false
	}
	return Code{Wasm: b[meteredHead:], Metered: true, Imports: binary.LittleEndian.Uint32(b[meteredSum:])}, true
}

// writeMetered puts the whole file in place at once.
func writeMetered(file string, code Code) error {
	if file == "" {
		return nil
	}
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("creating the folder of metered modules: %w", err)
	}
	b := make([]byte, meteredSum, meteredHead+len(code.Wasm))
	b = append(binary.LittleEndian.AppendUint32(b, code.Imports), code.Wasm...)
	sum := sha256.Sum256(b[meteredSum:])
	copy(b, sum[:])
	f, err := os.CreateTemp(dir, "new-")
	if err != nil {
		return fmt.Errorf("writing a metered module: %w", err)
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("writing a metered module: %w", err)
	}
	return nil
}
