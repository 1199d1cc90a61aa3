package app

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"

	"github.com/callboard/callboard/host/internal/authn"
	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/entity"
)

// directory is authn.Directory on the catalog: the User's profile, and the
// groups it is a member of with the groups above them. Profiles are kept until
// the catalog changes.
type directory struct {
	reader catalog.Reader

	mu       sync.Mutex
	revision uint64
	profiles map[string]authn.Profile
}

// maxGroups bounds the walk up the group tree.
const maxGroups = 200

// person is the part of a User or Group entity that the directory reads.
type person struct {
	Metadata struct {
		Title       string `json:"title"`
		Description string `json:"description"`
	} `json:"metadata"`
	Spec struct {
		Profile struct {
			DisplayName string `json:"displayName"`
			Picture     string `json:"picture"`
		} `json:"profile"`
	} `json:"spec"`
	Relations []struct {
		Type      string `json:"type"`
		TargetRef string `json:"targetRef"`
	} `json:"relations"`
}

// Profile implements authn.Directory.
func (d *directory) Profile(ctx context.Context, ref string) authn.Profile {
	revision := d.reader.Revision()
	d.mu.Lock()
	if d.revision != revision || d.profiles == nil {
		d.revision, d.profiles = revision, map[string]authn.Profile{}
	}
	p, ok := d.profiles[ref]
	d.mu.Unlock()
	if ok {
		return p
	}
	p = d.look(ctx, ref)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.revision == revision {
		d.profiles[ref] = p
	}
	return p
}

func (d *directory) look(ctx context.Context, ref string) authn.Profile {
	p := authn.Profile{Ref: ref, DisplayName: ref}
	if r, err := entity.ParseRef(ref, "user", ""); err == nil {
		p.DisplayName = r.Name
	}
	user, ok := d.read(ctx, ref)
	if !ok {
		return p
	}
	for _, name := range []string{user.Spec.Profile.DisplayName, user.Metadata.Title} {
		if name != "" {
			p.DisplayName = name
			break
		}
	}
	p.Picture = user.Spec.Profile.Picture
	p.Role = strings.TrimSuffix(strings.TrimSpace(user.Metadata.Description), ".")
	p.Ownership = d.groups(ctx, user)
	return p
}

// groups walks from the user's groups upwards: who owns through a team also
// owns through the teams above it.
func (d *directory) groups(ctx context.Context, user person) []string {
	var out []string
	seen := map[string]bool{}
	queue := targets(user, "memberOf")
	for len(queue) > 0 && len(out) < maxGroups {
		ref := queue[0]
		queue = queue[1:]
		if seen[ref] {
			continue
		}
		seen[ref] = true
		out = append(out, ref)
		if group, ok := d.read(ctx, ref); ok {
			queue = append(queue, targets(group, "childOf")...)
		}
	}
	return out
}

func targets(p person, relation string) []string {
	var out []string
	for _, r := range p.Relations {
		if r.Type == relation {
			out = append(out, r.TargetRef)
		}
	}
	return out
}

func (d *directory) read(ctx context.Context, ref string) (person, bool) {
	var p person
	doc, err := d.reader.Get(ctx, principal.ViewerOf(principal.System()), catalog.GetQuery{Ref: ref})
	if err != nil {
		return p, false
	}
	return p, json.Unmarshal(bytes.Join(doc.Body, nil), &p) == nil
}
