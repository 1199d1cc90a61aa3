package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callboard/callboard/sdk"
)

// Bounds of one run. What is left is looked at in the next one.
const (
	maxRepositories = 15_000 // of one organisation
	maxLooks        = 1_000  // repositories that are searched
	perChange       = 200    // Location entities of one change of the catalog
	lookAgain       = 24 * time.Hour
	settled         = 2 * time.Minute // a push so long ago is not followed by one with the same time
)

// state is what is remembered of a repository.
type state struct {
	Mark  string   `json:"mark"` // empty = look again next time
	ETag  string   `json:"etag,omitempty"`
	Seen  int64    `json:"seen"`            // when it was looked at, in seconds
	Files []string `json:"files,omitempty"` // URLs of its descriptors
	Name  string   `json:"name,omitempty"`  // of the entity that names them
}

// errQuota ends a run that has used up what one call may ask.
var errQuota = errors.New("the quota of this call is used up")

// run is one look at an organisation.
type run struct {
	ctx          context.Context //nolint:containedctx // it lives as long as the call
	organization *organization
	now          time.Time

	known map[string]state // by name of the repository
	next  map[string]state // what changed of it
	gone  []string

	listed, looked, left, unreadable int
}

func (r *run) summary() string {
	text := fmt.Sprintf("%s: %d repositories, %d looked at", r.organization.Organization, r.listed, r.looked)
	if r.left > 0 {
		text += fmt.Sprintf(", %d left for the next run", r.left)
	}
	if r.unreadable > 0 {
		text += fmt.Sprintf(", %d could not be read", r.unreadable)
	}
	return text
}

func (r *run) run() error {
	var err error
	if r.known, err = r.load(); err != nil {
		return err
	}
	all, err := r.list()
	if err != nil {
		return err
	}
	r.listed, r.next = len(all), map[string]state{}
	present := map[string]bool{}
	for i := range all {
		present[all[i].Name] = true
	}
	for name := range r.known {
		if !present[name] {
			r.gone = append(r.gone, name)
		}
	}
	stopped := r.look(all)
	if err := r.save(); err != nil {
		return err
	}
	return stopped
}

// list returns the repositories that count, all pages of them: only a whole
// list tells which ones are gone.
func (r *run) list() ([]repository, error) {
	o := r.organization
	var out []repository
	read := 0
	for path := o.listing(); path != ""; {
		page, err := sdk.Own(r.ctx).Sources().Ask(o.Host, path, "")
		if err != nil {
			return nil, err
		}
		var some []repository
		if err := page.JSON(&some); err != nil {
			return nil, err
		}
		if err := page.Drop(); err != nil {
			return nil, err
		}
		for i := range some {
			if o.counts(&some[i]) {
				out = append(out, some[i])
			}
		}
		if read += len(some); read > maxRepositories {
			return nil, sdk.Errorf(sdk.CodeExhausted, "%s has more than %d repositories", o.Organization, maxRepositories)
		}
		path = page.Next
	}
	return out, nil
}

// look searches the repositories that were pushed to, those first that were
// not looked at for the longest time. An error that would meet the next ones
// too, such as a rate limit, ends it: the rest waits.
func (r *run) look(all []repository) error {
	due := slices.DeleteFunc(all, func(one repository) bool { return !r.due(&one) })
	slices.SortStableFunc(due, func(a, b repository) int { return int(r.known[a.Name].Seen - r.known[b.Name].Seen) })
	for i := range due {
		if r.looked == maxLooks || r.ctx.Err() != nil {
			r.left = len(due) - i
			return nil //nolint:nilerr // what was found until the deadline counts
		}
		if err := r.search(&due[i]); err != nil {
			r.left = len(due) - i
			if errors.Is(err, errQuota) && r.looked > 0 {
				err = nil // the rest waits for the next run
			}
			return err
		}
		r.looked++
	}
	return nil
}

func (r *run) due(one *repository) bool {
	known, ok := r.known[one.Name]
	return !ok || known.Mark != one.mark(r.organization) || r.now.Sub(time.Unix(known.Seen, 0)) >= lookAgain
}

// search looks for descriptors in one repository.
func (r *run) search(one *repository) error {
	known := r.known[one.Name]
	found, err := sdk.Own(r.ctx).Sources().Search(r.organization.target(one), known.ETag)
	switch code := sdk.CodeOf(err); {
	case err == nil:
	case code == sdk.CodeNotFound: // the branch is not there
		found = sdk.SourceFound{}
	case code == sdk.CodeUnavailable, code == sdk.CodeTimeout:
		return err
	case code == sdk.CodeExhausted && strings.HasPrefix(messageOf(err), "the call"):
		return errQuota
	default: // of this repository alone: too large, or not to be read
		r.unreadable++
		_ = sdk.Log(r.ctx, sdk.LevelWarn, "a repository could not be searched", sdk.Attr{Key: "repository", Value: one.Name}, sdk.Attr{Key: "error", Value: err.Error()})
		return nil
	}
	next := state{Mark: one.mark(r.organization), ETag: found.ETag, Seen: r.now.Unix(), Files: known.Files, Name: r.entity(one.Name)}
	if !found.NotModified {
		next.Files = nil
		for _, m := range found.Matches {
			next.Files = append(next.Files, m.URL)
		}
	}
	// Times have seconds: a push right after this look might have the same one.
	at, _, _ := strings.Cut(next.Mark, " ")
	if pushed, err := time.Parse(time.RFC3339, at); err != nil || r.now.Sub(pushed) < settled {
		next.Mark = ""
	}
	r.next[one.Name] = next
	return nil
}

