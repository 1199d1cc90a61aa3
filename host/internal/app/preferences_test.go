package app_test

import (
	"strings"
	"testing"
)

type preferenceList struct {
	Items []struct {
		Key      string
		Revision int
		Value    any
	}
}

// What somebody starred in one browser is there in another, and is nobody
// else's; of two browsers that change the same, the later one looks again.
func TestPreferencesAreAPersonsOwn(t *testing.T) {
	p := example(t)
	put := func(value, seen string) int {
		header := map[string]string{"Content-Type": "application/json"}
		if seen != "" {
			header["If-Match"] = seen
		}
		res, _ := p.Do("PUT", "/api/app/preferences/starred", `{"value":`+value+`}`, header)
		return res.StatusCode
	}
	if got := put(`["component:default/a"]`, `"0"`); got != 200 {
		t.Fatalf("the first write answered %d", got)
	}
	if got := put(`["component:default/b"]`, `"0"`); got != 409 {
		t.Errorf("a write that did not know of the first answered %d", got)
	}
	_, body := p.Get("/api/app/preferences")
	mine := decode[preferenceList](t, body)
	if len(mine.Items) != 1 || mine.Items[0].Key != "starred" || mine.Items[0].Revision < 1 || !strings.Contains(body, `["component:default/a"]`) {
		t.Errorf("%s", body)
	}
	for name, c := range map[string]struct {
		key, body string
		want      int
	}{
		"a key with a slash":    {"a%2Fb", `{"value":1}`, 400},
		"no value":              {"views", `{}`, 400},
		"a value that is large": {"views", `{"value":"` + strings.Repeat("x", 64<<10) + `"}`, 400},
	} {
		if res, body := p.Do("PUT", "/api/app/preferences/"+c.key, c.body, asJSON); res.StatusCode != c.want {
			t.Errorf("%s: %d %s", name, res.StatusCode, body)
		}
	}
	switched, _ := p.Do("POST", "/api/app/session", `{"persona":"user:default/ford.underbridge"}`, asJSON)
	cookie, _, _ := strings.Cut(switched.Header.Get("Set-Cookie"), ";")
	if _, body := p.Do("GET", "/api/app/preferences", "", map[string]string{"Cookie": cookie}); len(decode[preferenceList](t, body).Items) != 0 {
		t.Errorf("somebody else reads %s", body)
	}
	if res, _ := p.Do("DELETE", "/api/app/preferences/starred", "", nil); res.StatusCode != 204 {
		t.Errorf("deleting answered %d", res.StatusCode)
	}
	if _, body := p.Get("/api/app/preferences"); len(decode[preferenceList](t, body).Items) != 0 {
		t.Errorf("what was deleted is there: %s", body)
	}
}
