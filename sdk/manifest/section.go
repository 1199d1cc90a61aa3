package manifest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/callboard/callboard/sdk/abi"
)

// ErrModule is returned for bytes that are not the frame of a WebAssembly module.
var ErrModule = errors.New("not a WebAssembly module")

var wasmPreamble = []byte{0, 'a', 's', 'm', 1, 0, 0, 0}

// section is one section of a module: its bytes with the header, and its content.
type section struct {
	id      byte
	name    string // of a custom section
	whole   []byte
	content []byte
}

// sections splits a module. It looks at nothing but the frame.
func sections(wasm []byte) ([]section, error) {
	rest, ok := bytes.CutPrefix(wasm, wasmPreamble)
	if !ok {
		return nil, ErrModule
	}
	var out []section
	for len(rest) > 0 {
		size, n := uleb32(rest[1:])
		if n == 0 || uint64(size) > uint64(len(rest)-1-n) {
			return nil, fmt.Errorf("%w: section %d is cut short", ErrModule, len(out))
		}
		end := 1 + n + int(size)
		s := section{id: rest[0], whole: rest[:end], content: rest[1+n : end]}
		if s.id == 0 {
			length, ln := uleb32(s.content)
			if ln == 0 || uint64(length) > uint64(len(s.content)-ln) {
				return nil, fmt.Errorf("%w: a custom section has no name", ErrModule)
			}
			s.name = string(s.content[ln : ln+int(length)])
			s.content = s.content[ln+int(length):]
		}
		out = append(out, s)
		rest = rest[end:]
	}
	return out, nil
}

// ReadSection returns the plugin.yaml that a module carries. ok is false when
// it carries none; a module that carries two is refused.
func ReadSection(wasm []byte) (content []byte, ok bool, err error) {
	all, err := sections(wasm)
	if err != nil {
		return nil, false, err
	}
	for _, s := range all {
		if s.id != 0 || s.name != abi.ManifestSection {
			continue
		}
		if ok {
			return nil, false, fmt.Errorf("%w: two sections %s", ErrModule, abi.ManifestSection)
		}
		content, ok = s.content, true
	}
	return content, ok, nil
}

// WriteSection returns a copy of the module that carries content as its
// plugin.yaml, in place of what it carried before.
func WriteSection(wasm, content []byte) ([]byte, error) {
	all, err := sections(wasm)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(wasm)+len(content)+64)
	out = append(out, wasmPreamble...)
	for _, s := range all {
		if s.id == 0 && s.name == abi.ManifestSection {
			continue
		}
		out = append(out, s.whole...)
	}
	body := binary.AppendUvarint(nil, uint64(len(abi.ManifestSection)))
	body = append(body, abi.ManifestSection...)
	body = append(body, content...)
	out = append(out, 0)
	out = binary.AppendUvarint(out, uint64(len(body)))
	return append(out, body...), nil
}

// uleb32 reads an unsigned LEB128 number of at most 32 bits; n is 0 on failure.
func uleb32(b []byte) (v uint32, n int) {
	wide, n := binary.Uvarint(b[:min(len(b), 5)])
	if n <= 0 || wide > 1<<32-1 {
		return 0, 0
	}
	return uint32(wide), n
}
