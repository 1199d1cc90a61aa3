package app

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/source/gitea"
	"github.com/callboard/callboard/host/internal/source/github"
	"github.com/callboard/callboard/host/internal/source/gitlab"
	"github.com/callboard/callboard/host/internal/source/s3"
)

// newReader reads files, URLs of hosts that configuration allows, and what the
// hosts of integrations keep. A host that is named outright may lie in a
// private network; one that only a wildcard covers may not. Fault: Invalid (an
// integration that cannot be used).
func newReader(c *config.Config, out *egress.Egress, now func() time.Time) (*source.Reader, error) {
	var allow source.AllowList
	exact := map[string]bool{}
	for _, t := range c.Backend.Reading.Allow {
		allow = append(allow, source.Allowed{Host: t.Host, Paths: t.Paths})
		if !strings.Contains(t.Host, "*") {
			exact[strings.ToLower(t.Host)] = true
		}
	}
	// What these hosts serve beside repositories is read like any other URL.
	for _, hosts := range [][]config.SourceHost{c.Integrations.GitHub, c.Integrations.GitLab, c.Integrations.Gitea} {
		for _, h := range hosts {
			if h.Host != "" {
				allow = append(allow, source.Allowed{Host: h.Host})
				exact[strings.ToLower(h.Host)] = true
			}
		}
	}
	reach := func(u *url.URL) egress.Reach {
		switch {
		case !allow.Permits(u):
			return egress.Refused
		case exact[strings.ToLower(u.Host)] || exact[strings.ToLower(u.Hostname())]:
			return egress.Private
		default:
			return egress.Public
		}
	}
	s := sourceHosts{egress: out, now: now}
	all, err := s.integrations(c.Integrations)
	if err != nil {
		return nil, err
	}
	plain := func(redirects int) source.HTTPClient {
		client := out.Client(egress.Policy{MaxBytes: 16 << 20, MaxRedirects: redirects, Reach: reach})
		return source.NewPace(newSlowHosts(client, now), "", now)
	}
	return source.New(source.Config{HTTP: plain(0), Direct: plain(-1), Allow: allow, Integrations: all, Later: notYet(c.Integrations)}), nil
}

// notYet are the hosts of types that have no folder below source yet.
func notYet(c config.Integrations) []source.Later {
	var out []source.Later
	for title, hosts := range map[string][]config.SourceHost{"Bitbucket Cloud": c.BitbucketCloud, "Bitbucket Data Center": c.BitbucketServer} {
		for _, h := range hosts {
			if h.Host != "" {
				out = append(out, source.Later{Title: title, Host: h.Host})
			}
		}
	}
	return out
}

// sourceHosts makes the integrations of configuration: the row of a type here
// and its folder below source are all that a new one needs.
type sourceHosts struct {
	egress *egress.Egress
	now    func() time.Time
}

