package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Bounds on one load. They are far above any sane configuration and far below
// what would hurt: configuration may be generated, mounted or mistaken.
const (
	maxFileBytes    = 4 << 20
	maxValues       = 200_000
	maxDepth        = 64
	maxIncludes     = 500
	maxIncludeDepth = 16
	maxDigits       = 100
	maxKeyBytes     = 1024
)

var (
	errTooMany = fmt.Errorf("the configuration holds more than %d values (aliases and includes count each time they are used)", maxValues)
	errTooDeep = fmt.Errorf("values are nested more than %d deep", maxDepth)
)

// parser turns bytes into nodes; one parser counts the values of one load.
type parser struct{ values int }

// lineError is a parse failure at a line of the file.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return e.err.Error() }
func (e *lineError) Unwrap() error { return e.err }

func atLine(line int, format string, args ...any) error {
	return &lineError{line, fmt.Errorf(format, args...)}
}

func (p *parser) spend(line, depth int) error {
	if p.values++; p.values > maxValues {
		return &lineError{line, errTooMany}
	}
	if depth > maxDepth {
		return &lineError{line, errTooDeep}
	}
	return nil
}

var (
	yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
	// yamlCountsFromZero are the failures for which the YAML package reports the
	// line one too low, or not at all for the first line.
	yamlCountsFromZero = regexp.MustCompile(`^did not find expected (key|node content|'-' indicator|',' or '.'|<document start>)`)
)

// yaml parses one YAML document by the core schema of YAML 1.2, as Backstage
// does: "yes" is a string, 0777 is a decimal number, "<<" is an ordinary key.
// An empty document is nil.
func (p *parser) yaml(data []byte, file string) (*node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err == nil {
		switch err = decoder.Decode(&second); {
		case err == nil:
			return nil, atLine(second.Line, "a configuration file holds one YAML document, here a second one begins")
		case errors.Is(err, io.EOF):
			err = nil
		}
	}
	if err != nil {
		found := yamlLine.FindStringSubmatch(err.Error())
		line, message := 0, err.Error()
		if found != nil {
			line, _ = strconv.Atoi(found[1]) // absent: the whole file
			message = message[len(found[0]):]
			if yamlCountsFromZero.MatchString(message) {
				line++
			}
		}
		if strings.HasPrefix(message, "unknown anchor") { // it quotes the value, which may be a password
			message = "a value that begins with * refers to no anchor; put it in quotes if it is a text"
		}
		return nil, atLine(line, "not valid YAML: %s", message)
	}
	return p.convert(document.Content[0], Origin{File: file, Line: document.Content[0].Line}, 0, nil)
}

// convert copies a YAML node. open holds the anchors being expanded, since an
// alias may point at a node that contains it.
func (p *parser) convert(y *yaml.Node, at Origin, depth int, open []*yaml.Node) (*node, error) {
	if err := p.spend(y.Line, depth); err != nil {
		return nil, err
	}
	switch y.Kind {
	case yaml.AliasNode:
		for _, anchor := range open {
			if anchor == y.Alias {
				return nil, atLine(y.Line, "alias *%s refers to a value that contains it", y.Value)
			}
		}
		return p.convert(y.Alias, at, depth, append(open[:len(open):len(open)], y.Alias))
	case yaml.MappingNode:
		return p.convertObject(y, at, depth, open)
	case yaml.SequenceNode:
		out := &node{kind: kindList, list: make([]*node, 0, len(y.Content)), origin: at}
		for _, item := range y.Content {
			value, err := p.convert(item, Origin{File: at.File, Line: item.Line}, depth+1, open)
			if err != nil {
				return nil, err
			}
			out.list = append(out.list, value)
		}
		return out, nil
	default:
		return scalar(y, at)
	}
}

func (p *parser) convertObject(y *yaml.Node, at Origin, depth int, open []*yaml.Node) (*node, error) {
	out := newObject(at)
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return nil, atLine(key.Line, "a key must be a plain text, not a list or an object")
		}
		if len(key.Value) > maxKeyBytes {
			return nil, atLine(key.Line, "a key is longer than %d bytes", maxKeyBytes)
		}
		if earlier, ok := out.fields[key.Value]; ok {
			return nil, atLine(key.Line, "key %q is written twice, first in line %d", key.Value, earlier.origin.Line)
		}
		member, err := p.convert(value, Origin{File: at.File, Line: y.Content[i].Line}, depth+1, open)
		if err != nil {
			return nil, err
		}
		out.set(key.Value, member)
	}
	return out, nil
}

var (
	yamlInt   = regexp.MustCompile(`^[-+]?[0-9]+$`)
	yamlHex   = regexp.MustCompile(`^0x[0-9a-fA-F]+$`)
	yamlOctal = regexp.MustCompile(`^0o[0-7]+$`)
	yamlFloat = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	yamlWild  = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
)

