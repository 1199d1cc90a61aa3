package sdktest

import (
	"net/url"
	"strings"

	"github.com/callboard/callboard/sdk/contract"
)

// match finds the route of a path: text before {name} before {name...}.
func (h *Harness) match(method, path string) (string, []contract.Param) {
	best, bestRank := "", ""
	var bestParams []contract.Param
	for _, r := range h.plugin.Describe().Routes {
		if r.Method != method && (method != "HEAD" || r.Method != "GET") {
			continue
		}
		params, rank, ok := matchPattern(r.Path, path)
		if ok && (best == "" || rank < bestRank) {
			best, bestRank, bestParams = r.Path, rank, params
		}
	}
	return best, bestParams
}

// matchPattern compares segment by segment. rank orders patterns: "0" for
// text, "1" for a name, "2" for the rest.
func matchPattern(pattern, path string) (params []contract.Param, rank string, ok bool) {
	for pattern != "" && pattern != "/" {
		var want, have string
		want, pattern, _ = strings.Cut(pattern[1:], "/")
		if pattern != "" {
			pattern = "/" + pattern
		}
		if name, rest := strings.CutSuffix(want, "...}"); rest {
			return append(params, contract.Param{Name: name[1:], Value: decoded(strings.TrimPrefix(path, "/"))}), rank + "2", true
		}
		if path == "" {
			return nil, "", false
		}
		have, path, _ = strings.Cut(path[1:], "/")
		if path != "" {
			path = "/" + path
		}
		switch {
		case strings.HasPrefix(want, "{") && have != "":
			params = append(params, contract.Param{Name: strings.Trim(want, "{}"), Value: decoded(have)})
			rank += "1"
		case want == have:
			rank += "0"
		default:
			return nil, "", false
		}
	}
	return params, rank, path == "" || path == "/"
}

func decoded(s string) string {
	if out, err := url.PathUnescape(s); err == nil {
		return out
	}
	return s
}
