package history

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/descriptor"
)

// State is an entity at one moment, as far as readers see it.
type State struct {
	Body      []byte // JSON with uid and etag in metadata, without relations and status
	Relations []catalog.Relation
	Status    []byte // JSON array of status items; nil = healthy
}

// delta leads from the state after a change to the one before it, and says
// what differs. Names are short because there is one for each change of ten
// thousand entities.
type delta struct {
	Body   json.RawMessage `json:"w,omitempty"` // the whole of it before the change; then Fields only say what differs
	ETag   string          `json:"e,omitempty"` // before the change
	Fields []field         `json:"f,omitempty"`
	Gained []relation      `json:"g,omitempty"`
	Lost   []relation      `json:"l,omitempty"`
	Status *status         `json:"s,omitempty"` // nil = as after the change
	More   int             `json:"m,omitempty"` // fields that differ and are not listed
}

// status is the status items before and after a change.
type status struct {
	Before json.RawMessage `json:"b,omitempty"`
	After  json.RawMessage `json:"a,omitempty"` // shown, not needed
}

// field is one place that differs. Before is the whole value, or for a long
// text that is still one what stands between the parts that did not change.
type field struct {
	Path   string          `json:"p"` // JSON pointer
	Before json.RawMessage `json:"b,omitempty"`
	After  json.RawMessage `json:"a,omitempty"` // when it is short
	Splice *splice         `json:"x,omitempty"`
	Was    *digest         `json:"d,omitempty"` // of a long value before
	Is     *digest         `json:"n,omitempty"` // of a long value after
}

// splice makes a text of another one: its first Head bytes, Middle, its last Tail bytes.
type splice struct {
	Head   int    `json:"h"`
	Tail   int    `json:"t"`
	Middle string `json:"m"`
}

// digest stands for a value that is too long to be shown.
type digest struct {
	SHA256 string `json:"d"`
	Bytes  int    `json:"n"` // of the JSON
}

type relation struct {
	Type     string `json:"t"`
	Target   string `json:"r"`
	Incoming bool   `json:"i,omitempty"`
}

// Bounds of what a change tells.
const (
	maxShown  = 512  // bytes of a value; longer ones are a digest
	maxFields = 64   // of one change
	longText  = 1024 // texts from here on are kept as splices
	maxDepth  = 1000 // of JSON that was validated when it came
)

func relationsOf(list []catalog.Relation) []relation {
	out := make([]relation, len(list))
	for i, r := range list {
		out[i] = relation{r.Type, r.TargetRef, r.Incoming}
	}
	return out
}

// encode writes a delta; a nil one is empty.
func (d *delta) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil {
		return nil, fmt.Errorf("encoding a change: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

func decode(raw []byte) (*delta, error) {
	d := &delta{}
	if len(raw) == 0 {
		return d, nil
	}
	if err := json.Unmarshal(raw, d); err != nil {
		return nil, fmt.Errorf("reading a change of the history: %w", err)
	}
	return d, nil
}

// Change is a delta with what it did in short.
type Change struct {
	Fields    bool // what the descriptor or a processor says
	Relations bool
	Status    bool
	Delta     []byte
}

// Compare returns what leads from one state of an entity to the next. same
// says that the bodies differ in nothing but their etag, where the caller
// knows that already.
func Compare(before, after State, same bool) (Change, error) {
	d := &delta{}
	var c Change
	if !same {
		if err := d.compareBodies(before.Body, after.Body); err != nil {
			return c, err
		}
		c.Fields = len(d.Fields) > 0
	}
	if d.ETag == "" {
		d.ETag = etagOf(before.Body)
	}
	d.Gained, d.Lost = differing(relationsOf(before.Relations), relationsOf(after.Relations))
	c.Relations = len(d.Gained)+len(d.Lost) > 0
	if !bytes.Equal(before.Status, after.Status) {
		d.Status = &status{before.Status, after.Status}
		c.Status = true
	}
	var err error
	c.Delta, err = d.encode()
	return c, err
}

// Erase returns the delta of a deletion: everything that the entity was.
func Erase(before State) ([]byte, error) {
	d := &delta{Body: before.Body, Lost: relationsOf(before.Relations)}
	if before.Status != nil {
		d.Status = &status{Before: before.Status}
	}
	return d.encode()
}

// differing returns what is only in after, and what only in before.
func differing(before, after []relation) (gained, lost []relation) {
	was := make(map[relation]bool, len(before))
	for _, r := range before {
		was[r] = true
	}
	for _, r := range after {
		if !was[r] {
			gained = append(gained, r)
		}
		delete(was, r)
	}
	for _, r := range before {
		if was[r] {
			lost = append(lost, r)
		}
	}
	return gained, lost
}

// etagOf returns metadata.etag.
func etagOf(body []byte) string {
	v, err := descriptor.ParseJSON(body, maxDepth)
	if err != nil {
		return ""
	}
	return v.Get("metadata").Get("etag").Str()
}

func (d *delta) compareBodies(before, after []byte) error {
	old, err := descriptor.ParseJSON(before, maxDepth)
	if err != nil {
		return fmt.Errorf("reading the entity before the change: %w", err)
	}
	next, err := descriptor.ParseJSON(after, maxDepth)
	if err != nil {
		return fmt.Errorf("reading the entity after the change: %w", err)
	}
	if metadata := old.Get("metadata"); metadata != nil {
		d.ETag = metadata.Get("etag").Str()
		metadata.Delete("etag")
	}
	if metadata := next.Get("metadata"); metadata != nil {
		metadata.Delete("etag")
	}
	w := differ{}
	w.values("", &old, &next)
	if d.Fields, d.More = w.fields, w.more; w.more == 0 {
		return nil
	}
	// Too much differs to undo it piece by piece.
	d.Body = before
	for i := range d.Fields {
		f := &d.Fields[i]
		if f.Splice = nil; f.Was != nil {
			f.Before = nil
		}
	}
	return nil
}

// shown returns what a change tells of a value: the value, or its digest.
func shown(v *descriptor.Value) (json.RawMessage, *digest) {
	raw := v.AppendJSON(nil)
	if len(raw) <= maxShown {
		return raw, nil
	}
	return raw, digestOf(raw)
}

func digestOf(raw []byte) *digest {
	sum := sha256.Sum256(raw)
	return &digest{hex.EncodeToString(sum[:]), len(raw)}
}

// cut returns how to make before of after.
func cut(before, after string) *splice {
	head := 0
	for head < len(before) && head < len(after) && before[head] == after[head] {
		head++
	}
	tail := 0
	for tail < len(before)-head && tail < len(after)-head && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	// The middle is text of its own in the delta, so no rune may be torn.
	for head > 0 && !utf8.RuneStart(at(before, head)) {
		head--
	}
	for tail > 0 && !utf8.RuneStart(before[len(before)-tail]) {
		tail--
	}
	return &splice{head, tail, before[head : len(before)-tail]}
}

// at returns the byte of s at i, or one that starts a rune behind its end.
func at(s string, i int) byte {
	if i >= len(s) {
		return 0
	}
	return s[i]
}
