package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Reference returns the keys of the configuration as Markdown tables, one a
// section, made from the definition.
func Reference() string {
	var b strings.Builder
	for _, f := range newSpec(reflect.TypeFor[Config]()).fields {
		fmt.Fprintf(&b, "### `%s`\n\n%s", f.key, f.doc)
		switch {
		case f.own:
			b.WriteString(" Unknown keys are errors.")
		default:
			b.WriteString(" Unknown keys are kept and listed by `config check`.")
		}
		b.WriteString("\n\n")
		if len(f.fields) > 0 {
			b.WriteString("| key | type | default | meaning |\n| --- | --- | --- | --- |\n")
			f.rows(&b, f.key)
			b.WriteString("\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// rows writes the rows below path; what changes without a restart is marked.
func (s *spec) rows(b *strings.Builder, path string) {
	switch s.form {
	case formList:
		s.elem.rows(b, path+"[]")
	case formMap:
		s.elem.rows(b, path+".*")
	case formObject:
		for _, f := range s.fields {
			at := join(path, f.key)
			meaning := f.doc
			if f.example != "" {
				meaning += " Example: `" + f.example + "`."
			}
			if f.live {
				meaning += " ↻"
			}
			fallback := ""
			if f.fallback != "" {
				fallback = "`" + f.fallback + "`"
			}
			fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", at, f.typeName(), fallback, strings.ReplaceAll(meaning, "|", "\\|"))
			f.rows(b, at)
		}
	}
}

// typeName is the type as the reference shows it.
func (s *spec) typeName() string {
	name := ""
	switch s.form {
	case formText:
		name = "string"
		if len(s.enum) > 0 {
			name = "`" + strings.Join(s.enum, "`, `") + "`"
		}
	case formFlag:
		name = "boolean"
	case formNumber:
		name = "number"
	case formList:
		name = "list of " + s.elem.typeName()
	case formMap, formObject:
		name = "object"
	case formLeaf:
		name = leafNames()[s.typ]
	}
	if s.short {
		name = shortNames()[s.typ] + " or " + name
	}
	return name
}

func leafNames() map[reflect.Type]string {
	return map[reflect.Type]string{
		reflect.TypeFor[Secret]():     "secret string",
		reflect.TypeFor[Duration]():   "duration",
		reflect.TypeFor[ByteSize]():   "size",
		reflect.TypeFor[Port]():       "port",
		reflect.TypeFor[CORSOrigin](): "string, list or boolean",
		reflect.TypeFor[Grant]():      "boolean or object",
		reflect.TypeFor[Tree]():       "anything",
	}
}

func shortNames() map[reflect.Type]string {
	return map[reflect.Type]string{
		reflect.TypeFor[Addr]():       "string",
		reflect.TypeFor[Connection](): "string",
		reflect.TypeFor[SSL]():        "boolean",
		reflect.TypeFor[HTTPS]():      "boolean",
		reflect.TypeFor[Texts]():      "string",
		reflect.TypeFor[Deadlines]():  "duration",
	}
}
