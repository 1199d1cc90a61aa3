package github

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// App is one entry of integrations.github[].apps.
type App struct {
	ID         int64
	PrivateKey string // RSA, in PEM; a line break may be written \n
	// Owners are the organizations and people whose installations count,
	// without regard to case; nil = all.
	Owners []string
}

// apps implements source.Credentials: the token of the app that is installed
// for whom a request is about, else that of configuration.
type apps struct {
	api  *url.URL // the base of the API, to which alone a token goes
	all  []*app
	rest source.Credential
}

func newApps(c Config, site source.Site) (*apps, error) {
	out := &apps{api: site.Base}
	if c.Token != "" {
		out.rest = source.Credential{Name: c.Name, Set: bearer(c.Token)}
	}
	for i, a := range c.Apps {
		made, err := newApp(fmt.Sprintf("%s.apps[%d]", c.Name, i), a, site, c.Now)
		if err != nil {
			return nil, err
		}
		out.all = append(out.all, made)
	}
	return out, nil
}

// For implements source.Credentials. As in Backstage an app that is installed
// but cannot be used is an error, and no reason to read with the token: what
// the app may see is what somebody decided. Where several are installed for
// one owner, the first that works counts.
func (a *apps) For(ctx context.Context, target string) (source.Credential, error) {
	u, err := url.Parse(target)
	if err != nil {
		return source.Credential{}, fault.New(fault.Invalid, "%.200q is no address of GitHub: %w", target, err)
	}
	if !source.SameSite(u, a.api) {
		return source.Credential{}, nil // a raw file, for those who have no token
	}
	who, ok := ownerOf(strings.TrimPrefix(u.EscapedPath(), a.api.EscapedPath()+"/"))
	if !ok {
		return a.rest, nil
	}
	var first error
	for _, app := range a.all {
		c, err := app.credential(ctx, who)
		switch {
		case err == nil && c.Name != "":
			return c, nil
		case first == nil:
			first = err
		}
	}
	if first != nil {
		return source.Credential{}, first
	}
	return a.rest, nil
}

// owner is whom a request is about: a login in lower case, or the number that
// GitHub's own links to further pages have in its place.
type owner struct {
	login string
	id    int64
}

// ownerOf reads the owner from the encoded path of a request: repos/OWNER/…,
// orgs/OWNER/…, users/OWNER/…, organizations/ID/…, user/ID/….
func ownerOf(path string) (owner, bool) {
	kind, rest, _ := strings.Cut(path, "/")
	name, _, _ := strings.Cut(rest, "/")
	name, err := url.PathUnescape(name)
	if err != nil || name == "" {
		return owner{}, false
	}
	switch kind {
	case "repos", "orgs", "users":
		return owner{login: strings.ToLower(name)}, true
	case "organizations", "user":
		id, err := strconv.ParseInt(name, 10, 64)
		return owner{id: id}, err == nil && id > 0
	default:
		return owner{}, false
	}
}

// An installation is an app at one owner.
type installation struct {
	ID      int64
	Account struct {
		ID    int64
		Login string
	}
	SuspendedAt *time.Time `json:"suspended_at"`
}

func (i installation) of(who owner) bool {
	if who.id != 0 {
		return i.Account.ID == who.id
	}
	return strings.EqualFold(i.Account.Login, who.login)
}

// credential returns the token for an owner, none when the app is not
// installed there or may not be used for it.
func (a *app) credential(ctx context.Context, who owner) (source.Credential, error) {
	if who.login != "" && !a.allows(who.login) {
		return source.Credential{}, nil
	}
	at, err := a.installation(ctx, who)
	if err != nil || at == nil || !a.allows(at.Account.Login) {
		return source.Credential{}, err
	}
	if at.SuspendedAt != nil {
		return source.Credential{}, a.suspended(at.Account.Login)
	}
	token, err := a.token(ctx, *at)
	if err != nil {
		return source.Credential{}, err
	}
	return source.Credential{
		Name: a.name + " at " + at.Account.Login, Set: bearer(token), Refused: func() { a.drop(at.ID, token) },
	}, nil
}

func (a *app) allows(login string) bool {
	return a.owners == nil || slices.ContainsFunc(a.owners, func(o string) bool { return strings.EqualFold(o, login) })
}

func (a *app) suspended(login string) error {
	return fault.New(fault.Denied, "the GitHub App of %s is suspended for %s: an owner of it must lift that in the settings of the installation", a.name, login)
}
