package main

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/callboard/callboard/sdk"
)

// member is what the APIs of both types say of a person.
type member struct {
	Login    string `json:"login"`
	FullName string `json:"full_name"` // Gitea
	Name     string `json:"name"`      // GitHub, where it tells
	Email    string `json:"email"`
	Avatar   string `json:"avatar_url"`
}

func (m *member) display() string {
	for _, name := range []string{m.FullName, m.Name} {
		if strings.TrimSpace(name) != "" {
			return strings.TrimSpace(name)
		}
	}
	return m.Login
}

// email is the address, unless it is one that the host made up.
func (m *member) email() string {
	if strings.Contains(m.Email, "noreply") {
		return ""
	}
	return m.Email
}

// team is what the APIs of both types say of one.
type team struct {
	ID          int64  `json:"id"`
	Slug        string `json:"slug"` // GitHub
	Name        string `json:"name"`
	Description string `json:"description"`
	Avatar      string `json:"avatar_url"`
	Parent      *struct {
		Slug string `json:"slug"`
	} `json:"parent"`
}

// name is that of the group.
func (t *team) name() string {
	if t.Slug != "" {
		return t.Slug
	}
	return strings.Trim(strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
			return c
		default:
			return '-'
		}
	}, strings.ToLower(t.Name)), "-_.")
}

// read adds an organisation.
func (c *company) read(ctx context.Context, o *organization) error {
	org := "/orgs/" + url.PathEscape(o.Organization)
	members, err := list[member](ctx, o, org+"/members"+page(o))
	if err != nil {
		return err
	}
	for _, m := range members {
		c.add(o, m)
	}
	teams, err := list[team](ctx, o, org+"/teams"+page(o))
	if err != nil {
		return err
	}
	for _, t := range teams {
		g := &group{team: t, host: o}
		if t.Parent != nil {
			g.parent = "group:" + o.Namespace + "/" + t.Parent.Slug
		}
		c.groups[o.Namespace+"/"+g.name()] = g
		path := org + "/teams/" + url.PathEscape(t.Slug) + "/members"
		if o.Type == "gitea" {
			path = "/teams/" + strconv.FormatInt(t.ID, 10) + "/members"
		}
		inside, err := list[member](ctx, o, path+page(o))
		if err != nil {
			return err
		}
		for _, m := range inside {
			c.add(o, m).groups[g.ref()] = true
		}
	}
	return nil
}

// add returns the user of a member, who may be known from elsewhere.
func (c *company) add(o *organization, m member) *user {
	key := strings.ToLower(m.Login)
	u := c.users[key]
	if u == nil {
		u = &user{member: m, host: o, groups: map[string]bool{}}
		c.users[key] = u
	}
	return u
}

func page(o *organization) string {
	if o.Type == "gitea" {
		return "?limit=50&page=1"
	}
	return "?per_page=100"
}

// list reads all pages.
func list[T any](ctx context.Context, o *organization, path string) ([]T, error) {
	var out []T
	for path != "" {
		answer, err := sdk.Own(ctx).Sources().Ask(o.Host, path, "")
		if err != nil {
			return nil, err
		}
		var some []T
		if err := answer.JSON(&some); err != nil {
			return nil, err
		}
		if err := answer.Drop(); err != nil {
			return nil, err
		}
		out = append(out, some...)
		path = answer.Next
	}
	return out, nil
}
