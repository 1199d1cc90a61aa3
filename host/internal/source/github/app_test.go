package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/source/github"
	"github.com/callboard/callboard/host/internal/source/sourcetest"
)

// rsaKey is the key of every app here that has the right one.
var rsaKey = sync.OnceValues(newKey)

func newKey() (*rsa.PrivateKey, string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// appWorld is a server with a private repository and an app.
type appWorld struct {
	t    *testing.T
	repo *sourcetest.Repo
	app  *sourcetest.GitHubApp
	base string
	pem  string
}

var (
	atO     = sourcetest.Installation{ID: 11, Owner: "o", OwnerID: 101}
	atOther = sourcetest.Installation{ID: 12, Owner: "Other", OwnerID: 102}
	atThird = sourcetest.Installation{ID: 13, Owner: "third", OwnerID: 103}
)

func newAppWorld(t *testing.T, at ...sourcetest.Installation) *appWorld {
	t.Helper()
	key, text := rsaKey()
	w := &appWorld{t: t, repo: sourcetest.NewRepo(), app: sourcetest.NewGitHubApp(7, &key.PublicKey, at...), pem: text}
	w.repo.App = w.app
	w.base = sourcetest.GitHub(t, w.repo)
	return w
}

// host is one with the app, changed by change.
func (w *appWorld) host(change func(c *github.Config)) *github.Host {
	w.t.Helper()
	c := github.Config{
		Name: "integrations.github[0]", BaseURL: w.base, Host: strings.TrimPrefix(w.base, "http://"), Apps: []github.App{{ID: 7, PrivateKey: w.pem}}, Now: w.app.Now,
		HTTP: source.NewPace(sourcetest.Client(), "integrations.github[0]", w.app.Now),
	}
	if change != nil {
		change(&c)
	}
	h, err := github.New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

// asked counts the requests whose line begins with a text.
func (w *appWorld) asked(prefix string) int {
	n := 0
	for _, line := range w.repo.Requested() {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}

const (
	forTokens = "POST /api/v3/app/installations/"
	forList   = "GET /api/v3/app/installations"
)

func read(t *testing.T, h *github.Host) error {
	t.Helper()
	c, err := h.Read(t.Context(), source.Place{Repo: "o/r", Ref: "main", Path: "catalog-info.yaml"}, "")
	if err == nil && len(c.Data) == 0 {
		t.Error("a file without bytes")
	}
	if err != nil && (strings.Contains(err.Error(), "ghs_") || strings.Contains(err.Error(), "PRIVATE KEY") || strings.Contains(err.Error(), "eyJ")) {
		t.Errorf("the error tells a secret: %v", err)
	}
	return err
}

// says checks the kind and the words of an error.
func says(t *testing.T, err error, kind fault.Kind, words ...string) {
	t.Helper()
	for _, word := range words {
		if !fault.Is(err, kind) || !strings.Contains(fault.Message(err), word) {
			t.Errorf("%q is not in: %v", word, err)
		}
	}
}

// A host with an app keeps the promises of a host with a token.
func TestGitHubWithAnApp(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T) sourcetest.Subject {
		w := newAppWorld(t, atO)
		_, wrong := newKey()
		return sourcetest.Subject{
			Host: w.host(nil), Anonym: host(t, w.base, ""), Place: source.Place{Repo: "o/r", Ref: "main"}, Change: w.repo.Change,
			Wrong: w.host(func(c *github.Config) { c.Apps[0].PrivateKey = wrong }),
		}
	})
}

// However many read at once, there is one list and one token.
func TestReadersShareOneToken(t *testing.T) {
	w := newAppWorld(t, atOther, atThird, atO) // two pages
	h := w.host(nil)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := read(t, h); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if tokens, lists := w.asked(forTokens), w.asked(forList); tokens != 1 || lists != 2 {
		t.Errorf("%d tokens and %d pages were asked for", tokens, lists)
	}
}

// A token is replaced before it ends, and at once where GitHub takes it no more.
func TestATokenIsReplaced(t *testing.T) {
	w := newAppWorld(t, atO)
	h := w.host(nil)
	for _, step := range []struct {
		name   string
		first  func()
		tokens int
	}{
		{"at first", func() {}, 1},
		{"while it is good", func() { w.app.Pass(54 * time.Minute) }, 1},
		{"shortly before it ends", func() { w.app.Pass(2 * time.Minute) }, 2},
		{"revoked", w.app.Revoke, 3},
	} {
		step.first()
		if err := read(t, h); err != nil || w.asked(forTokens) != step.tokens {
			t.Errorf("%s: %d tokens, %v", step.name, w.asked(forTokens), err)
		}
	}
}

// Every owner is read with a token of their own, further pages too, which
// GitHub names by number.
func TestTwoOwners(t *testing.T) {
	w := newAppWorld(t, atO, atOther)
	h := w.host(nil)
	if err := read(t, h); err != nil {
		t.Fatal(err)
	}
	a, err := h.Ask(t.Context(), "/orgs/oTHER/repos", "")
	if err != nil || string(a.Data) != `["Other/first"]` {
		t.Fatalf("%s, %v", a.Data, err)
	}
	if a, err = h.Ask(t.Context(), a.Next, ""); err != nil || string(a.Data) != `["Other/second"]` {
		t.Errorf("%s, %v", a.Data, err)
	}
	if w.app.Given() != 2 {
		t.Errorf("%d tokens", w.app.Given())
	}
}

// What is about no owner gets no owner's token, however it is written.
func TestATokenIsForItsOwner(t *testing.T) {
	w := newAppWorld(t, atO, atOther)
	h := w.host(nil)
	for _, path := range []string{"/rate_limit", "/search/code?q=org:o", "/repos", "/user/repos", "/organizations/101x/repos", "/orgs/o%2Fother", "/x?/orgs/o", "/app/installations/11/access_tokens"} {
		if a, err := h.Ask(t.Context(), path, ""); err == nil {
			t.Errorf("%s: %s", path, a.Data)
		}
	}
	if w.app.Given() != 0 {
		t.Errorf("%d tokens were asked for", w.app.Given())
	}
}

// An owner without the app, or whom configuration leaves out, is read with the
// token, and without one as anybody.
func TestAnOwnerThatNoAppCovers(t *testing.T) {
	for _, tc := range []struct {
		name   string
		at     []sourcetest.Installation
		owners []string
		app    bool // the app's token counts
	}{
		{"not installed", []sourcetest.Installation{atOther}, nil, false},
		{"not among the owners", []sourcetest.Installation{atO}, []string{"other"}, false},
		{"no owner at all", []sourcetest.Installation{atO}, []string{}, false},
		{"among the owners, in capitals", []sourcetest.Installation{atO}, []string{"O"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newAppWorld(t, tc.at...)
			with := w.host(func(c *github.Config) { c.Apps[0].Owners, c.Token = tc.owners, w.repo.Token })
			if err := read(t, with); err != nil || (w.app.Given() == 1) != tc.app {
				t.Errorf("with a token beside: %d tokens of the app, %v", w.app.Given(), err)
			}
			err := read(t, w.host(func(c *github.Config) { c.Apps[0].Owners = tc.owners }))
			if tc.app {
				if err != nil {
					t.Error(err)
				}
				return
			}
			says(t, err, fault.NotFound, "private and integrations.github[0] has no credential")
			if w.asked("GET /raw/o/r/main/catalog-info.yaml") != 1 {
				t.Error("it was not read as anybody reads it")
			}
		})
	}
}

// Who installs the app is read with it within a minute; who removes it, no more.
func TestInstallationsComeAndGo(t *testing.T) {
	w := newAppWorld(t)
	h := w.host(nil)
	says(t, read(t, h), fault.NotFound, "no credential")
	says(t, read(t, h), fault.NotFound, "no credential")
	if w.asked(forList) != 1 {
		t.Errorf("the list was read %d times", w.asked(forList))
	}
	w.app.Install(atO)
	w.app.Pass(time.Minute)
	if err := read(t, h); err != nil {
		t.Error(err)
	}
	w.app.Install()
	says(t, read(t, h), fault.Denied, "was just uninstalled")
	says(t, read(t, h), fault.NotFound, "no credential")
}

// What is wrong with an app is said, with the key of configuration, and the
// token beside it does not hide it.
func TestAnAppThatCannotBeUsed(t *testing.T) {
	_, wrong := newKey()
	suspended := atO
	suspended.Suspended = true
	for _, tc := range []struct {
		name   string
		at     sourcetest.Installation
		change func(c *github.Config)
		says   []string
	}{
		{"another key", atO, func(c *github.Config) { c.Apps[0].PrivateKey = wrong }, []string{"401", "integrations.github[0].apps[0]", "privateKey"}},
		{"another app", atO, func(c *github.Config) { c.Apps[0].ID = 8 }, []string{"401", "appId"}},
		{"a wrong clock", atO, func(c *github.Config) {
			now := c.Now
			c.Now = func() time.Time { return now().Add(time.Hour) }
		}, []string{"401", "the clock of this machine"}},
		{"suspended", suspended, nil, []string{"suspended for o", "integrations.github[0].apps[0]"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newAppWorld(t, tc.at)
			h := w.host(func(c *github.Config) {
				c.Token = w.repo.Token
				if tc.change != nil {
					tc.change(c)
				}
			})
			says(t, read(t, h), fault.Denied, tc.says...)
			says(t, read(t, h), fault.Denied, tc.says...)
			if w.asked(forList) != 1 {
				t.Errorf("GitHub was asked %d times at once", w.asked(forList))
			}
		})
	}
}

// Of two apps the one that is installed counts, whatever is wrong with the other.
func TestTheAppThatWorksCounts(t *testing.T) {
	w := newAppWorld(t, atO)
	_, wrong := newKey()
	h := w.host(func(c *github.Config) {
		c.Apps = []github.App{{ID: 8, PrivateKey: wrong}, {ID: 7, PrivateKey: strings.ReplaceAll(w.pem, "\n", `\n`)}} // as environments hold it
	})
	if err := read(t, h); err != nil {
		t.Error(err)
	}
}

// A limit is that of one owner's installation: others are read on.
func TestALimitOfOneOwner(t *testing.T) {
	w := newAppWorld(t, atO, atOther)
	h := w.host(nil)
	if err := read(t, h); err != nil {
		t.Fatal(err)
	}
	limited := func(a http.ResponseWriter) bool {
		a.Header().Set("X-RateLimit-Remaining", "0")
		a.Header().Set("Retry-After", "60")
		a.WriteHeader(http.StatusForbidden)
		return true
	}
	w.repo.SetLimit(limited)
	says(t, read(t, h), fault.Unavailable, "the rate limit of integrations.github[0].apps[0] at o is used up")
	w.repo.SetLimit(nil)
	says(t, read(t, h), fault.Unavailable, "asked again after")
	if _, err := h.Ask(t.Context(), "/orgs/other/repos", ""); err != nil {
		t.Error(err)
	}
}

// A key that is none keeps the portal from starting, without being shown.
func TestAKeyThatIsNone(t *testing.T) {
	for name, app := range map[string]github.App{"privateKey": {ID: 7, PrivateKey: "canary"}, "appId": {PrivateKey: "canary"}} {
		_, err := github.New(github.Config{Name: "integrations.github[0]", Apps: []github.App{app}})
		says(t, err, fault.Invalid, "integrations.github[0].apps[0]", name)
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("the key is in the message: %v", err)
		}
	}
}
