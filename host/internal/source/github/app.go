package github

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/sync/singleflight"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// Times of an app. A token lives an hour.
const (
	early      = 5 * time.Minute  // before a token ends another is asked for
	listedFor  = 10 * time.Minute // how long the list of installations counts
	notAgain   = time.Minute      // an owner that the list does not have is looked for again after this
	proofFor   = 9 * time.Minute  // GitHub takes at most ten
	clockSkew  = time.Minute      // as GitHub advises
	appTimeout = 30 * time.Second // of what several wait for
	maxPages   = 100              // of 100 installations
)

// app is one GitHub App. Its key and its tokens stay in here.
type app struct {
	name   string // "integrations.github[0].apps[0]"
	id     string
	key    *rsa.PrivateKey
	owners []string
	site   source.Site
	now    func() time.Time
	flight singleflight.Group // one question at a time, whoever waits for it

	mu     sync.Mutex
	listed time.Time
	list   []installation
	broken error           // why there is no list
	tokens map[int64]token // by installation
}

type token struct {
	text string
	ends time.Time
}

// newApp reads the key. Fault: Invalid, without a word of the key.
func newApp(name string, a App, site source.Site, now func() time.Time) (*app, error) {
	if a.ID <= 0 {
		return nil, fault.New(fault.Invalid, "%s needs appId, the number that GitHub shows in the settings of the app", name)
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(strings.ReplaceAll(a.PrivateKey, `\n`, "\n")))
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s.privateKey is no RSA key in PEM; write {$file: app.pem} with the file that GitHub made for the app", name)
	}
	return &app{name: name, id: strconv.FormatInt(a.ID, 10), key: key, owners: a.Owners, site: site, now: now, tokens: map[int64]token{}}, nil
}

// proof is the app's own credential: it says who asks for a token.
func (a *app) proof() (source.Credential, error) {
	now := a.now()
	signed, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: a.id, IssuedAt: jwt.NewNumericDate(now.Add(-clockSkew)), ExpiresAt: jwt.NewNumericDate(now.Add(proofFor)),
	}).SignedString(a.key)
	if err != nil {
		return source.Credential{}, fault.New(fault.Internal, "signing as the GitHub App of %s: %w", a.name, err)
	}
	return source.Credential{Name: a.name, Set: bearer(signed)}, nil
}

// ask sends a request as the app and decodes the answer into out.
func (a *app) ask(ctx context.Context, method, target, what string, out any) (http.Header, error) {
	credential, err := a.proof()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, target, http.NoBody)
	if err != nil {
		return nil, fault.New(fault.Invalid, "asking GitHub for %s: %w", what, err)
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("X-Github-Api-Version", apiVersion)
	res, err := a.site.Send(req, what, credential)
	if err != nil {
		return nil, err //nolint:wrapcheck // says what and why
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated {
		return nil, a.refusal(res.StatusCode, what)
	}
	content, err := source.ReadAll(res.Body, "GitHub's answer for "+what, 4<<20)
	if err != nil {
		return nil, err //nolint:wrapcheck // says what and why
	}
	if err := json.Unmarshal(content.Data, out); err != nil { // the fault holds nothing of the answer, which may be a token
		return nil, fault.New(fault.Unavailable, "GitHub answers for %s what is no answer of its API; is the address of %s right?", what, a.site.Name)
	}
	return res.Header, nil
}

func (a *app) refusal(status int, what string) error {
	switch status {
	case http.StatusUnauthorized:
		return fault.New(fault.Denied, "GitHub answers 401 for %s: privateKey and appId of %s do not belong together, the key was deleted, or the clock of this machine is wrong", what, a.name)
	case http.StatusNotFound:
		return fault.New(fault.Denied, "GitHub answers 404 for %s: it has no app with the appId of %s, or the app was just uninstalled", what, a.name)
	case http.StatusForbidden:
		return fault.New(fault.Denied, "GitHub answers 403 for %s: the installation of %s is suspended, or may not give tokens", what, a.name)
	default:
		return fault.New(fault.Unavailable, "GitHub answers %d for %s", status, what)
	}
}

// share runs a question once for all who have it, and lets each of them stop waiting.
func share[T any](ctx context.Context, g *singleflight.Group, key string, question func(ctx context.Context) (T, error)) (T, error) {
	answers := g.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), appTimeout)
		defer cancel()
		return question(ctx)
	})
	var none T
	select {
	case <-ctx.Done():
		return none, fault.Wrap(fault.KindOf(ctx.Err()), ctx.Err(), "GitHub was not asked for a token in time")
	case answer := <-answers:
		if answer.Err != nil {
			return none, answer.Err //nolint:wrapcheck // of question
		}
		return answer.Val.(T), nil //nolint:forcetypeassert // question gives nothing else
	}
}

