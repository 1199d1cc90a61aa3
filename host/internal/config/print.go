package config

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Format is how a configuration is printed.
type Format string

// The formats of Print.
const (
	YAML Format = "yaml"
	JSON Format = "json"
)

// PrintOptions say how to print. The zero value prints YAML without secrets.
type PrintOptions struct {
	Format  Format
	Origins bool // a comment beside each value says where it comes from; YAML only
	Reveal  bool // print secrets as they are
}

// Print writes the merged configuration: what was written, defaults left out.
// Values that are secret, or look so, are "[redacted]" unless asked for.
func (c *Config) Print(w io.Writer, options PrintOptions) error {
	root := c.tree
	if !options.Reveal {
		definition := newSpec(reflect.TypeFor[Config]())
		root = newRedactor(root, definition).tree(root, "", definition, false)
	}
	var err error
	switch options.Format {
	case JSON:
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(root)
	case YAML, "":
		encoder := yaml.NewEncoder(w)
		encoder.SetIndent(2)
		if err = encoder.Encode(yamlNode(root, options.Origins)); err == nil {
			err = encoder.Close()
		}
	default:
		return fmt.Errorf("printing configuration: no format %q", options.Format)
	}
	if err != nil {
		return fmt.Errorf("printing configuration: %w", err)
	}
	return nil
}

func yamlNode(n *node, origins bool) *yaml.Node {
	out := &yaml.Node{Kind: yaml.ScalarNode}
	switch n.kind {
	case kindBool:
		out.Tag, out.Value = "!!bool", fmt.Sprint(n.flag)
	case kindNumber:
		out.Value = n.text
	case kindString:
		out.SetString(n.text)
	case kindList:
		out = &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range n.list {
			out.Content = append(out.Content, yamlNode(item, origins))
		}
	case kindObject:
		out = &yaml.Node{Kind: yaml.MappingNode}
		for _, key := range n.keys {
			name := &yaml.Node{}
			name.SetString(key)
			out.Content = append(out.Content, name, yamlNode(n.fields[key], origins))
		}
	default:
		out.Tag, out.Value = "!!null", "null"
	}
	if origins && out.Kind == yaml.ScalarNode {
		out.LineComment = n.origin.String()
	}
	return out
}
