package descriptor

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// lineEndsOfYAML11 end lines for the YAML library, but are characters like
// others in JSON and in YAML 1.2, which descriptors are.
const lineEndsOfYAML11 = "\u0085\u2028\u2029"

// hideLineEnds puts characters that the text does not have in the place of
// those, which restore puts back into what was read; nil when there are none.
func hideLineEnds(text []byte) (hidden []byte, restore *strings.Replacer) {
	if !bytes.ContainsAny(text, lineEndsOfYAML11) {
		return text, nil
	}
	var there, back []string
	stand := '\ue000' // the first of 6,400 characters that nobody gave a meaning
	for _, end := range lineEndsOfYAML11 {
		for bytes.ContainsRune(text, stand) {
			stand++
		}
		there = append(there, string(end), string(stand))
		back = append(back, string(stand), string(end))
		stand++
	}
	return []byte(strings.NewReplacer(there...).Replace(string(text))), strings.NewReplacer(back...)
}

// restoreLineEnds puts the characters back into every scalar of a document.
func restoreLineEnds(n *yaml.Node, restore *strings.Replacer) {
	if n.Kind == yaml.ScalarNode {
		n.Value = restore.Replace(n.Value)
	}
	for _, child := range n.Content {
		restoreLineEnds(child, restore)
	}
}
