package main

import (
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/sdktest"
)

const config = `{"greeting":"Ahoy","tiers":{"service":"1"}}`

func TestGreetingsAreCounted(t *testing.T) {
	clock := sdktest.NewClock(time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC))
	h := sdktest.New(t, plugin(), sdktest.Catalog("testdata/*.yaml"), sdktest.ConfigJSON(config), sdktest.Now(clock.Now),
		sdktest.As(sdk.Principal{Kind: "user", Ref: "user:default/robin", Mode: "viewer"}))
	for want := 1; want <= 3; want++ {
		var got greeting
		resp := h.Post("/teams/riggers/greetings", "{}")
		resp.JSON(t, &got)
		if resp.Status != 201 || got.Count != want || got.Text != "Ahoy, riggers! from user:default/robin" || !got.At.Equal(clock.Now()) {
			t.Errorf("got %d %+v", resp.Status, got)
		}
	}
	got := h.Get("/teams/riggers")
	if want := `{"greetings":3,"components":[{"metadata":{"name":"curtain"},"spec":{"type":"service"}}]}`; string(got.Body) != want {
		t.Errorf("got %s", got.Body)
	}
	if log := h.Log(); len(log) != 3 || log[2].Attrs["count"] != "3" {
		t.Errorf("log = %+v", log)
	}
}

func TestATeamMustExist(t *testing.T) {
	h := sdktest.New(t, plugin(), sdktest.Catalog("testdata/*.yaml"))
	if got := h.Post("/teams/pirates/greetings", "{}"); got.Status != 404 {
		t.Errorf("status = %d: %s", got.Status, got.Body)
	}
}

func TestAMissingGrantIsNamed(t *testing.T) {
	h := sdktest.New(t, plugin(), sdktest.Catalog("testdata/*.yaml"), sdktest.Grant("catalog"))
	if got := h.Get("/teams/riggers"); got.Status != 403 || !strings.Contains(string(got.Body), "kv") {
		t.Errorf("got %d %s", got.Status, got.Body)
	}
}

func TestTier(t *testing.T) {
	for _, tc := range []struct{ name, entity, want, problem string }{
		{"comes from the type", "{kind: Component, metadata: {name: a}, spec: {type: service}}", "1", ""},
		{"is left as it is", `{kind: Component, metadata: {name: a, annotations: {hello.example.com/tier: "3"}}, spec: {type: service}}`, "", ""},
		{"is not invented", "{kind: Component, metadata: {name: a}, spec: {type: website}}", "", ""},
		{"needs a type", "{kind: Component, metadata: {name: a}, spec: {}}", "", "spec.type is empty, so there is no tier for it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := sdktest.New(t, plugin(), sdktest.ConfigJSON(config)).Process("tier", tc.entity)
			if problem := strings.Join(got.Errors, "; "); problem != tc.problem {
				t.Errorf("problem = %q", problem)
			}
			value := ""
			if metadata, ok := got.Entity["metadata"].(map[string]any); ok {
				value, _ = metadata["annotations"].(map[string]any)[tierAnnotation].(string)
			}
			if value != tc.want {
				t.Errorf("tier = %q, want %q", value, tc.want)
			}
		})
	}
}
