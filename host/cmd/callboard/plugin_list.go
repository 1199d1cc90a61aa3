package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/callboard/callboard/host/internal/egress"
)

// listed is what the list shows of each plugin of a running portal.
type listed struct {
	ID          string  `json:"id"`
	Version     string  `json:"version"`
	Digest      string  `json:"digest"`
	State       string  `json:"state"`
	Core        bool    `json:"core"`
	Error       string  `json:"error,omitempty"`
	MemoryBytes uint64  `json:"memoryBytes"`
	Calls       uint64  `json:"calls"`
	Errors      uint64  `json:"errors"`
	P99Ms       float64 `json:"p99Ms"`
}

func newPluginList() *cobra.Command {
	var output, server string
	command := &cobra.Command{
		Use:     "list",
		Short:   "List the plugins of a running portal",
		Example: "  callboard plugin list\n  callboard plugin list --server http://127.0.0.1:7007 --output json",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := askPlugins(cmd, server)
			if err != nil {
				return err
			}
			if output == "json" {
				return printJSON(cmd, found)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tVERSION\tSTATE\tCALLS\tERRORS\tP99 MS\tMEMORY MIB\tDIGEST")
			for _, p := range found {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%.2f\t%d\t%.12s\n", p.ID, p.Version, p.State, p.Calls, p.Errors, p.P99Ms, p.MemoryBytes>>20, strings.TrimPrefix(p.Digest, "sha256:"))
			}
			return w.Flush()
		},
	}
	command.Flags().StringVar(&server, "server", "http://127.0.0.1:7007", "`URL` of the portal")
	outputFlag(command, &output, "text", "json")
	return command
}

// askPlugins asks the one portal that was named and no other.
func askPlugins(cmd *cobra.Command, server string) ([]listed, error) {
	target, err := url.Parse(strings.TrimSuffix(server, "/") + "/api/plugins")
	if err != nil || target.Host == "" {
		return nil, usage(fmt.Errorf("--server %q is not a URL", server))
	}
	client := egress.New(egress.Config{UserAgent: "callboard-plugin-list"}).Client(egress.Policy{
		Timeout: 10 * time.Second, MaxRedirects: -1,
		Reach: func(u *url.URL) egress.Reach {
			if u.Host == target.Host {
				return egress.Private
			}
			return egress.Refused
		},
	})
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("asking the portal: %w", err)
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("no portal answers on %s: %w", target.Host, err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the portal on %s answers %s", target.Host, res.Status)
	}
	var out []listed
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		return nil, fmt.Errorf("what answers on %s is not Callboard: %w", target.Host, err)
	}
	return out, nil
}
