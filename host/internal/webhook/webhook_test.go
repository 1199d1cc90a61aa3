package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store/sqlite"
	"github.com/callboard/callboard/host/internal/webhook"
)

// rig is Hooks on a real store.
type rig struct {
	*webhook.Hooks
	now      time.Time
	pushed   []source.Push
	told     []webhook.Notice
	failures int // of Pushed, to come
}

func newRig(t *testing.T, topics ...webhook.Topic) *rig {
	t.Helper()
	r := &rig{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "callboard.db"), Clock: func() time.Time { return r.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	r.Hooks, err = webhook.New(webhook.Config{
		Topics: topics, Seen: db, Now: func() time.Time { return r.now }, Log: slog.New(slog.DiscardHandler),
		Pushed: func(_ context.Context, n webhook.Notice) error {
			if r.failures > 0 {
				r.failures--
				return fault.New(fault.Unavailable, "the database is away")
			}
			r.pushed = append(r.pushed, *n.Push)
			return nil
		},
		Publish: func(_ context.Context, n webhook.Notice) { r.told = append(r.told, n) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) deliver(topic, body string, header map[string]string) (webhook.Outcome, error) {
	return r.Deliver(context.Background(), topic, func(name string) string { return header[name] }, []byte(body))
}

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

func github(secret, event, body string) map[string]string {
	return map[string]string{"X-GitHub-Event": event, "X-GitHub-Delivery": "1-2", "X-Hub-Signature-256": "sha256=" + sign(secret, body)}
}

const push = `{"ref":"refs/heads/main","before":"a1","after":"b2","repository":{"html_url":"https://github.com/o/r","default_branch":"main"},
	"commits":[{"added":["new/catalog-info.yaml"],"modified":["catalog-info.yaml"],"removed":[]},{"modified":["catalog-info.yaml"],"removed":["old.yaml"]}]}`

func TestADeliveryIsWhatItSays(t *testing.T) {
	gitlab := func(event string) map[string]string {
		return map[string]string{"X-Gitlab-Event": event, "X-Gitlab-Token": "s", "X-Gitlab-Event-UUID": "u"}
	}
	gitea := func(body string) map[string]string {
		return map[string]string{"X-Gitea-Event": "push", "X-Gitea-Signature": sign("s", body)}
	}
	on := func(repository string, files ...string) *source.Push {
		return &source.Push{Repository: repository, Branch: "main", Default: true, Files: files, All: len(files) == 0}
	}
	lab := func(total int) string {
		return fmt.Sprintf(`{"ref":"refs/heads/main","before":"a1","after":"b2","total_commits_count":%d,
			"project":{"web_url":"https://gitlab.com/g/s/r","default_branch":"main"},"commits":[{"added":["a.yaml"]}]}`, total)
	}
	edit := func(old, now string) string { return strings.Replace(push, old, now, 1) }
	for _, tc := range []struct {
		name, topic, body string
		header            map[string]string
		want              *source.Push
	}{
		{"a push to GitHub", "github", push, github("s", "push", push), on("https://github.com/o/r", "catalog-info.yaml", "new/catalog-info.yaml", "old.yaml")},
		{"a push to Gitea", "gitea", push, gitea(push), on("https://github.com/o/r", "catalog-info.yaml", "new/catalog-info.yaml", "old.yaml")},
		{"a push to GitLab", "gitlab", lab(1), gitlab("Push Hook"), on("https://gitlab.com/g/s/r", "a.yaml")},
		{"more commits than are listed", "gitlab", lab(21), gitlab("Push Hook"), on("https://gitlab.com/g/s/r")},
		{"a forced push", "github", edit(`"before"`, `"forced":true,"before"`), nil, on("https://github.com/o/r")},
		{"a new branch", "github", edit("a1", "0000000000"), nil, on("https://github.com/o/r")},
		{"a deleted branch", "github", edit("b2", "0000000000"), nil, on("https://github.com/o/r")},
		{
			"another branch", "github", edit("refs/heads/main", "refs/heads/feature/x"), nil,
			&source.Push{Repository: "https://github.com/o/r", Branch: "feature/x", Files: []string{"catalog-info.yaml", "new/catalog-info.yaml", "old.yaml"}},
		},
		{"a tag", "github", edit("refs/heads/main", "refs/tags/v1"), nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, webhook.Topic{Name: "github", Secrets: []string{"s"}}, webhook.Topic{Name: "gitea", Secrets: []string{"s"}}, webhook.Topic{Name: "gitlab", Secrets: []string{"s"}})
			if tc.header == nil {
				tc.header = github("s", "push", tc.body)
			}
			out, err := r.deliver(tc.topic, tc.body, tc.header)
			if err != nil || out.Event != "push" || out.Accepted != (tc.want != nil) {
				t.Fatalf("outcome %+v, %v", out, err)
			}
			if len(r.told) != 1 || !reflect.DeepEqual(r.told[0].Push, tc.want) {
				t.Errorf("told %+v, want %+v", r.told, tc.want)
			}
			if tc.want != nil && (len(r.pushed) != 1 || !reflect.DeepEqual(r.pushed[0], *tc.want)) {
				t.Errorf("pushed %+v, want %+v", r.pushed, tc.want)
			}
		})
	}
}

func TestOtherEventsTouchTheRepositoryOrNothing(t *testing.T) {
	r := newRig(t, webhook.Topic{Name: "github", Secrets: []string{"s"}})
	for event, touches := range map[string]bool{"ping": false, "issues": false, "repository": true, "delete": true} {
		body := fmt.Sprintf(`{"action":"%s","repository":{"html_url":"https://github.com/o/r"}}`, event)
		r.pushed = nil
		out, err := r.deliver("github", body, github("s", event, body))
		if err != nil || out.Accepted != touches || len(r.pushed) == 1 != touches {
			t.Errorf("%s: %+v, %v, %+v", event, out, err, r.pushed)
		}
	}
}

// GitHub's own example:
// https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
func TestGitHubsExampleIsSigned(t *testing.T) {
	r := newRig(t, webhook.Topic{Name: "github", Secrets: []string{"It's a Secret to Everybody"}})
	_, err := r.deliver("github", "Hello, World!", map[string]string{
		"X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
	})
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "no JSON object") {
		t.Errorf("signed by GitHub's example, it is refused with %v", err)
	}
}

func TestForgedDeliveriesDoNothing(t *testing.T) {
	other := strings.Replace(push, "o/r", "o/x", 1)
	for _, tc := range []struct {
		name, topic, body string
		header            map[string]string
		kind              fault.Kind
	}{
		{"no signature", "github", push, map[string]string{"X-GitHub-Event": "push"}, fault.Unauthenticated},
		{"another secret", "github", push, github("t", "push", push), fault.Unauthenticated},
		{"another body", "github", other, github("s", "push", push), fault.Unauthenticated},
		{"a cut signature", "github", push, map[string]string{"X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=" + sign("s", push)[:10]}, fault.Unauthenticated},
		{"no hexadecimal", "github", push, map[string]string{"X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=zz"}, fault.Unauthenticated},
		{"the old algorithm alone", "github", push, map[string]string{"X-GitHub-Event": "push", "X-Hub-Signature": "sha1=00"}, fault.Unauthenticated},
		{"another topic's secret", "gitlab", push, github("s", "push", push), fault.Unauthenticated},
		{"a wrong token", "gitlab", push, map[string]string{"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": "nope"}, fault.Unauthenticated},
		{"an empty token", "gitlab", push, map[string]string{"X-Gitlab-Event": "Push Hook"}, fault.Unauthenticated},
		{"a topic that is not taken", "gitea", push, github("s", "push", push), fault.NotFound},
		{"no topic at all", "catalog", push, github("s", "push", push), fault.NotFound},
		{"no event", "github", push, github("s", "", push), fault.Invalid},
		{"an event that is a path", "github", push, github("s", "../x", push), fault.Invalid},
		{"a push of nothing", "github", "{}", github("s", "push", "{}"), fault.Invalid},
		{"a form", "github", "payload=%7B%7D", github("s", "push", "payload=%7B%7D"), fault.Invalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, webhook.Topic{Name: "github", Secrets: []string{"s"}}, webhook.Topic{Name: "gitlab", Secrets: []string{"lab"}})
			if _, err := r.deliver(tc.topic, tc.body, tc.header); !fault.Is(err, tc.kind) {
				t.Errorf("fault is %v, want %v", err, tc.kind)
			}
			if len(r.pushed)+len(r.told) > 0 {
				t.Errorf("it had the effect %+v %+v", r.pushed, r.told)
			}
		})
	}
}

