package outbound

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// Reference names a secret inside of a header value:
//
//	{{secret:jira}}          its value
//	{{secret:jira:base64}}   the value in base64, for "Basic" where the value is user:password
type Reference struct {
	Name   string
	Base64 bool
}

// String returns the reference as it is written.
func (r Reference) String() string {
	if r.Base64 {
		return "{{secret:" + r.Name + ":base64}}"
	}
	return "{{secret:" + r.Name + "}}"
}

const opening = "{{secret"

// References returns the references of a value, in order. What starts as one
// and is none is an error, so that a slip is not sent to anybody.
func References(value string) ([]Reference, error) {
	var out []Reference
	_, err := Fill(value, func(r Reference) (string, error) {
		out = append(out, r)
		return "", nil
	})
	return out, err
}

// Fill replaces each reference by what get returns for its name, encoded as
// the reference asks. What it puts in is not looked at again.
func Fill(value string, get func(Reference) (string, error)) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(value, opening)
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		inside, after, closed := strings.Cut(rest, "}}")
		r, ok := parseReference(inside)
		if !closed || !ok {
			return "", fmt.Errorf("a reference to a secret is written {{secret:name}}, not %.60q", opening+rest)
		}
		text, err := get(r)
		if err != nil {
			return "", err
		}
		if r.Base64 {
			text = base64.StdEncoding.EncodeToString([]byte(text))
		}
		out.WriteString(text)
		value = after
	}
}

func parseReference(inside string) (Reference, bool) {
	parts := strings.Split(inside, ":")
	if len(parts) < 2 || len(parts) > 3 || parts[0] != "" || CheckName(parts[1]) != nil {
		return Reference{}, false
	}
	if len(parts) == 3 && parts[2] != "base64" {
		return Reference{}, false
	}
	return Reference{Name: parts[1], Base64: len(parts) == 3}, true
}

// CheckName holds the name of a secret to its form.
func CheckName(name string) error {
	if name == "" || len(name) > 63 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
		return fmt.Errorf("the name of a secret has 1 to 63 of a-z, 0-9, -, _ and ., not %.60q", name)
	}
	return nil
}