func (s sourceHosts) integrations(c config.Integrations) (source.Integrations, error) {
	var all source.Integrations
	add := func(kind string, i int, plugins []string, make func(name string) (source.Host, error)) error {
		name := fmt.Sprintf("integrations.%s[%d]", kind, i)
		host, err := make(name)
		if err != nil {
			return err
		}
		all = append(all, source.Integration{Name: name, Type: kind, Plugins: plugins, Host: host})
		return nil
	}
	for i, h := range c.GitHub {
		if err := add("github", i, h.Plugins, func(name string) (source.Host, error) { return s.github(name, h) }); err != nil {
			return nil, err
		}
	}
	for i, h := range c.GitLab {
		if err := add("gitlab", i, h.Plugins, func(name string) (source.Host, error) { return s.gitlab(name, h) }); err != nil {
			return nil, err
		}
	}
	for i, h := range c.Gitea {
		if err := add("gitea", i, h.Plugins, func(name string) (source.Host, error) { return s.gitea(name, h) }); err != nil {
			return nil, err
		}
	}
	for i, h := range c.AWSS3 {
		if err := add("awsS3", i, h.Plugins, func(name string) (source.Host, error) { return s.s3(name, h) }); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s sourceHosts) github(name string, h config.SourceHost) (source.Host, error) {
	c := github.Config{Name: name, Host: h.Host, BaseURL: h.BaseURL, APIBaseURL: h.APIBaseURL, RawBaseURL: h.RawBaseURL, Token: string(h.Token), Now: s.now}.WithDefaults()
	for _, a := range h.Apps {
		c.Apps = append(c.Apps, github.App{ID: int64(a.AppID), PrivateKey: a.PrivateKey.Reveal(), Owners: a.AllowedOwners})
	}
	// Archives come from a host of their own, to which the API redirects.
	c.HTTP = s.client(name, c.APIBaseURL, c.RawBaseURL, c.BaseURL, "https://codeload."+c.Host)
	return github.New(c) //nolint:wrapcheck // names the key
}

func (s sourceHosts) gitlab(name string, h config.SourceHost) (source.Host, error) {
	c := gitlab.Config{Name: name, Host: h.Host, BaseURL: h.BaseURL, APIBaseURL: h.APIBaseURL, Token: string(h.Token)}.WithDefaults()
	c.HTTP = s.client(name, c.APIBaseURL, c.BaseURL)
	return gitlab.New(c) //nolint:wrapcheck // names the key
}

func (s sourceHosts) gitea(name string, h config.SourceHost) (source.Host, error) {
	c := gitea.Config{Name: name, Host: h.Host, BaseURL: h.BaseURL, Token: string(h.Token), Username: h.Username, Password: string(h.Password)}.WithDefaults()
	c.HTTP = s.client(name, c.BaseURL)
	return gitea.New(c) //nolint:wrapcheck // names the key
}

func (s sourceHosts) s3(name string, h config.S3Host) (source.Host, error) {
	c := s3.Config{Name: name, Endpoint: h.Endpoint, PathStyle: h.ForcePathStyle, Region: h.Region, AccessKeyID: h.AccessKeyID, SecretAccessKey: string(h.SecretAccessKey), RoleARN: h.RoleARN, ExternalID: h.ExternalID}
	if c.Endpoint == "" && h.Host != "" && h.Host != s3.Amazon {
		c.Endpoint = "https://" + h.Host
	}
	own := hostOf(c.Endpoint)
	client := s.egress.Client(egress.Policy{MaxBytes: maxArchive, Timeout: sourceTimeout, MaxRedirects: -1, Reach: func(u *url.URL) egress.Reach {
		host := strings.ToLower(u.Host)
		switch {
		case own == "" && u.Scheme == "https" && strings.HasSuffix(host, "."+s3.Amazon):
			return egress.Public
		case own != "" && (host == own || strings.HasSuffix(host, "."+own)):
			return egress.Private
		default:
			return egress.Refused
		}
	}})
	c.HTTP = source.NewPace(newSlowHosts(client, s.now), name, s.now)
	return s3.New(c) //nolint:wrapcheck // names the key
}

const (
	maxArchive    = 128 << 20 // of one answer, unpacked by nobody yet
	sourceTimeout = time.Minute
)

// client reaches the addresses of one integration and no others: the token
// that it carries is for them. It has a limit of its own, as the token has.
func (s sourceHosts) client(name string, bases ...string) source.HTTPClient {
	hosts := map[string]bool{}
	for _, base := range bases {
		hosts[hostOf(base)] = true
	}
	client := s.egress.Client(egress.Policy{MaxBytes: maxArchive, Timeout: sourceTimeout, Reach: func(u *url.URL) egress.Reach {
		if hosts[strings.ToLower(u.Host)] {
			return egress.Private
		}
		return egress.Refused
	}})
	return source.NewPace(newSlowHosts(client, s.now), name, s.now)
}

// hostOf is the host of an address, with its port; New of the type of host
// refuses what is none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