func scalar(y *yaml.Node, at Origin) (*node, error) {
	text := newString(y.Value, at)
	if y.Style&yaml.TaggedStyle != 0 {
		switch y.Tag {
		case "!!str", "!":
			return text, nil
		case "!!null", "!!bool", "!!int", "!!float":
		default:
			return nil, atLine(y.Line, "a tag (a word that begins with !) has no meaning in configuration; put the value in quotes if it is a text")
		}
	} else if y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return text, nil
	}
	switch v := y.Value; {
	case v == "" || v == "~" || v == "null" || v == "Null" || v == "NULL":
		return &node{kind: kindNull, origin: at}, nil
	case v == "true" || v == "True" || v == "TRUE":
		return &node{kind: kindBool, flag: true, origin: at}, nil
	case v == "false" || v == "False" || v == "FALSE":
		return &node{kind: kindBool, origin: at}, nil
	case yamlInt.MatchString(v):
		return number(strings.TrimPrefix(v, "+"), 10, at), nil
	case yamlHex.MatchString(v):
		return number(v[2:], 16, at), nil
	case yamlOctal.MatchString(v):
		return number(v[2:], 8, at), nil
	case yamlWild.MatchString(v):
		return nil, atLine(y.Line, "infinity and not-a-number cannot be configured; put the value in quotes if it is a text")
	case yamlFloat.MatchString(v):
		f, err := strconv.ParseFloat(v, 64)
		if err != nil || math.IsInf(f, 0) {
			return nil, atLine(y.Line, "a number is out of range; put it in quotes if it is a text")
		}
		return &node{kind: kindNumber, text: strconv.FormatFloat(f, 'g', -1, 64), origin: at}, nil
	default:
		return text, nil
	}
}

func number(digits string, base int, at Origin) *node {
	n, ok := new(big.Int), false
	if len(digits) <= maxDigits {
		n, ok = n.SetString(digits, base)
	}
	if !ok { // too long to be a number that anybody means: it stays a text
		return newString(digits, at)
	}
	return &node{kind: kindNumber, text: n.String(), origin: at}
}

// json parses one JSON value. With lines, each value gets its line in the
// file at names; without, every value has the origin at itself.
func (p *parser) json(data []byte, at Origin, lines bool) (*node, error) {
	if lines && !utf8.Valid(data) { // the decoder would replace what it cannot read
		return nil, atLine(0, "not valid JSON: the file is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	here := func() Origin {
		if !lines {
			return at
		}
		return Origin{File: at.File, Line: 1 + bytes.Count(data[:decoder.InputOffset()], []byte{'\n'})}
	}
	out, err := p.jsonValue(decoder, here, 0)
	if err != nil {
		var known *lineError
		if errors.As(err, &known) {
			return nil, err
		}
		return nil, atLine(here().Line, "not valid JSON: %v", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, atLine(here().Line, "not valid JSON: more text follows the value")
	}
	return out, nil
}

func (p *parser) jsonValue(decoder *json.Decoder, here func() Origin, depth int) (*node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	at := here()
	if err := p.spend(at.Line, depth); err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case bool:
		return &node{kind: kindBool, flag: v, origin: at}, nil
	case json.Number:
		return &node{kind: kindNumber, text: v.String(), origin: at}, nil
	case string:
		return newString(v, at), nil
	case json.Delim:
		if v == '[' {
			return p.jsonList(decoder, here, depth, at)
		}
		return p.jsonObject(decoder, here, depth, at)
	default:
		return &node{kind: kindNull, origin: at}, nil
	}
}

func (p *parser) jsonList(decoder *json.Decoder, here func() Origin, depth int, at Origin) (*node, error) {
	out := &node{kind: kindList, origin: at}
	for decoder.More() {
		item, err := p.jsonValue(decoder, here, depth+1)
		if err != nil {
			return nil, err
		}
		out.list = append(out.list, item)
	}
	_, err := decoder.Token()
	return out, err
}

func (p *parser) jsonObject(decoder *json.Decoder, here func() Origin, depth int, at Origin) (*node, error) {
	out := newObject(at)
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		key, place := token.(string), here()
		if _, ok := out.fields[key]; ok {
			return nil, atLine(place.Line, "key %q is written twice", key)
		}
		value, err := p.jsonValue(decoder, here, depth+1)
		if err != nil {
			return nil, err
		}
		value.origin = place
		out.set(key, value)
	}
	_, err := decoder.Token()
	return out, err
}

// file parses a file by the ending of its name.
func (p *parser) file(data []byte, name string) (*node, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml":
		return p.yaml(data, name)
	case ".json":
		return p.json(data, Origin{File: name}, true)
	default:
		return nil, fmt.Errorf("only .yaml, .yml and .json files can be included; use $file for a text")
	}
}

// problemOf places a parse error in its file.
func problemOf(name string, err error) Problem {
	at := Origin{File: name}
	var placed *lineError
	if errors.As(err, &placed) {
		at.Line = placed.line
	}
	return Problem{Origin: at, Message: err.Error()}
}
