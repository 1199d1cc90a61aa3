package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// jsonObject is a piece of JSON Schema.
type jsonObject = map[string]any

const redacted = "[redacted]"

// Secret is a text that is never printed: every formatter shows "[redacted]".
type Secret string

// Reveal returns the text itself, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// String returns "[redacted]", or "" for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString keeps %#v from showing the text.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// LogValue keeps structured logs from showing the text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps JSON and other encoders from showing the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s *Secret) decodeLeaf(n *node) error {
	if n.kind != kindString {
		return fmt.Errorf("must be a string, got %s", n.kind)
	}
	*s = Secret(n.text)
	return nil
}

func (*Secret) leafSchema() jsonObject { return jsonObject{"type": "string"} }

// ByteSize is a number of bytes, written as a number or as "64MiB", "8 MB".
type ByteSize int64

var byteUnits = map[string]float64{
	"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

var byteSize = regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*((?:[kKmMgGtT][iI]?)?[bB]|)$`)

func (b *ByteSize) decodeLeaf(n *node) error {
	problem := errors.New("must be a size in bytes such as 64MiB or 500 kB")
	if n.kind != kindNumber && n.kind != kindString {
		return problem
	}
	parts := byteSize.FindStringSubmatch(strings.TrimSpace(n.text))
	if parts == nil {
		return problem
	}
	unit, ok := byteUnits[strings.ToLower(parts[2])]
	amount, err := strconv.ParseFloat(parts[1], 64)
	if !ok || err != nil || amount*unit >= math.MaxInt64 {
		return problem
	}
	*b = ByteSize(amount * unit)
	return nil
}

func (*ByteSize) leafSchema() jsonObject {
	return jsonObject{"anyOf": []any{
		jsonObject{"type": "integer", "minimum": 0},
		jsonObject{"type": "string", "pattern": byteSize.String()},
	}}
}

// String returns the size in the largest binary unit that divides it.
func (b ByteSize) String() string {
	for _, unit := range []struct {
		name string
		size ByteSize
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if b != 0 && b%unit.size == 0 {
			return fmt.Sprintf("%d%s", b/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%dB", int64(b))
}

// Tree is a part of the configuration that the host does not interpret.
type Tree struct{ root *node }

// IsZero reports whether the key is absent.
func (t Tree) IsZero() bool { return t.root == nil }

// JSON returns the value, "null" when it is absent. It holds secrets as they
// are: hand it only to what the operator meant it for.
func (t Tree) JSON() json.RawMessage {
	if t.root == nil {
		return json.RawMessage("null")
	}
	out, err := t.root.MarshalJSON()
	if err != nil { // nodes hold nothing that JSON cannot
		return json.RawMessage("null")
	}
	return out
}

// Origins returns where each value of the tree comes from; "" is its root.
func (t Tree) Origins() Origins {
	out := Origins{}
	if t.root != nil {
		t.root.walk("", func(path string, n *node) { out[path] = n.origin })
	}
	return out
}

func (t *Tree) decodeLeaf(n *node) error {
	t.root = n
	return nil
}

func (*Tree) leafSchema() jsonObject { return jsonObject{} }
