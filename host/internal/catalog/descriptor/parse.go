package descriptor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Parse reads one document. A document that says nothing is Null. Errors are
// Problem, with the line in the file.
func Parse(file string, c Chunk, lim Limits) (Value, error) {
	return parse(file, c, lim, newBudget(lim))
}

// parse is Parse on a budget that several documents may share.
func parse(file string, c Chunk, lim Limits, left *budget) (v Value, err error) {
	defer func() {
		// The YAML library has had panics on malformed input; such a document
		// is refused like any other that cannot be read.
		if r := recover(); r != nil {
			v, err = Value{}, Problem{File: file, Line: c.Line, Reason: "the document cannot be parsed"}
		}
	}()
	if len(c.Text) > lim.Values && weight(c.Text) > lim.Values {
		return Value{}, Problem{File: file, Line: c.Line, Reason: fmt.Sprintf("the document may hold more than %d values; a large text belongs into a file of its own, named by $text", lim.Values)}
	}
	if bytes.HasPrefix(c.Text, []byte("{")) && bytes.ContainsAny(c.Text, lineEndsOfYAML11) && json.Valid(c.Text) {
		return jsonDocument(file, c, lim, left)
	}
	text, restore := hideLineEnds(hideVersion(c.Text))
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return Value{}, nil
		}
		if json.Valid(c.Text) {
			// JSON has what the YAML library lacks: the escape \/, keys of any length.
			return jsonDocument(file, c, lim, left)
		}
		return Value{}, syntaxProblem(file, c.Line, err)
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			return Value{}, syntaxProblem(file, c.Line, err)
		}
		return Value{}, Problem{File: file, Line: c.Line + more.Line - 1, Reason: "a second document starts here without a marker on a line of its own"}
	}
	if len(doc.Content) != 1 {
		return Value{}, nil
	}
	if restore != nil {
		restoreLineEnds(&doc, restore)
	}
	b := builder{file: file, offset: c.Line - 1, lim: lim, budget: left, copies: min(left.copies, allowance(len(c.Text)))}
	return b.value(doc.Content[0], 1)
}

// jsonDocument reads a document that is JSON. Its values know no lines.
func jsonDocument(file string, c Chunk, lim Limits, left *budget) (Value, error) {
	v, err := parseJSON(c.Text, lim.Depth, left)
	if err != nil {
		return Value{}, Problem{File: file, Line: c.Line, Reason: err.Error()}
	}
	return v, nil
}

var versionDirective = regexp.MustCompile(`(?m)^%YAML[ \t]+1\.[0-9]+`)

// hideVersion makes a comment of a %YAML directive: the library refuses 1.2,
// which is what descriptors are.
func hideVersion(text []byte) []byte {
	i := bytes.Index(text, []byte("%YAML"))
	if i < 0 {
		return text
	}
	preamble := text
	if at := bytes.Index(text, []byte("\n---")); at >= 0 {
		preamble = text[:at]
	}
	if m := versionDirective.FindIndex(preamble); m != nil {
		text = bytes.Clone(text)
		text[m[0]] = '#'
	}
	return text
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// syntaxProblem moves the library's line number to where the chunk lies.
func syntaxProblem(file string, first int, err error) Problem {
	reason := strings.TrimPrefix(err.Error(), "yaml: ")
	line := first
	if m := yamlLine.FindStringSubmatch(reason); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			line, reason = first+n-1, reason[len(m[0]):]
		}
	}
	return Problem{File: file, Line: line, Reason: "not valid YAML: " + reason}
}

// builder makes Values of nodes under the limits.
type builder struct {
	file      string
	offset    int // line of the chunk in its file, minus one
	lim       Limits
	budget    *budget
	copies    int64 // bytes that its aliases may still stand for
	expanding []*yaml.Node
}

func (b *builder) problem(n *yaml.Node, format string, args ...any) Problem {
	return Problem{File: b.file, Line: b.offset + n.Line, Reason: fmt.Sprintf(format, args...)}
}

func (b *builder) value(n *yaml.Node, depth int) (Value, error) {
	if !b.budget.value() {
		return Value{}, b.problem(n, "the document has more than %d values once its aliases are expanded", b.lim.Values)
	}
	if depth > b.lim.Depth {
		return Value{}, b.problem(n, "the document is nested deeper than %d levels", b.lim.Depth)
	}
	var v Value
	var err error
	switch n.Kind {
	case yaml.ScalarNode:
		v = scalar(n)
		err = b.copied(n, v.Text, len(b.expanding) > 0)
	case yaml.SequenceNode:
		if err = b.copied(n, "", len(b.expanding) > 0); err != nil {
			break
		}
		v = Value{Type: Array, Items: make([]Value, 0, len(n.Content))}
		for _, item := range n.Content {
			var iv Value
			if iv, err = b.value(item, depth+1); err != nil {
				return Value{}, err
			}
			v.Items = append(v.Items, iv)
		}
	case yaml.MappingNode:
		if err = b.copied(n, "", len(b.expanding) > 0); err == nil {
			v, err = b.object(n, depth)
		}
	case yaml.AliasNode:
		v, err = b.alias(n, depth)
	default:
		err = b.problem(n, "this kind of YAML node is not supported")
	}
	v.Line = int32(b.offset + n.Line) //nolint:gosec // bounded by the size of a file
	return v, err
}

