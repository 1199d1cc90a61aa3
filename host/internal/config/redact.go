package config

import (
	"encoding/json"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What gives a secret away. Configuration holds keys that we do not know (other
// sections, plugins), so names decide beside the definition; hiding a harmless
// value costs little, showing a secret costs much.
var (
	secretWord = regexp.MustCompile(`(?i)(password|passwd|passphrase|pwd|secret|token|credential|authorization|cookie|private[-_.]?key|api[-_.]?key|access[-_.]?key|signature|webhook[-_.]?url|connectionstring|dsn|bearer)`)
	secretTail = regexp.MustCompile(`(^(key|pass|pat|psk|pin)$)|([a-z0-9]Keys?$)|((?i)[-_.](key|keys|pat|pass|psk|auth)$)`)

	// secretForm is text that is secret whatever it is called: keys in PEM,
	// JSON Web Tokens and the tokens of well-known services.
	secretForm = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}|\b(gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk_live_|rk_live_|AKIA|ASIA|AIza)[A-Za-z0-9_-]{10,}`)

	// The last @ ends a password: people write /, ? and @ in it unescaped.
	userInfo   = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://[^/?#\s:@]*:)(\S+)@`)
	userToken  = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^/?#\s:@]{16,}@`)
	assignment = regexp.MustCompile(`(?i)\b([a-z0-9_.-]*(?:password|passwd|pwd|secret|token|api[-_]?key|access[-_]?key|signature|sig))(\s*=\s*)('[^']*'|"[^"]*"|[^&;,\s]+)`)
	scheme     = regexp.MustCompile(`(?i)\b(bearer|basic|token|token token=|api-token|apikey)(\s+)([A-Za-z0-9._~+/=-]{12,})`)
)

// secretName reports whether a key or an environment variable names a secret.
func secretName(name string) bool {
	return secretWord.MatchString(name) || secretTail.MatchString(name)
}

// redactor prints values without their secrets.
type redactor struct{ known []string }

// newRedactor collects the secret values of the tree first, so that a secret
// that is repeated inside another text is hidden there too.
func newRedactor(root *node, definition *spec) *redactor {
	r := &redactor{}
	r.collect(root, "", definition, false)
	slices.SortFunc(r.known, func(a, b string) int { return len(b) - len(a) })
	return r
}

// minKnown is the length below which a secret is too common a text to be hunted
// for in other values.
const minKnown = 6

func (r *redactor) collect(n *node, key string, s *spec, hidden bool) {
	hidden = hidden || isSecret(n, key, s)
	if hidden && (n.kind == kindString || n.kind == kindNumber) && len(n.text) >= minKnown {
		r.known = append(r.known, n.text)
		if escaped := url.QueryEscape(n.text); escaped != n.text {
			r.known = append(r.known, escaped)
		}
	}
	for _, fragment := range n.trace.fragments {
		if len(fragment) >= minKnown {
			r.known = append(r.known, fragment)
		}
	}
	for _, item := range n.list {
		r.collect(item, "", elemOf(s), hidden)
	}
	for _, name := range n.keys {
		r.collect(n.fields[name], name, memberOf(s, name), hidden)
	}
}

// isSecret judges one value by its definition, its key and what fed it. A
// secret-looking key above hides everything below, so lists of tokens count.
func isSecret(n *node, key string, s *spec) bool {
	if s != nil && s.form == formLeaf && s.typ == reflect.TypeFor[Secret]() {
		return true
	}
	// A key that the definition knows, and knows not to be secret, is not judged
	// by its name: plugins.entries.<id>.config.tokens is, backend.auth.keys is not.
	if secretName(key) && (s == nil || s.typ == reflect.TypeFor[Tree]()) {
		return true
	}
	if n.kind != kindString {
		return false
	}
	if n.trace.file != "" && (secretName(key) || secretName(n.trace.file)) {
		return true
	}
	return len(n.trace.fragments) == 0 && slices.ContainsFunc(n.trace.vars, secretName)
}

// value returns what may be shown of a text or number.
func (r *redactor) value(n *node, hidden bool) string {
	if n.text == "" {
		return ""
	}
	if hidden || secretForm.MatchString(n.text) {
		return redacted
	}
	text := n.text
	for _, fragment := range n.trace.fragments {
		if len(fragment) < minKnown {
			return redacted // too short to cut out without showing what surrounds it
		}
		text = strings.ReplaceAll(text, fragment, redacted)
	}
	for _, secret := range r.known {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	text = userInfo.ReplaceAllString(text, "${1}"+redacted+"@")
	text = userToken.ReplaceAllString(text, "${1}"+redacted+"@")
	text = assignment.ReplaceAllString(text, "${1}${2}"+redacted)
	return scheme.ReplaceAllString(text, "${1}${2}"+redacted)
}

// tree copies n with its secrets replaced.
func (r *redactor) tree(n *node, key string, s *spec, hidden bool) *node {
	hidden = hidden || isSecret(n, key, s)
	switch n.kind {
	case kindString, kindNumber:
		text := r.value(n, hidden)
		if text == n.text {
			return n
		}
		return newString(text, n.origin)
	case kindList:
		out := &node{kind: kindList, list: make([]*node, len(n.list)), origin: n.origin}
		for i, item := range n.list {
			out.list[i] = r.tree(item, "", elemOf(s), hidden)
		}
		return out
	case kindObject:
		out := newObject(n.origin)
		for _, name := range n.keys {
			out.set(name, r.tree(n.fields[name], name, memberOf(s, name), hidden))
		}
		return out
	default:
		return n
	}
}

// elemOf and memberOf follow the definition; nil is what it does not know, and
// is judged by its name. The scope of a grant names secrets, it holds none.
func elemOf(s *spec) *spec {
	switch {
	case s == nil:
		return nil
	case s.typ == reflect.TypeFor[Grant]():
		return s
	default:
		return s.elem
	}
}

func memberOf(s *spec, key string) *spec {
	switch {
	case s == nil:
		return nil
	case s.form == formMap:
		return s.elem
	case s.typ == reflect.TypeFor[Grant]():
		return s
	default:
		return s.field(key)
	}
}

// shown is how a message quotes a wrong value: never when it may be secret.
func shown(path string, n *node) string {
	key := path[strings.LastIndex(path, ".")+1:]
	switch n.kind {
	case kindString:
		if text := (&redactor{}).value(n, isSecret(n, key, nil)); len(text) <= 60 {
			return strconv.Quote(text)
		}
		return "a text of " + strconv.Itoa(len(n.text)) + " bytes"
	case kindNumber:
		return (&redactor{}).value(n, isSecret(n, key, nil))
	default:
		return n.kind.String()
	}
}

// RedactedPluginConfig returns the configuration of a plugin as JSON with its
// secrets hidden, nil when there is none: what the plugin itself may read.
// Secrets reach the outside through the secret capability, never through a guest.
func (c *Config) RedactedPluginConfig(id string) json.RawMessage {
	tree := c.Plugins.Entries[id].Config
	if tree.IsZero() {
		return nil
	}
	definition := newSpec(reflect.TypeFor[Tree]())
	return Tree{newRedactor(tree.root, definition).tree(tree.root, "", definition, false)}.JSON()
}
