package manifest

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxSize is the length in bytes beyond which a manifest is refused.
const MaxSize = 1 << 20

// Problem is one thing wrong with a manifest, at a place that can be mended.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"` // 0 = the file as a whole
	Message string `json:"message"`
}

// String writes the problem as compilers do: "plugin.yaml:14: message".
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
}

// Problems is a non-empty list of problems as an error.
type Problems []Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// Parse reads a manifest. file is the name used in messages. The error is
// Problems, each with its line; what could be read is returned beside it.
func Parse(file string, content []byte) (*Manifest, error) {
	m := &Manifest{file: file}
	whole := func(format string, args ...any) (*Manifest, error) {
		return m, Problems{{File: file, Message: fmt.Sprintf(format, args...)}}
	}
	if len(content) > MaxSize {
		return whole("is %d bytes long; the limit is %d", len(content), MaxSize)
	}
	dec := yaml.NewDecoder(strings.NewReader(string(content)))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return whole("is empty")
	case err != nil:
		return whole("%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return whole("holds more than one YAML document")
	}
	d := &decoder{file: file}
	d.value(doc.Content[0], reflect.ValueOf(m).Elem(), "", 0)
	d.rules(m, doc.Content[0])
	if len(d.problems) > 0 {
		slices.SortStableFunc(d.problems, func(a, b Problem) int { return a.Line - b.Line })
		return m, Problems(d.problems)
	}
	return m, nil
}
