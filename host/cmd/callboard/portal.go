package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/sdk/replay"
)

// serverFlag adds --server, which names the portal that a command talks to.
func serverFlag(command *cobra.Command, server *string) {
	command.Flags().StringVar(server, "server", "http://127.0.0.1:7007", "`URL` of the portal")
}

// question is one request to a portal.
type question struct {
	method, path string
	mediaType    string // of the body
	body         []byte
}

// problemError is a refusal of the portal, with everything that it said.
type problemError struct {
	host, status string
	code         int
	Type         string          `json:"type"`
	Detail       string          `json:"detail"`
	Review       json.RawMessage `json:"review"`
	Backstage    struct {        // how its APIs refuse
		Message string `json:"message"`
	} `json:"error"`
}

// Error returns the refusal in a line or, where the portal names several
// mistakes, in some.
func (p *problemError) Error() string {
	return fmt.Sprintf("the portal on %s answers %s: %s", p.host, p.status, cmp.Or(p.Detail, p.Backstage.Message))
}

// askPortal asks with a JSON body, if any.
func askPortal(cmd *cobra.Command, server, method, path, body string) ([]byte, error) {
	q := question{method: method, path: path, body: []byte(body)}
	if body != "" {
		q.mediaType = "application/json"
	}
	return q.ask(cmd, server)
}

// ask sends the question to the one portal that was named and to no other. A
// refusal is a *problemError.
func (q question) ask(cmd *cobra.Command, server string) ([]byte, error) {
	target, err := url.Parse(strings.TrimSuffix(server, "/") + q.path)
	if err != nil || target.Host == "" {
		return nil, usage(fmt.Errorf("--server %q is not a URL", server))
	}
	client := egress.New(egress.Config{UserAgent: "callboard-plugin"}).Client(egress.Policy{
		Timeout: 5 * time.Minute, MaxRedirects: -1, MaxBytes: replay.MaxSize,
		Reach: func(u *url.URL) egress.Reach {
			if u.Host == target.Host {
				return egress.Private
			}
			return egress.Refused
		},
	})
	req, err := http.NewRequestWithContext(cmd.Context(), q.method, target.String(), bytes.NewReader(q.body))
	if err != nil {
		return nil, fmt.Errorf("asking the portal: %w", err)
	}
	if q.mediaType != "" {
		req.Header.Set("Content-Type", q.mediaType)
	}
	req.Header.Set("Origin", target.Scheme+"://"+target.Host)
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("no portal answers on %s: %w", target.Host, err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, replay.MaxSize))
	if err != nil {
		return nil, fmt.Errorf("reading the portal's answer: %w", err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		refusal := &problemError{host: target.Host, status: res.Status, code: res.StatusCode}
		_ = json.Unmarshal(answer, refusal) // what is no problem has no detail
		return nil, refusal
	}
	return answer, nil
}
