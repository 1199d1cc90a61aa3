package config

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
)

// ParseLimits reads limits as plugins.entries.<id>.limits writes them, from
// JSON that comes from elsewhere than a file. Fault: Invalid, with every
// mistake, the key that it is about and what would be right.
func ParseLimits(text []byte) (Limits, error) {
	var out Limits
	n, err := new(parser).json(text, Origin{}, false)
	if err != nil {
		return out, fault.New(fault.Invalid, "limits are not JSON: %w", err)
	}
	report := &Report{}
	d := decoder{report: report}
	definition := specOf(reflect.TypeFor[Limits](), `own:"true"`, &spec{})
	d.decode(n, definition, "limits", reflect.ValueOf(&out).Elem())
	if len(report.Problems) > 0 {
		messages := make([]string, len(report.Problems))
		for i, p := range report.Problems {
			messages[i] = p.Message
		}
		return Limits{}, fault.New(fault.Invalid, "%s", strings.Join(messages, "\n"))
	}
	return out, nil
}

// RedactedJSON returns a plugin's configuration with its secrets hidden, as
// RedactedPluginConfig does for what a file says. Fault: Invalid (not JSON).
func RedactedJSON(text []byte) (json.RawMessage, error) {
	n, err := new(parser).json(text, Origin{}, false)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the configuration is not JSON: %w", err)
	}
	definition := newSpec(reflect.TypeFor[Tree]())
	return Tree{newRedactor(n, definition).tree(n, "", definition, false)}.JSON(), nil
}
