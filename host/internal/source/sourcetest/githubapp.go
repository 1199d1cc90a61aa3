package sourcetest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// GitHubApp is a GitHub App as a server of GitHub knows it: it answers as the
// REST API documents apps, installations and their tokens. With one a server
// takes no other token than those it gave, and Repo.Token.
type GitHubApp struct {
	ID  int
	Key *rsa.PublicKey

	mu            sync.Mutex
	now           time.Time
	installations []Installation
	given         map[string]given // by token
	page          int              // installations a page
}

// Installation is an app at an owner.
type Installation struct {
	ID        int
	Owner     string
	OwnerID   int
	Suspended bool
}

type given struct {
	installation int
	ends         time.Time
}

// NewGitHubApp returns an app that is installed at owners.
func NewGitHubApp(id int, key *rsa.PublicKey, at ...Installation) *GitHubApp {
	return &GitHubApp{ID: id, Key: key, now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), installations: at, given: map[string]given{}, page: 2}
}

// Now is the server's clock.
func (a *GitHubApp) Now() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

// Pass lets time pass.
func (a *GitHubApp) Pass(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = a.now.Add(d)
}

// Install changes where the app is installed.
func (a *GitHubApp) Install(at ...Installation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.installations = at
}

// Revoke ends all tokens, as somebody at GitHub can.
func (a *GitHubApp) Revoke() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.given)
}

// Given returns how many tokens were given and not revoked.
func (a *GitHubApp) Given() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.given)
}

// owner returns at whom a token is good; false for a token that is none.
func (a *GitHubApp) owner(token string) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	g, ok := a.given[token]
	if !ok || !a.now.Before(g.ends) {
		return "", false
	}
	for _, i := range a.installations {
		if i.ID == g.installation && !i.Suspended {
			return i.Owner, true
		}
	}
	return "", false
}

// signed says what is wrong with a JSON web token, in GitHub's words.
func (a *GitHubApp) signed(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "A JSON web token could not be decoded"
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || rsa.VerifyPKCS1v15(a.Key, crypto.SHA256, sum[:], signature) != nil {
		return "A JSON web token could not be decoded"
	}
	text, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Issuer  string `json:"iss"`
		Issued  int64  `json:"iat"`
		Expires int64  `json:"exp"`
	}
	if err := json.Unmarshal(text, &claims); err != nil || claims.Issuer != strconv.Itoa(a.ID) {
		return "Integration not found"
	}
	now := a.now.Unix()
	if claims.Issued > now {
		return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
	}
	if claims.Expires <= now || claims.Expires > now+600 {
		return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
	}
	return ""
}

// serve answers what only an app itself may ask.
func (a *GitHubApp) serve(w http.ResponseWriter, q *http.Request, base string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	token, _ := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
	if wrong := a.signed(token); wrong != "" {
		refuse(w, http.StatusUnauthorized, wrong)
		return
	}
	rest := strings.TrimPrefix(q.URL.Path, "/app/installations")
	id, isToken := strings.CutSuffix(strings.TrimPrefix(rest, "/"), "/access_tokens")
	i := slices.IndexFunc(a.installations, func(i Installation) bool { return strconv.Itoa(i.ID) == id })
	switch {
	case q.Method == http.MethodGet && rest == "":
		a.list(w, q, base)
	case q.Method != http.MethodPost || !isToken || i < 0:
		refuse(w, http.StatusNotFound, "Not Found")
	case a.installations[i].Suspended:
		refuse(w, http.StatusForbidden, "This installation has been suspended")
	default:
		text := fmt.Sprintf("ghs_canary%d", len(a.given)+1)
		a.given[text] = given{a.installations[i].ID, a.now.Add(time.Hour)}
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{"token": text, "expires_at": a.now.Add(time.Hour).Format(time.RFC3339), "repository_selection": "all"})
	}
}

func (a *GitHubApp) list(w http.ResponseWriter, q *http.Request, base string) {
	page, _ := strconv.Atoi(q.URL.Query().Get("page"))
	from := min(max(page-1, 0)*a.page, len(a.installations))
	to := min(from+a.page, len(a.installations))
	if to < len(a.installations) {
		w.Header().Set("Link", fmt.Sprintf(`<%s/app/installations?per_page=100&page=%d>; rel="next"`, base, max(page, 1)+1))
	}
	out := []map[string]any{}
	for _, i := range a.installations[from:to] {
		one := map[string]any{"id": i.ID, "account": map[string]any{"login": i.Owner, "id": i.OwnerID}, "suspended_at": nil}
		if i.Suspended {
			one["suspended_at"] = a.now.Format(time.RFC3339)
		}
		out = append(out, one)
	}
	_ = json.NewEncoder(w).Encode(out)
}

// organization answers two pages about an owner, of which GitHub's link to the
// second has a number where the first has a name.
func (a *GitHubApp) organization(w http.ResponseWriter, q *http.Request, owner, base string) {
	i := slices.IndexFunc(a.installations, func(i Installation) bool { return i.Owner == owner })
	if i >= 0 && strings.EqualFold(q.URL.Path, "/orgs/"+owner+"/repos") {
		w.Header().Set("Link", fmt.Sprintf(`<%s/organizations/%d/repos?page=2>; rel="next"`, base, a.installations[i].OwnerID))
		sendJSON(w, q, []string{owner + "/first"})
		return
	}
	if i >= 0 && q.URL.Path == fmt.Sprintf("/organizations/%d/repos", a.installations[i].OwnerID) {
		sendJSON(w, q, []string{owner + "/second"})
		return
	}
	refuse(w, http.StatusNotFound, "Not Found")
}
