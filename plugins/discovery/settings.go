package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/callboard/callboard/sdk"
)

// settings are plugins.entries.discovery.config, in the words of Backstage's
// catalog.providers.github.
type settings struct {
	Organizations []organization `json:"organizations"`
}

// organization is one place to look at.
type organization struct {
	Organization string  `json:"organization"`
	Type         string  `json:"type"`
	Host         string  `json:"host"`
	CatalogPath  string  `json:"catalogPath"`
	Filters      filters `json:"filters"`

	name *regexp.Regexp
}

type filters struct {
	Branch     string `json:"branch"`
	Repository string `json:"repository"`
	Topic      struct {
		Include []string `json:"include"`
		Exclude []string `json:"exclude"`
	} `json:"topic"`
	AllowForks    *bool `json:"allowForks"`
	AllowArchived bool  `json:"allowArchived"`
}

// complete checks what is configured and fills in the defaults.
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
	if o.CatalogPath == "" {
		o.CatalogPath = "catalog-info.yaml"
	}
	o.CatalogPath = strings.TrimPrefix(o.CatalogPath, "/")
	pattern := o.Filters.Repository
	if pattern == "" {
		pattern = ".*"
	}
	var err error
	if o.name, err = regexp.Compile("^(?:" + pattern + ")$"); err != nil {
		return sdk.Invalid("organization %s: filters.repository is no regular expression: %v", o.Organization, err)
	}
	return nil
}

// prefix is where the organisation's state is kept. Other settings begin anew.
func (o *organization) prefix() string {
	sum := sha256.Sum256([]byte(o.Host + "\x00" + strings.ToLower(o.Organization) + "\x00" + o.CatalogPath + "\x00" + o.Filters.Branch))
	return "repo/" + hex.EncodeToString(sum[:8]) + "/"
}

// listing is the path of the first page of repositories.
func (o *organization) listing() string {
	page := "/repos?per_page=100&type=all&sort=full_name"
	if o.Type == "gitea" {
		page = "/repos?limit=50&page=1"
	}
	return "/orgs/" + url.PathEscape(o.Organization) + page
}

// target is the URL of the descriptors of a repository, with their wildcards.
func (o *organization) target(r *repository) string {
	kind := "/blob/"
	if o.Type == "gitea" {
		kind = "/src/branch/"
	}
	return o.Host + "/" + url.PathEscape(o.Organization) + "/" + url.PathEscape(r.Name) + kind + url.PathEscape(o.branch(r)) + "/" + o.CatalogPath
}

func (o *organization) branch(r *repository) string {
	if o.Filters.Branch != "" {
		return o.Filters.Branch
	}
	return r.DefaultBranch
}

// counts reports whether a repository is one to look at.
func (o *organization) counts(r *repository) bool {
	has := func(topics []string) bool {
		return slices.ContainsFunc(topics, func(t string) bool { return slices.Contains(r.Topics, t) })
	}
	f := o.Filters
	switch {
	case r.Name == "", o.branch(r) == "", r.Empty, r.Disabled:
		return false
	case r.Archived && !f.AllowArchived, r.Fork && f.AllowForks != nil && !*f.AllowForks:
		return false
	case len(f.Topic.Include) > 0 && !has(f.Topic.Include), has(f.Topic.Exclude):
		return false
	default:
		return o.name.MatchString(r.Name)
	}
}

// repository is what the APIs of both types say of one.
type repository struct {
	Name          string   `json:"name"`
	DefaultBranch string   `json:"default_branch"`
	PushedAt      string   `json:"pushed_at"`  // GitHub
	UpdatedAt     string   `json:"updated_at"` // Gitea: changes with every push
	Archived      bool     `json:"archived"`
	Disabled      bool     `json:"disabled"`
	Fork          bool     `json:"fork"`
	Empty         bool     `json:"empty"`
	Topics        []string `json:"topics"`
}

// mark changes when somebody pushed.
func (r *repository) mark(o *organization) string {
	at := r.PushedAt
	if at == "" {
		at = r.UpdatedAt
	}
	return at + " " + o.branch(r)
}