// installation returns where the app is installed for an owner; nil = nowhere.
func (a *app) installation(ctx context.Context, who owner) (*installation, error) {
	if at, fresh, err := a.known(who); fresh {
		return at, err
	}
	_, err := share(ctx, &a.flight, "installations", func(ctx context.Context) (struct{}, error) {
		if _, fresh, err := a.known(who); fresh {
			return struct{}{}, err
		}
		all, err := a.installations(ctx)
		if err == nil || fault.Is(err, fault.Denied) { // which asking again at once would not change
			a.mu.Lock()
			defer a.mu.Unlock()
			a.list, a.listed, a.broken = all, a.now(), err
		}
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	at, _, err := a.known(who)
	return at, err
}

// known looks into the list, and reports whether it is new enough to tell.
func (a *app) known(who owner) (at *installation, fresh bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	age := a.now().Sub(a.listed)
	for i := range a.list {
		if a.list[i].of(who) {
			return &a.list[i], age < listedFor, nil
		}
	}
	return nil, age < notAgain, a.broken
}

func (a *app) installations(ctx context.Context) ([]installation, error) {
	var all []installation
	target := a.site.Target("/app/installations", map[string][]string{"per_page": {"100"}})
	for range maxPages {
		var page []installation
		header, err := a.ask(ctx, http.MethodGet, target, "the installations of "+a.name, &page)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		next, err := a.site.Next(header)
		if err != nil || next == "" {
			return all, err //nolint:wrapcheck // says what and why
		}
		target = strings.TrimSuffix(a.site.Base.String(), "/") + next
	}
	return nil, fault.New(fault.Exhausted, "the GitHub App of %s has more than %d installations", a.name, maxPages*100)
}

// token returns a token of an installation that is good for a while yet.
func (a *app) token(ctx context.Context, at installation) (string, error) {
	good := func() (string, bool) {
		a.mu.Lock()
		defer a.mu.Unlock()
		t, ok := a.tokens[at.ID]
		return t.text, ok && a.now().Before(t.ends.Add(-early))
	}
	if text, ok := good(); ok {
		return text, nil
	}
	return share(ctx, &a.flight, fmt.Sprintf("token %d", at.ID), func(ctx context.Context) (string, error) {
		if text, ok := good(); ok {
			return text, nil
		}
		var given struct {
			Token     string
			ExpiresAt time.Time `json:"expires_at"`
		}
		target := a.site.Target(fmt.Sprintf("/app/installations/%d/access_tokens", at.ID), nil)
		_, err := a.ask(ctx, http.MethodPost, target, "a token of "+a.name+" for "+at.Account.Login, &given)
		if err == nil && given.Token == "" {
			err = fault.New(fault.Unavailable, "GitHub answers without a token for %s", a.name)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if err != nil {
			if fault.Is(err, fault.Denied) {
				a.listed = time.Time{} // it was suspended or uninstalled since
			}
			return "", err
		}
		a.tokens[at.ID] = token{given.Token, given.ExpiresAt}
		return given.Token, nil
	})
}

// drop forgets a token that GitHub refused, unless there is another already.
func (a *app) drop(id int64, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tokens[id].text == text {
		delete(a.tokens, id)
	}
}
