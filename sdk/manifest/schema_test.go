package manifest

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write plugin.schema.json")

// TestSchemaIsGenerated holds the committed schema to the types and their
// comments; run with -update after changing them.
func TestSchemaIsGenerated(t *testing.T) {
	got, err := generateSchema(fieldComments(t))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("plugin.schema.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got, schemaFile) {
		t.Error("plugin.schema.json is stale; run: go test ./manifest -update")
	}
}

// fieldComments reads the comments of the manifest's fields, or of their types
// where a field has none, keyed "Type.key".
func fieldComments(t *testing.T) map[string]string {
	out, types := map[string]string{}, map[string]string{}
	var later []func()
	for _, file := range []string{"manifest.go", "model.go", "ui.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.TYPE {
				continue
			}
			spec := gen.Specs[0].(*ast.TypeSpec)
			types[spec.Name.Name] = text(gen.Doc)
			st, ok := spec.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, f := range st.Fields.List {
				if f.Tag == nil {
					continue
				}
				_, tag, _ := strings.Cut(f.Tag.Value, `json:"`)
				name, _, _ := strings.Cut(tag, `"`)
				name, _, _ = strings.Cut(name, ",")
				doc := strings.TrimSpace(text(f.Doc) + " " + text(f.Comment))
				later = append(later, func() {
					if doc == "" {
						doc = types[elementName(f.Type)]
					}
					if doc == "" {
						doc = plain[name]
					}
					out[spec.Name.Name+"."+name] = doc
				})
			}
		}
	}
	for _, f := range later {
		f()
	}
	return out
}

// plain describes the keys that need no comment in the code.
var plain = map[string]string{
	"apiVersion": "Always " + APIVersion + ".", "version": "Semantic version of the plugin.", "title": "Name for people.",
	"description": "One or two sentences for the plugins page.", "licence": "SPDX identifier.", "homepage": "Where to read more.",
}

func text(g *ast.CommentGroup) string {
	return strings.Join(strings.Fields(g.Text()), " ")
}

func elementName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.ArrayType:
		return elementName(e.Elt)
	case *ast.MapType:
		return elementName(e.Value)
	case *ast.StarExpr:
		return elementName(e.X)
	default:
		return ""
	}
}

// TestTheReferenceNamesEveryKey holds docs/plugins/manifest.md to the schema.
func TestTheReferenceNamesEveryKey(t *testing.T) {
	doc, err := os.ReadFile("../../docs/plugins/manifest.md")
	if err != nil {
		t.Skip("the SDK is not beside the docs")
	}
	var root map[string]any
	if err := json.Unmarshal(schemaFile, &root); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, schema map[string]any)
	walk = func(path string, schema map[string]any) {
		properties, _ := schema["properties"].(map[string]any)
		for name, p := range properties {
			key := strings.TrimPrefix(path+"."+name, ".")
			if !bytes.Contains(doc, []byte("`"+key+"`")) {
				t.Errorf("the reference lacks %s", key)
			}
			inner := p.(map[string]any)
			walk(key, inner)
			if items, ok := inner["items"].(map[string]any); ok {
				walk(key+"[]", items)
			}
			if values, ok := inner["additionalProperties"].(map[string]any); ok {
				walk(key+".<name>", values)
			}
		}
	}
	walk("", root)
}
