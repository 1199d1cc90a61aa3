//go:build wasip1

// Command guest is the plugin whose life the tests follow. It is built once; the tests cut
// versions out of it by writing into the marks below, and by the manifest that they put in.
//
// Owns: notes in kv, a greeting from the configuration, a migration of the notes.
// Does not own: what the tests make of it. Flow: request → handler → capability → text.
package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/callboard/callboard/sdk"
)

// The marks. Tests overwrite them in the module, byte for byte.
var (
	version = "@version:1.0.0@"
	health  = "@health:good@"
	schema  = "@schema:1@"
)

func mark(s string) string { return s[strings.IndexByte(s, ':')+1 : len(s)-1] }

func init() {
	sdk.Register(sdk.Plugin{
		Routes: sdk.Routes{
			"GET /version":      answer(func(context.Context, *sdk.Request) (string, error) { return mark(version), nil }),
			"GET /greeting":     answer(greeting),
			"GET /notes/{key}":  answer(read),
			"POST /notes/{key}": answer(write),
			"GET /entities":     answer(entities),
			"GET /crash":        answer(func(context.Context, *sdk.Request) (string, error) { panic("as asked") }),
		},
		Processors: sdk.Processors{"stamp": func(_ context.Context, e *sdk.Entity) error {
			return e.SetAnnotation("example.org/stamped-by", mark(version))
		}},
		Health: func(context.Context) error {
			if mark(health) != "good" {
				return fmt.Errorf("health is %s", mark(health))
			}
			return nil
		},
		Migrate: migrate,
	})
}

func main() {}

func answer(f func(context.Context, *sdk.Request) (string, error)) sdk.Handler {
	return func(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
		text, err := f(ctx, r)
		if err != nil {
			return nil, err
		}
		return sdk.NewResponse(200).Header("Content-Type", "text/plain; charset=utf-8").String(text), nil
	}
}

func greeting(ctx context.Context, _ *sdk.Request) (string, error) {
	conf, err := sdk.Config[struct {
		Greeting string `json:"greeting"`
	}](ctx)
	return conf.Greeting, err
}

func read(ctx context.Context, r *sdk.Request) (string, error) {
	e, err := sdk.Viewer(ctx).KV().Get(r.Param("key"))
	return string(e.Value), err
}

func write(ctx context.Context, r *sdk.Request) (string, error) {
	text, err := r.Body()
	if err != nil {
		return "", err
	}
	_, err = sdk.Viewer(ctx).KV().Set(r.Param("key"), []byte("v"+mark(schema)+" "+string(text)))
	return "kept", err
}

func entities(ctx context.Context, _ *sdk.Request) (string, error) {
	page, err := sdk.Viewer(ctx).Catalog().Query(sdk.CatalogQuery{Limit: 1})
	return fmt.Sprint(page.TotalItems), err
}

// migrate rewrites the first word of each note, and stops in the middle at a
// note called poison.
func migrate(ctx context.Context, from, to int) error {
	kv := sdk.Own(ctx).KV()
	entries, _, err := kv.Scan("", "", 100)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Key == "poison" {
			return sdk.Errorf(sdk.CodeInvalid, "poison cannot go from %d to %d", from, to)
		}
		_, text, _ := strings.Cut(string(e.Value), " ")
		if _, err := kv.Set(e.Key, []byte(fmt.Sprintf("v%d %s", to, text))); err != nil {
			return err
		}
	}
	return nil
}
