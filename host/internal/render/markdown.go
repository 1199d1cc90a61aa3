package render

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/callboard/callboard/host/internal/fault"
)

// MaxSource bounds what one call renders, in bytes.
const MaxSource = 1 << 20

// Heading is one heading of a page, with the id that links reach it by.
type Heading struct {
	Level int
	ID    string
	Text  string
}

// Renderer renders markdown and sanitises HTML. It is safe for concurrent use.
type Renderer struct {
	markdown goldmark.Markdown
	policy   *bluemonday.Policy
}

// New returns a renderer for GitHub-flavoured markdown.
func New() *Renderer {
	policy := bluemonday.UGCPolicy()
	policy.AllowAttrs("id").Matching(bluemonday.SpaceSeparatedTokens).OnElements("h1", "h2", "h3", "h4", "h5", "h6", "li", "sup", "a")
	policy.AllowAttrs("class").Matching(bluemonday.SpaceSeparatedTokens).OnElements("code", "pre", "div", "span", "input", "sup", "a", "li")
	policy.AllowAttrs("type", "checked", "disabled").OnElements("input")
	policy.RequireNoFollowOnFullyQualifiedLinks(true)
	return &Renderer{
		markdown: goldmark.New(
			goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList),
			goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithParagraphTransformers(
				util.Prioritized(guard{}, 1), // before the one of tables
			)),
		),
		policy: policy,
	}
}

// Markdown renders a page and lists its headings. Raw HTML in the source is
// dropped, and the output is sanitised all the same. Fault: Invalid (too large,
// or of a shape that would cost more than its length).
func (r *Renderer) Markdown(source []byte) (_ []byte, headings []Heading, err error) {
	if err := errors.Join(checkSize(source, maxMarkdown), checkLines(source)); err != nil {
		return nil, nil, err
	}
	defer recoverRefusal(&err)
	doc := r.markdown.Parser().Parse(text.NewReader(source))
	err = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		h, ok := n.(*ast.Heading)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		id, _ := h.AttributeString("id")
		idBytes, _ := id.([]byte)
		headings = append(headings, Heading{Level: h.Level, ID: string(idBytes), Text: plainText(h, source)})
		return ast.WalkSkipChildren, nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading headings: %w", err)
	}
	var out bytes.Buffer
	if err := r.markdown.Renderer().Render(&out, source, doc); err != nil {
		return nil, nil, fmt.Errorf("rendering markdown: %w", err)
	}
	if err := checkSize(out.Bytes(), maxHTML); err != nil {
		return nil, nil, err
	}
	return r.policy.SanitizeBytes(out.Bytes()), headings, nil
}

// HTML sanitises a fragment. Fault: Invalid (too large).
func (r *Renderer) HTML(source []byte) ([]byte, error) {
	if err := checkSize(source, MaxSource); err != nil {
		return nil, err
	}
	return r.policy.SanitizeBytes(source), nil
}

func plainText(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(c ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch t := c.(type) {
		case *ast.Text:
			b.Write(t.Segment.Value(source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(t.Value)
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

func checkSize(source []byte, limit int) error {
	if len(source) > limit {
		return fault.New(fault.Invalid, "the text has %d bytes, at most %d can be rendered", len(source), limit)
	}
	return nil
}
