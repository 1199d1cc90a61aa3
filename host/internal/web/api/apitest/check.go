package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Exchange is a request and its answer.
type Exchange struct {
	Method string
	Target string // path and query, as sent
	Sent   string // the body of the request

	Status int
	Header http.Header
	Body   []byte // decoded; not looked at when the method is HEAD
}

const problemType = "application/problem+json"

// Check fails the test when the API answers what openapi.json does not say:
// another status than an operation names, another media type, another body.
// What plugins answer that are not core is theirs to describe.
func Check(t testing.TB, e Exchange) {
	t.Helper()
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.check(e); err != nil {
		t.Errorf("%s %s: %d: %v\n%.2000s", e.Method, e.Target, e.Status, err, e.Body)
	}
}

// Describes reports whether openapi.json has an operation for a path, which
// is written as there.
func Describes(t testing.TB, method, path string) bool {
	t.Helper()
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return at(d.doc, "paths", path, strings.ToLower(method)) != nil
}

func (d *description) check(e Exchange) error {
	path, _, _ := strings.Cut(e.Target, "?")
	match, _, allowed, described := d.routes.Match(e.Method, path)
	area, below := strings.CutPrefix(path, "/api/")
	area, _, _ = strings.Cut(area, "/")
	switch {
	case described:
		return d.checkAnswer(e, match.Method, match.Pattern)
	case !below, !d.areas[area]:
		return nil // a page, or another plugin's
	case hostile(e.Status) != "":
		return d.refusal(e)
	case e.Status == http.StatusMethodNotAllowed && len(allowed) > 0:
	case e.Status != http.StatusNotFound:
		return fmt.Errorf("openapi.json describes no such path")
	}
	return d.refusal(e)
}

// hostile are the statuses with which the host refuses a request before it
// asks what the request is for, with the reason why no operation names them.
func hostile(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge, http.StatusRequestTimeout, http.StatusExpectationFailed:
		return "the bytes are no request of HTTP"
	case http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return "the body is not read at all"
	case http.StatusMisdirectedRequest:
		return "the request is for another host"
	case http.StatusForbidden:
		return "the page of another site sent it"
	}
	return ""
}

// refusal checks the body that every error below /api has.
func (d *description) refusal(e Exchange) error {
	schema, mediaType := "Problem", problemType
	if strings.HasPrefix(e.Target, "/api/catalog/") {
		schema, mediaType = "CatalogErrorBody", "application/json"
	}
	return d.body(e, map[string]string{mediaType: pointer("components", "schemas", schema)})
}

func (d *description) checkAnswer(e Exchange, method, pattern string) error {
	content, ok := d.answer(method, pattern, strconv.Itoa(e.Status))
	early := hostile(e.Status) != "" && strings.HasPrefix(e.Header.Get("Content-Type"), problemType)
	switch {
	case early: // before the host knew which operation is asked for
		return d.body(e, map[string]string{problemType: pointer("components", "schemas", "Problem")})
	case !ok && e.Status == http.StatusMisdirectedRequest:
		return d.refusal(e)
	case !ok:
		return fmt.Errorf("openapi.json has no such status for %s %s", method, pattern)
	}
	return d.body(e, content)
}

// body checks media type and body. content is where the schema of each media type is.
func (d *description) body(e Exchange, content map[string]string) error {
	if e.Method == http.MethodHead {
		return nil
	}
	if len(content) == 0 {
		if len(e.Body) > 0 {
			return fmt.Errorf("openapi.json describes no body")
		}
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(e.Header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("content type %q: %w", e.Header.Get("Content-Type"), err)
	}
	place, ok := content[mediaType]
	switch {
	case !ok:
		return fmt.Errorf("openapi.json does not describe content of type %s", mediaType)
	case mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json"):
		return nil
	}
	schema, err := d.schema(place, partial(e))
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(e.Body))
	if err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("the body is not as described: %w", err)
	}
	return nil
}

// partial reports whether the request asks for parts of entities, which need
// not have what an entity has.
func partial(e Exchange) bool {
	_, query, _ := strings.Cut(e.Target, "?")
	if values, err := url.ParseQuery(query); err == nil && values.Get("fields") != "" {
		return true
	}
	var sent struct {
		Fields json.RawMessage `json:"fields"`
	}
	return json.Unmarshal([]byte(e.Sent), &sent) == nil && len(sent.Fields) > 0
}
