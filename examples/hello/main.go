// Command hello is an example of a company's plugin.
//
// Owns: two routes below /api/hello, and a processor that gives components a tier.
// Does not own: the entities that it reads, the place where its counters are kept.
// Flow: request → handler → Viewer(ctx) → capability → response.
// Build it with "callboard plugin build examples/hello".
package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/sdklog"
)

func init() { sdk.Register(plugin()) }

func main() {} // never runs: the module is a library

func plugin() sdk.Plugin {
	return sdk.Plugin{
		Routes: sdk.Routes{
			"GET /teams/{team}":            team,
			"POST /teams/{team}/greetings": greet,
		},
		Processors: sdk.Processors{"tier": tier},
	}
}

// settings is plugins.entries.hello.config.
type settings struct {
	Greeting string            `json:"greeting"`
	Tiers    map[string]string `json:"tiers"`
}

// team answers the components of a team, as the viewer may see them. The
// entities go to the client without passing through this code.
func team(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	filter, err := sdk.ParseFilter("kind=component,relations.ownedBy=" + teamRef(r))
	if err != nil {
		return nil, err
	}
	page, err := sdk.Viewer(ctx).Catalog().Query(sdk.CatalogQuery{
		Filter: filter, Fields: []string{"metadata.name", "spec.type"},
		Order: []sdk.OrderField{{Field: "metadata.name"}}, Limit: 100,
	})
	if err != nil {
		return nil, err
	}
	greetings, _, err := counter(ctx, r)
	if err != nil {
		return nil, err
	}
	return sdk.NewResponse(200).
		Header("Content-Type", "application/json; charset=utf-8").
		String(fmt.Sprintf(`{"greetings":%d,"components":`, greetings)).
		Handle(page.Handle).
		String("}"), nil
}

// greeting is the answer of greet.
type greeting struct {
	Text  string    `json:"text"`
	Count int       `json:"count"`
	At    time.Time `json:"at"`
}

// greet counts one more greeting of a team that exists.
func greet(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	conf, err := sdk.Config[settings](ctx)
	if err != nil {
		return nil, err
	}
	if conf.Greeting == "" {
		conf.Greeting = "Hello"
	}
	if _, err := sdk.Viewer(ctx).Catalog().Get(teamRef(r), "metadata.name"); err != nil {
		return nil, err
	}
	who, err := sdk.Identity(ctx)
	if err != nil {
		return nil, err
	}
	now, err := sdk.Clock(ctx).Now()
	if err != nil {
		return nil, err
	}
	count, err := increment(ctx, r)
	if err != nil {
		return nil, err
	}
	sdklog.New(ctx).Info("greeted", "team", r.Param("team"), "count", count)
	return sdk.JSON(201, greeting{
		Text:  conf.Greeting + ", " + r.Param("team") + "! from " + who.Ref,
		Count: count, At: now.UTC(),
	}), nil
}

func teamRef(r *sdk.Request) string { return "group:default/" + r.Param("team") }

func key(r *sdk.Request) string { return "greetings/" + r.Param("team") }

// counter returns the count of a team and the revision that it was read at.
func counter(ctx context.Context, r *sdk.Request) (count int, revision uint64, err error) {
	entry, err := sdk.Viewer(ctx).KV().Get(key(r))
	if sdk.CodeOf(err) == sdk.CodeNotFound {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	count, err = strconv.Atoi(string(entry.Value))
	return count, entry.Revision, err
}

// increment adds one with compare-and-set: of two writers who read the same
// revision one gets Conflict and reads again.
func increment(ctx context.Context, r *sdk.Request) (int, error) {
	for ctx.Err() == nil {
		count, revision, err := counter(ctx, r)
		if err != nil {
			return 0, err
		}
		count++
		_, err = sdk.Viewer(ctx).KV().CompareAndSet(key(r), []byte(strconv.Itoa(count)), revision)
		if sdk.CodeOf(err) == sdk.CodeConflict {
			continue
		}
		return count, err
	}
	return 0, ctx.Err()
}

const tierAnnotation = "hello.example.com/tier"

// tier gives a component without a tier the one of its type.
func tier(ctx context.Context, e *sdk.Entity) error {
	if e.Annotation(tierAnnotation) != "" {
		return nil
	}
	conf, err := sdk.Config[settings](ctx)
	if err != nil {
		return err
	}
	kind := e.Get("spec", "type")
	if kind == "" {
		return errors.New("spec.type is empty, so there is no tier for it")
	}
	if value := conf.Tiers[kind]; value != "" {
		return e.SetAnnotation(tierAnnotation, value)
	}
	return nil
}
