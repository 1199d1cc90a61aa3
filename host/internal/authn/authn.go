package authn

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
)

// GuestIssuer is the issuer of subjects that nobody vouches for.
const GuestIssuer = "guest"

// Profile is what the catalog knows of a user.
type Profile struct {
	Ref         string // canonical
	DisplayName string
	Picture     string // URL, may be empty
	Role        string // what the person does, for the list of personas; may be empty
	Ownership   []string
}

// Directory looks people up. Without an entity the profile carries the ref and nothing more.
type Directory interface {
	Profile(ctx context.Context, ref string) Profile
}

// Config is what an Authenticator needs.
type Config struct {
	// Guest lets requests in without credentials. When false every request is
	// of no subject.
	Guest     bool
	Default   string   // canonical ref of the persona of a new browser
	Personas  []string // canonical refs that one may switch to
	Directory Directory
	Sessions  store.Sessions
	Now       func() time.Time
	Lifetime  time.Duration // of a session; default 30 days
}

// Authenticator turns a session cookie into an Authority. It is safe for concurrent use.
type Authenticator struct {
	config Config

	mu    sync.Mutex
	cache map[string]cached
}

type cached struct {
	subject string
	until   time.Time
}

// cacheFor bounds how long a session that was ended elsewhere still counts here.
const cacheFor = time.Second

// New returns an Authenticator.
func New(c Config) *Authenticator {
	if c.Lifetime == 0 {
		c.Lifetime = 30 * 24 * time.Hour
	}
	if c.Default == "" {
		c.Default = "user:development/guest"
	}
	if !slices.Contains(c.Personas, c.Default) {
		c.Personas = append([]string{c.Default}, c.Personas...)
	}
	return &Authenticator{config: c, cache: map[string]cached{}}
}

// Authenticate returns the authority of a request with the given session
// cookie, which may be empty. A cookie that is unknown or expired counts as none.
// Faults: Unauthenticated (there is no way in without credentials), Unavailable.
func (a *Authenticator) Authenticate(ctx context.Context, cookie string) (principal.Authority, error) {
	if !a.config.Guest {
		return principal.Authority{}, fault.New(fault.Unauthenticated, "sign in: guests are let in during development only")
	}
	ref, err := a.subject(ctx, cookie)
	if err != nil {
		return principal.Authority{}, err
	}
	p := a.config.Directory.Profile(ctx, ref)
	return principal.Guest(ref, p.Ownership...), nil
}

func (a *Authenticator) subject(ctx context.Context, cookie string) (string, error) {
	if cookie == "" || len(cookie) > 128 {
		return a.config.Default, nil
	}
	id, now := sessionID(cookie), a.config.Now()
	a.mu.Lock()
	hit, ok := a.cache[id]
	a.mu.Unlock()
	if ok && now.Before(hit.until) {
		return hit.subject, nil
	}
	row, err := a.config.Sessions.GetSession(ctx, id)
	subject := row.Subject
	switch {
	case fault.Is(err, fault.NotFound):
		subject = a.config.Default
	case err != nil:
		return "", err
	case row.Issuer != GuestIssuer || !slices.Contains(a.config.Personas, row.Subject):
		subject = a.config.Default
	}
	a.remember(id, subject, now)
	return subject, nil
}

func (a *Authenticator) remember(id, subject string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.cache) > 10_000 {
		clear(a.cache)
	}
	a.cache[id] = cached{subject, now.Add(cacheFor)}
}

// Personas returns who one may be, the default first.
func (a *Authenticator) Personas(ctx context.Context) []Profile {
	out := make([]Profile, 0, len(a.config.Personas))
	for _, ref := range a.config.Personas {
		out = append(out, a.config.Directory.Profile(ctx, ref))
	}
	return out
}

// Profile returns what is known of a subject.
func (a *Authenticator) Profile(ctx context.Context, ref string) Profile {
	return a.config.Directory.Profile(ctx, ref)
}

// Switch starts a session of another persona, ends the one of the old cookie,
// and returns the new cookie's value and end. Faults: Invalid (no such
// persona), Unauthenticated, Unavailable.
func (a *Authenticator) Switch(ctx context.Context, oldCookie, persona string) (cookie string, expires time.Time, err error) {
	if !a.config.Guest {
		return "", time.Time{}, fault.New(fault.Unauthenticated, "personas exist in development only")
	}
	if !slices.Contains(a.config.Personas, persona) {
		return "", time.Time{}, fault.New(fault.Invalid, "%q is not one of the personas of auth.providers.guest.personas", persona)
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return "", time.Time{}, fault.Wrap(fault.Internal, err, "making a session id")
	}
	cookie = base64.RawURLEncoding.EncodeToString(secret)
	now := a.config.Now()
	row := store.SessionRow{
		ID: sessionID(cookie), Subject: persona, Issuer: GuestIssuer,
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(a.config.Lifetime),
	}
	if err := a.config.Sessions.PutSession(ctx, row); err != nil {
		return "", time.Time{}, err
	}
	if oldCookie != "" {
		old := sessionID(oldCookie)
		a.mu.Lock()
		delete(a.cache, old)
		a.mu.Unlock()
		if err := a.config.Sessions.DeleteSession(ctx, old); err != nil && !fault.Is(err, fault.NotFound) {
			return "", time.Time{}, err
		}
	}
	return cookie, row.ExpiresAt, nil
}

// sessionID is what the store keeps of a cookie: reading the table lets nobody in.
func sessionID(cookie string) string {
	sum := sha256.Sum256([]byte(cookie))
	return hex.EncodeToString(sum[:])
}
