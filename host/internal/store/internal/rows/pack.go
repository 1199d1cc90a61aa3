package rows

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/s2"

	"github.com/callboard/callboard/host/internal/store"
)

// The first byte of a packed value says how the rest is kept.
const (
	kept       = 0 // as it is
	compressed = 1 // one s2 block
)

// maxUnpacked bounds what a damaged length may make us allocate.
const maxUnpacked = 1 << 30

var errDamaged = errors.New("packed value is damaged")

// Pack returns raw in the form of a bytes column: compressed where that is
// smaller. nil stays nil, which is SQL's NULL.
func Pack(raw []byte) []byte {
	if raw == nil {
		return nil
	}
	// Entities repeat little within one body: below this size the block's
	// own overhead eats the gain.
	if len(raw) >= 64 {
		out := make([]byte, 1+s2.MaxEncodedLen(len(raw)))
		if block := s2.Encode(out[1:], raw); len(block) < len(raw) {
			out[0] = compressed
			return out[: 1+len(block) : 1+len(block)]
		}
	}
	out := make([]byte, 1+len(raw))
	out[0] = kept
	copy(out[1:], raw)
	return out
}

// Unpack undoes Pack into bytes of its own.
func Unpack(packed []byte) ([]byte, error) {
	if packed == nil {
		return nil, nil
	}
	if len(packed) == 0 {
		return nil, errDamaged
	}
	switch block := packed[1:]; packed[0] {
	case kept:
		return append([]byte{}, block...), nil
	case compressed:
		n, err := s2.DecodedLen(block)
		if err != nil || n > maxUnpacked {
			return nil, errDamaged
		}
		raw, err := s2.Decode(make([]byte, n), block)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errDamaged, err)
		}
		return raw, nil
	default:
		return nil, errDamaged
	}
}

// Nearly every relation starts or ends at the entity that declared it, so the
// declarer's ref is a bit instead of a string.
const (
	sourceIsDeclarer = 1 << iota
	targetIsDeclarer
)

// PackRelations returns what one declarer declared as one value.
//
// One value per declarer, not one row per relation: relations are only ever
// replaced and loaded by declarer, and 10,000 values load about ten times
// faster than 100,000 rows.
func PackRelations(declarer string, relations []store.RelationRow) []byte {
	var b []byte
	for _, r := range relations {
		var flags byte
		if r.Source == declarer {
			flags |= sourceIsDeclarer
		}
		if r.Target == declarer {
			flags |= targetIsDeclarer
		}
		b = append(b, flags)
		b = appendString(b, r.Type)
		if flags&sourceIsDeclarer == 0 {
			b = appendString(b, r.Source)
		}
		if flags&targetIsDeclarer == 0 {
			b = appendString(b, r.Target)
		}
	}
	return Pack(b)
}

// EachRelation undoes PackRelations, one call per relation.
func EachRelation(declarer string, packed []byte, each func(store.RelationRow) error) error {
	raw, err := Unpack(packed)
	if err != nil {
		return err
	}
	for rest := string(raw); rest != ""; {
		flags := rest[0]
		rest = rest[1:]
		if flags > sourceIsDeclarer|targetIsDeclarer {
			return errDamaged
		}
		r := store.RelationRow{Source: declarer, Target: declarer, DeclaredBy: declarer}
		var ok bool
		if r.Type, rest, ok = cutString(rest); !ok {
			return errDamaged
		}
		if flags&sourceIsDeclarer == 0 {
			if r.Source, rest, ok = cutString(rest); !ok {
				return errDamaged
			}
		}
		if flags&targetIsDeclarer == 0 {
			if r.Target, rest, ok = cutString(rest); !ok {
				return errDamaged
			}
		}
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

// PackReferences returns the targets of one source as one value.
func PackReferences(targets []string) []byte {
	var b []byte
	for _, t := range targets {
		b = appendString(b, t)
	}
	return Pack(b)
}

// EachReference undoes PackReferences, one call per target.
func EachReference(source string, packed []byte, each func(store.Reference) error) error {
	raw, err := Unpack(packed)
	if err != nil {
		return err
	}
	for rest := string(raw); rest != ""; {
		var target string
		var ok bool
		if target, rest, ok = cutString(rest); !ok {
			return errDamaged
		}
		if err := each(store.Reference{Source: source, Target: target}); err != nil {
			return err
		}
	}
	return nil
}

// Strings undoes PackReferences.
func Strings(packed []byte) (out []string, err error) {
	err = EachReference("", packed, func(r store.Reference) error {
		out = append(out, r.Target)
		return nil
	})
	return out, err
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// cutString takes one length-prefixed string off s.
func cutString(s string) (head, rest string, ok bool) {
	var n uint64
	for i := 0; i < len(s) && i < binary.MaxVarintLen32; i++ {
		n |= uint64(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			s = s[i+1:]
			if n > uint64(len(s)) {
				return "", "", false
			}
			return s[:n], s[n:], true
		}
	}
	return "", "", false
}
