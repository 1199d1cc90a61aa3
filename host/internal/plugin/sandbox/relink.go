package sandbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/callboard/callboard/host/internal/plugin/format"
)

// ImportsFrom reports whether a module imports anything from a module of this
// name. It reads no further than the imports and takes bytes that are no
// module for one without any: Scan is for complaints.
func ImportsFrom(module []byte, name string) bool {
	found := false
	_, err := sectionOf(module, format.Import, func(r *format.Reader) {
		for range r.Count() {
			ref := Import{Module: r.Name(), Name: r.Name()}
			skipImport(r)
			if r.Err() != nil {
				return
			}
			found = found || ref.Module == name
		}
	})
	return found && err == nil
}

// Relink returns a module that imports from another module what it imported
// from one of the first name. Everything else stays as it is, bit by bit.
func Relink(module []byte, from, to string) ([]byte, error) {
	var content []byte
	section, err := sectionOf(module, format.Import, func(r *format.Reader) {
		n := r.Count()
		content = binary.AppendUvarint(nil, uint64(n)) //nolint:gosec // a count is not negative
		for range n {
			source := r.Name()
			name := r.Offset()
			r.Name()
			skipImport(r)
			if r.Err() != nil {
				return
			}
			if source == from {
				source = to
			}
			content = binary.AppendUvarint(content, uint64(len(source)))
			content = append(content, source...)
			content = append(content, r.Since(name)...)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("reading the imports of the module: %w", err)
	}
	if content == nil {
		return module, nil
	}
	return slices.Concat(
		module[:section.start], []byte{format.Import}, binary.AppendUvarint(nil, uint64(len(content))), content,
		module[section.end:],
	), nil
}

// extent is where a section lies in its module, with its head.
type extent struct{ start, end int }

// sectionOf reads the first section of a kind, if there is one.
func sectionOf(module []byte, id byte, read func(r *format.Reader)) (extent, error) {
	if !bytes.HasPrefix(module, []byte(format.Magic)) {
		return extent{}, errors.New("it is no module")
	}
	r := format.NewReader(module[len(format.Magic):])
	for r.Left() > 0 {
		start := len(format.Magic) + r.Offset()
		kind := r.Byte()
		content := r.Bytes(r.U32())
		if r.Err() != nil {
			return extent{}, r.Err()
		}
		if kind == id {
			inner := format.NewReader(content)
			read(inner)
			return extent{start, len(format.Magic) + r.Offset()}, inner.Err()
		}
	}
	return extent{}, nil
}

// skipImport skips what follows the names of an import.
func skipImport(r *format.Reader) {
	switch kind := r.Byte(); kind {
	case format.KindFunction:
		r.U32()
	case format.KindTable:
		r.Byte()
		skipLimits(r)
	case format.KindMemory:
		skipLimits(r)
	case format.KindGlobal:
		r.Bytes(2)
	default:
		r.Fail(fmt.Errorf("has an import of unknown kind %d", kind))
	}
}
