package webhook

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// maxFiles is how many files of a push are told apart; with more, the whole
// repository counts as changed.
const maxFiles = 3000

// eventForm is how the hosts name events.
var eventForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`)

// delivery has the fields that the three hosts' deliveries are read for.
// GitHub: https://docs.github.com/webhooks/webhook-events-and-payloads#push,
// Gitea sends the same; GitLab:
// https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events
type delivery struct {
	Ref        string `json:"ref"`
	Before     string `json:"before"`
	After      string `json:"after"`
	Forced     bool   `json:"forced"`
	Commits    []commit
	Total      *int `json:"total_commits_count"` // GitLab; the list is cut after 20
	Repository struct {
		HTMLURL       string `json:"html_url"`
		DefaultBranch string `json:"default_branch"`
	} `json:"repository"`
	Project struct {
		WebURL        string `json:"web_url"`
		DefaultBranch string `json:"default_branch"`
	} `json:"project"`
}

type commit struct {
	Added    []string `json:"added"`
	Modified []string `json:"modified"`
	Removed  []string `json:"removed"`
}

// read finds out what a delivery says. Fault: Invalid.
func read(topic string, header func(string) string, body []byte) (Notice, error) {
	n := Notice{Topic: topic}
	switch topic {
	case "gitlab":
		n.Event, n.Delivery = strings.ToLower(strings.TrimSuffix(header("X-Gitlab-Event"), " Hook")), header("X-Gitlab-Event-UUID")
	case "gitea":
		n.Event, n.Delivery = header("X-Gitea-Event"), header("X-Gitea-Delivery")
	default:
		n.Event, n.Delivery = header("X-GitHub-Event"), header("X-GitHub-Delivery")
	}
	n.Event = strings.ReplaceAll(n.Event, " ", "_")
	if !eventForm.MatchString(n.Event) || len(n.Delivery) > 100 {
		return Notice{}, fault.New(fault.Invalid, "the delivery does not say which event of %s it is", topic)
	}
	var d delivery
	if err := json.Unmarshal(body, &d); err != nil {
		return Notice{}, fault.New(fault.Invalid, "the delivery is no JSON object of %s; choose application/json as its content type: %w", topic, err)
	}
	repository, main := d.Repository.HTMLURL, d.Repository.DefaultBranch
	if topic == "gitlab" {
		repository, main = d.Project.WebURL, d.Project.DefaultBranch
	}
	switch n.Event {
	case "push":
		if repository == "" {
			return Notice{}, fault.New(fault.Invalid, "the push does not say of which repository")
		}
		if branch, ok := strings.CutPrefix(d.Ref, "refs/heads/"); ok {
			n.Push = d.push(repository, branch, main)
		}
	case "repository", "create", "delete": // renamed, archived, deleted; a branch came or went
		if repository != "" {
			n.Push = &source.Push{Repository: repository, All: true}
		}
	}
	return n, nil
}

func (d *delivery) push(repository, branch, main string) *source.Push {
	p := &source.Push{Repository: repository, Branch: branch, Default: branch == main}
	for _, c := range d.Commits {
		p.Files = slices.Concat(p.Files, c.Added, c.Modified, c.Removed)
	}
	slices.Sort(p.Files)
	p.Files = slices.Compact(p.Files)
	// What a forced push took away is in no commit, and neither is what a
	// branch brings that was made from another.
	fresh := strings.Trim(d.Before, "0") == "" || strings.Trim(d.After, "0") == ""
	cut := d.Total != nil && *d.Total > len(d.Commits)
	p.All = d.Forced || fresh || cut || len(p.Files) == 0 || len(p.Files) > maxFiles
	if p.All {
		p.Files = nil
	}
	return p
}