// A delivery counts once, whatever whoever sends it again changes around it.
func TestARepeatedDeliveryDoesNothing(t *testing.T) {
	r := newRig(t, webhook.Topic{Name: "github", Secrets: []string{"s"}})
	header := github("s", "push", push)
	if out, err := r.deliver("github", push, header); err != nil || out.Repeated {
		t.Fatalf("the first: %+v, %v", out, err)
	}
	header["X-GitHub-Delivery"] = "another"
	if out, err := r.deliver("github", push, header); err != nil || !out.Repeated || len(r.pushed) != 1 || len(r.told) != 1 {
		t.Errorf("the second: %+v, %v, pushed %d times", out, err, len(r.pushed))
	}
}

// What could not be handed on is not lost: the sender's next try counts.
func TestAFailedDeliveryMayBeTriedAgain(t *testing.T) {
	r := newRig(t, webhook.Topic{Name: "github", Secrets: []string{"s"}})
	r.failures = 1
	if _, err := r.deliver("github", push, github("s", "push", push)); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("the first: %v", err)
	}
	if out, err := r.deliver("github", push, github("s", "push", push)); err != nil || out.Repeated || len(r.pushed) != 1 {
		t.Errorf("the next: %+v, %v", out, err)
	}
}

func TestSecretsAreReplacedWithoutAGap(t *testing.T) {
	r := newRig(t, webhook.Topic{Name: "github", Secrets: []string{"old", "new"}})
	for i, secret := range []string{"old", "new"} {
		body := strings.Replace(push, "b2", fmt.Sprint("c", i), 1)
		if _, err := r.deliver("github", body, github(secret, "push", body)); err != nil {
			t.Errorf("signed with the %s secret: %v", secret, err)
		}
	}
}