// save brings the changes to the catalog, and then remembers them: what is cut
// off in between is done again.
func (r *run) save() error {
	names := slices.Sorted(maps.Keys(r.next))
	for some := range slices.Chunk(names, perChange) {
		change := sdk.CatalogChange{Provider: provider}
		var writes []sdk.Write
		for _, name := range some {
			next, known := r.next[name], r.known[name]
			switch {
			case slices.Equal(next.Files, known.Files):
			case len(next.Files) > 0:
				change.Entities = append(change.Entities, r.location(name, next.Files))
			default:
				change.Remove = append(change.Remove, "location:default/"+r.entity(name))
			}
			value, err := json.Marshal(next)
			if err != nil {
				return err
			}
			writes = append(writes, sdk.Write{Key: r.organization.prefix() + name, Value: value})
		}
		if err := apply(r.ctx, change, writes); err != nil {
			return err
		}
	}
	slices.Sort(r.gone)
	gone := map[string]state{}
	for _, name := range r.gone {
		gone[r.organization.prefix()+name] = r.known[name]
	}
	return drop(r.ctx, gone)
}

// drop takes repositories out, by key, and forgets them.
func drop(ctx context.Context, old map[string]state) error {
	for some := range slices.Chunk(slices.Sorted(maps.Keys(old)), perChange) {
		change := sdk.CatalogChange{Provider: provider}
		var writes []sdk.Write
		for _, key := range some {
			if s := old[key]; len(s.Files) > 0 {
				change.Remove = append(change.Remove, "location:default/"+s.Name)
			}
			writes = append(writes, sdk.Write{Key: key, Delete: true})
		}
		if err := apply(ctx, change, writes); err != nil {
			return err
		}
	}
	return nil
}

func apply(ctx context.Context, change sdk.CatalogChange, writes []sdk.Write) error {
	if len(change.Entities)+len(change.Remove) > 0 {
		applied, err := sdk.Own(ctx).Catalog().Apply(change)
		if err != nil {
			return err
		}
		for _, p := range applied.Problems {
			_ = sdk.Log(ctx, sdk.LevelWarn, "a repository could not be brought to the catalog", sdk.Attr{Key: "entity", Value: p.Ref}, sdk.Attr{Key: "error", Value: p.Message})
		}
	}
	return sdk.Own(ctx).KV().Batch(writes...)
}

// location is the entity of one repository. A descriptor that is gone when the
// catalog reads it is no error: the next run takes it out.
func (r *run) location(name string, files []string) []byte {
	text, _ := json.Marshal(map[string]any{ // texts and lists of texts always encode
		"apiVersion": "backstage.io/v1alpha1", "kind": "Location",
		"metadata": map[string]any{
			"name": r.entity(name), "title": r.organization.Organization + "/" + name,
			"description": "Descriptors of " + r.organization.Host + "/" + r.organization.Organization + "/" + name,
		},
		"spec": map[string]any{"type": "url", "targets": files, "presence": "optional"},
	})
	return text
}

// entity names the entity of a repository: so that people recognise it, and
// that no two are the same.
func (r *run) entity(name string) string {
	sum := sha256.Sum256([]byte(r.organization.prefix() + name))
	readable := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(r.organization.Organization+"-"+name))
	return "found-" + strings.Trim(readable[:min(len(readable), 40)], "-") + "-" + hex.EncodeToString(sum[:6])
}

func (r *run) load() (map[string]state, error) {
	out := map[string]state{}
	prefix := r.organization.prefix()
	for after := ""; ; {
		entries, next, err := sdk.Own(r.ctx).KV().Scan(prefix, after, 0)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			var s state
			if json.Unmarshal(e.Value, &s) == nil {
				out[strings.TrimPrefix(e.Key, prefix)] = s
			}
		}
		if after = next; after == "" {
			return out, nil
		}
	}
}

// forget takes out what organisations brought that are configured no more, or
// otherwise.
func forget(ctx context.Context, keep map[string]bool) error {
	old := map[string]state{}
	for after := ""; ; {
		entries, next, err := sdk.Own(ctx).KV().Scan("repo/", after, 0)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if end := strings.LastIndexByte(e.Key, '/') + 1; keep[e.Key[:end]] {
				continue
			}
			var s state
			_ = json.Unmarshal(e.Value, &s) // what cannot be read names nothing
			old[e.Key] = s
		}
		if after = next; after == "" {
			return drop(ctx, old)
		}
	}
}

// messageOf is what the host says of an error.
func messageOf(err error) string {
	var e *sdk.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return ""
}
