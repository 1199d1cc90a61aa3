// Command organization brings teams and members of organisations as groups and users.
//
// Owns: what a team and a member become in the catalog.
// Does not own: credentials and rate limits (integrations of the host), who signs in as whom (the host).
// Flow: schedule → members and teams of every organisation → users and groups → the whole bucket at once.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callboard/callboard/sdk"
)

func init() { sdk.Register(plugin()) }

func main() {} // never runs: the module is a library

func plugin() sdk.Plugin {
	return sdk.Plugin{Providers: sdk.Providers{"people": people}}
}

// settings are plugins.entries.organization.config.
type settings struct {
	Organizations []organization `json:"organizations"`
}

// organization is one place to look at.
type organization struct {
	Organization string `json:"organization"`
	Type         string `json:"type"`
	Host         string `json:"host"`
	Namespace    string `json:"namespace"`
}

// maxEntities is how many the catalog takes at once.
const maxEntities = 10_000

// people reads every organisation and brings all of it at once. If one cannot
// be read, nothing changes: half of a company would take the other half's
// rights away.
func people(ctx context.Context) (string, error) {
	config, err := sdk.Config[settings](ctx)
	if err != nil {
		return "", err
	}
	c := &company{users: map[string]*user{}, groups: map[string]*group{}}
	for i := range config.Organizations {
		o := &config.Organizations[i]
		if err := o.complete(); err != nil {
			return "", err
		}
		if err := c.read(ctx, o); err != nil {
			return "", fmt.Errorf("reading %s of %s: %w", o.Organization, o.Host, err)
		}
	}
	entities, err := c.entities()
	if err != nil {
		return "", err
	}
	if len(entities) > maxEntities {
		return "", sdk.Errorf(sdk.CodeExhausted, "%d users and groups, at most %d", len(entities), maxEntities)
	}
	applied, err := sdk.Own(ctx).Catalog().Apply(sdk.CatalogChange{Provider: "people", Full: true, Entities: entities})
	if err != nil {
		return "", err
	}
	for _, p := range applied.Problems {
		if err := sdk.Log(ctx, sdk.LevelWarn, "the catalog did not take an entity as it is", sdk.Attr{Key: "entity", Value: p.Ref}, sdk.Attr{Key: "error", Value: p.Message}); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d users, %d groups, %d problems", len(c.users), len(c.groups), len(applied.Problems)), nil
}

func (o *organization) complete() error {
	if o.Type == "" {
		o.Type = "github"
	}
	if o.Host == "" {
		if o.Type != "github" {
			return sdk.Invalid("organization %s: write its host, like https://git.example.com", o.Organization)
		}
		o.Host = "https://github.com"
	}
	o.Host = strings.TrimRight(o.Host, "/")
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	return nil
}

// company is everybody of all organisations.
type company struct {
	users  map[string]*user  // by login in lower case
	groups map[string]*group // by namespace/name
}

// user is a person, who may be in several organisations.
type user struct {
	member
	host   *organization
	groups map[string]bool // refs
}

// group is a team.
type group struct {
	team
	host   *organization
	parent string // ref
}

func (g *group) ref() string { return "group:" + g.host.Namespace + "/" + g.name() }

// entities are the users and groups, in order.
func (c *company) entities() ([][]byte, error) {
	var out [][]byte
	for _, key := range slices.Sorted(maps.Keys(c.users)) {
		text, err := json.Marshal(c.users[key].entity())
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	for _, key := range slices.Sorted(maps.Keys(c.groups)) {
		text, err := json.Marshal(c.groups[key].entity())
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

// object is a part of an entity.
type object map[string]any

// set adds a text that is not empty.
func (o object) set(key, value string) {
	if value != "" {
		o[key] = value
	}
}

func entity(kind string, metadata, spec object) object {
	return object{"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
}

func (u *user) entity() object {
	profile := object{}
	profile.set("displayName", u.display())
	profile.set("email", u.email())
	profile.set("picture", u.Avatar)
	metadata := object{"name": u.Login, "namespace": "default"}
	if u.host.Type == "github" {
		metadata["annotations"] = object{"github.com/user-login": u.Login}
	}
	return entity("User", metadata, object{"profile": profile, "memberOf": slices.Sorted(maps.Keys(u.groups))})
}

func (g *group) entity() object {
	profile := object{}
	profile.set("displayName", g.Name)
	profile.set("picture", g.Avatar)
	metadata := object{"name": g.name(), "namespace": g.host.Namespace}
	metadata.set("description", g.Description)
	if g.host.Type == "github" {
		metadata["annotations"] = object{"github.com/team-slug": g.host.Organization + "/" + g.Slug}
	}
	spec := object{"type": "team", "profile": profile, "children": []string{}}
	spec.set("parent", g.parent)
	return entity("Group", metadata, spec)
}
