package config

import (
	"regexp"
	"strings"
)

var placeholder = regexp.MustCompile(`\$?\$\{[^{}]*\}`)

// environment looks variables up by Backstage's rule: values are trimmed.
type environment func(name string) (string, bool)

func (env environment) lookup(name string) (string, bool) {
	if name == "" {
		return "", false
	}
	value, ok := env(name)
	return strings.TrimSpace(value), ok
}

// substitution is the outcome of replacing ${…} in one text.
type substitution struct {
	text    string
	trace   trace
	missing []string // variables that are not set and have no default
}

// substitute replaces ${NAME} and ${NAME:-default}; $${…} yields a literal
// ${…}. A default counts when the variable is unset or empty. If any variable
// is missing the whole value is to be treated as absent.
func (env environment) substitute(text string) substitution {
	var out substitution
	var b strings.Builder
	end := 0
	for _, at := range placeholder.FindAllStringIndex(text, -1) {
		b.WriteString(text[end:at[0]])
		part := text[at[0]:at[1]]
		end = at[1]
		if strings.HasPrefix(part, "$$") {
			b.WriteString(part[1:])
			continue
		}
		name, fallback, hasDefault := strings.Cut(part[2:len(part)-1], ":-")
		name = strings.TrimSpace(name)
		value, ok := env.lookup(name)
		switch {
		case hasDefault && value == "":
			b.WriteString(fallback)
		case !ok:
			out.missing = append(out.missing, name)
		default:
			b.WriteString(value)
			out.trace.vars = append(out.trace.vars, name)
			if secretName(name) && value != "" {
				out.trace.fragments = append(out.trace.fragments, value)
			}
		}
	}
	b.WriteString(text[end:])
	out.text = b.String()
	return out
}