// copied takes a text that an alias repeats from the budget.
func (b *builder) copied(n *yaml.Node, text string, again bool) error {
	if !again {
		return nil
	}
	cost := int64(len(text)) + copyCost
	b.copies -= cost
	b.budget.copies -= cost
	if b.copies < 0 {
		return b.problem(n, "the aliases of the document stand for too much text; say it once, or name a file with $text")
	}
	return nil
}

func scalar(n *yaml.Node) Value {
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		return tagged(n.ShortTag(), n.Value)
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return Value{Type: String, Text: n.Value}
	default:
		return plain(n.Value)
	}
}

func (b *builder) alias(n *yaml.Node, depth int) (Value, error) {
	if n.Alias == nil {
		return Value{}, b.problem(n, "alias *%s has no anchor", n.Value)
	}
	for _, open := range b.expanding {
		if open == n.Alias {
			return Value{}, b.problem(n, "alias *%s is inside what it stands for", n.Value)
		}
	}
	b.expanding = append(b.expanding, n.Alias)
	v, err := b.value(n.Alias, depth)
	b.expanding = b.expanding[:len(b.expanding)-1]
	return v, err
}

func (b *builder) object(n *yaml.Node, depth int) (Value, error) {
	v := Value{Type: Object, Members: make([]Member, 0, len(n.Content)/2)}
	keys := newKeyset(len(n.Content) / 2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, item := n.Content[i], n.Content[i+1]
		if isMerge(k) {
			if err := b.merge(&v, keys, item, depth); err != nil {
				return Value{}, err
			}
			continue
		}
		key, err := b.key(k)
		if err != nil {
			return Value{}, err
		}
		line := b.offset + k.Line
		at, same := keys.find(v.Members, key)
		switch {
		case same && !keys.merged[at]:
			return Value{}, b.problem(k, "key %q is already set at line %d", key, v.Members[at].Line)
		case at >= 0 && !same:
			return Value{}, b.problem(k, "keys %q and %q (line %d) vary only in casing", key, v.Members[at].Key, v.Members[at].Line)
		}
		iv, err := b.value(item, depth+1)
		if err != nil {
			return Value{}, err
		}
		m := Member{Key: key, Line: int32(line), Value: iv} //nolint:gosec // bounded by the size of a file
		if same {
			v.Members[at], keys.merged[at] = m, false
			continue
		}
		v.Members = append(v.Members, m)
		keys.added(v.Members)
	}
	return v, nil
}

// merge adds the members of a << key that are not there yet.
func (b *builder) merge(v *Value, keys *keyset, n *yaml.Node, depth int) error {
	from, err := b.value(n, depth+1)
	if err != nil {
		return err
	}
	sources := []Value{from}
	if from.Type == Array {
		sources = from.Items
	}
	for _, source := range sources {
		if source.Type != Object {
			return b.problem(n, "a merge key (<<) takes a mapping or a list of mappings, not %s", source.Type)
		}
		for _, m := range source.Members {
			at, same := keys.find(v.Members, m.Key)
			if same {
				continue
			}
			if at >= 0 {
				return b.problem(n, "keys %q and %q (line %d) vary only in casing", m.Key, v.Members[at].Key, v.Members[at].Line)
			}
			if !b.budget.value() {
				return b.problem(n, "the document has more than %d values once its merge keys are expanded", b.lim.Values)
			}
			keys.setMerged(len(v.Members))
			v.Members = append(v.Members, m)
			keys.added(v.Members)
		}
	}
	return nil
}

func isMerge(k *yaml.Node) bool {
	return k.Kind == yaml.ScalarNode && k.Value == "<<" && (k.Style == 0 || k.ShortTag() == "!!merge")
}

// key returns a mapping's key as JavaScript would write it as a property.
func (b *builder) key(n *yaml.Node) (string, error) {
	at, again := n, len(b.expanding) > 0
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n, again = n.Alias, true
	}
	if n.Kind != yaml.ScalarNode {
		return "", b.problem(n, "a key must be a string, not a list or an object")
	}
	v := scalar(n)
	return v.Text, b.copied(at, v.Text, again)
}