func TestATopicNeedsItsSecret(t *testing.T) {
	for name, topic := range map[string]webhook.Topic{
		"none": {Name: "github"}, "an empty one": {Name: "github", Secrets: []string{""}}, "an unknown topic": {Name: "jenkins", Secrets: []string{"s"}},
	} {
		if _, err := webhook.New(webhook.Config{Topics: []webhook.Topic{topic}}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever a signed body holds, it is understood or refused, and what comes of
// it stays within bounds.
func FuzzDelivery(f *testing.F) {
	f.Add("github", "push", []byte(push))
	f.Add("gitlab", "Push Hook", []byte(`{"ref":"refs/heads/x","project":{"web_url":"u"},"commits":[{}],"total_commits_count":-1}`))
	f.Add("gitea", "repository", []byte(`{"repository":null}`))
	f.Fuzz(func(t *testing.T, topic, event string, body []byte) {
		if !slices.Contains(webhook.Topics(), topic) {
			t.Skip()
		}
		n, err := webhook.Read(topic, func(string) string { return event }, body)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("fault is %v", err)
			}
			return
		}
		if n.Push != nil && (n.Push.Repository == "" || n.Push.All == (len(n.Push.Files) > 0) || len(n.Push.Files) > 3000) {
			t.Errorf("%+v", n.Push)
		}
	})
}
