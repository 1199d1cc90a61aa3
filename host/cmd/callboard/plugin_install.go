package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// reviewed is what the commands show of the review of a release.
type reviewed struct {
	Digest        string `json:"digest"`
	ID            string `json:"id"`
	Version       string `json:"version"`
	Kind          string `json:"kind"`
	NeedsApproval bool   `json:"needsApproval"`
	Installed     *struct {
		Version string `json:"version"`
	} `json:"installed"`
	Capabilities []struct {
		Name          string  `json:"name"`
		Reason        string  `json:"reason"`
		Change        string  `json:"change"`
		Requested     string  `json:"requested"`
		Granted       *string `json:"granted"`
		NeedsApproval bool    `json:"needsApproval"`
	} `json:"capabilities"`
	Data struct {
		Current          int  `json:"current"`
		Writes           int  `json:"writes"`
		Migration        bool `json:"migration"`
		RollbackPossible bool `json:"rollbackPossible"`
	} `json:"data"`
	Problems []struct {
		Severity string `json:"severity"`
		Message  string `json:"message"`
	} `json:"problems"`
}

// print writes the review as an operator reads it.
func (r *reviewed) print(w io.Writer) error {
	fmt.Fprintf(w, "%s of plugin %s, version %s", r.Kind, r.ID, r.Version)
	if r.Installed != nil {
		fmt.Fprintf(w, " over %s", r.Installed.Version)
	}
	fmt.Fprintf(w, "\n%s\n\n", r.Digest)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CAPABILITY\tCHANGE\tASKS FOR\tGRANTED\tREASON")
	for _, c := range r.Capabilities {
		granted := "no"
		if c.Granted != nil {
			granted = *c.Granted
		}
		if c.NeedsApproval {
			granted += " (decide)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", c.Name, c.Change, c.Requested, granted, c.Reason)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.Data.Migration {
		fmt.Fprintf(w, "\nIts data goes from schema %d to %d.", r.Data.Current, r.Data.Writes)
		if !r.Data.RollbackPossible {
			fmt.Fprint(w, " The way back gives up what is written meanwhile.")
		}
		fmt.Fprintln(w)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(w, "\n%s: %s\n", p.Severity, p.Message)
	}
	return nil
}

// activation are the flags of the commands that make a release current.
type activation struct {
	server, output string
	grant, deny    []string
	canary         int
	restore        bool
	reason         string
	review         bool
}

func (a *activation) flags(command *cobra.Command) {
	serverFlag(command, &a.server)
	f := command.Flags()
	f.StringArrayVar(&a.grant, "grant", nil, "grant a `capability` as declared, or narrower: --grant kv --grant 'kv={\"quota\":\"1MiB\"}'; may be repeated")
	f.StringArrayVar(&a.deny, "deny", nil, "do not grant a `capability`; may be repeated")
	f.IntVar(&a.canary, "canary", 0, "`percent` of the calls, beside the current version")
	f.BoolVar(&a.restore, "restore", false, "put the data back to the copy that the version can read; what was written since is lost")
	f.StringVar(&a.reason, "reason", "", "`why`, for the history")
	outputFlag(command, &a.output, "text", "json")
}

func newPluginInstall() *cobra.Command {
	var a activation
	command := &cobra.Command{
		Use:     "install FILE",
		Aliases: []string{"upgrade"},
		Short:   "Install a plugin, or another version of it, in a running portal",
		Long: `Brings the module to the portal, shows what it asks for, and activates it. What
needs a decision and gets none is refused: nothing changes, and what runs runs on.

Exit code: 0 it runs, 1 it does not, 2 wrong usage.`,
		Example: `  callboard plugin install dist/plugin.wasm --grant kv --grant 'http={"targets":[{"host":"deploys.example.com"}]}'
  callboard plugin install dist/plugin.wasm --review
  callboard plugin upgrade dist/plugin.wasm --canary 10`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			wasm, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("reading the module: %w", err)
			}
			answer, err := question{http.MethodPost, "/api/plugins/releases", "application/wasm", wasm}.ask(cmd, a.server)
			if err != nil {
				return err
			}
			var r reviewed
			if err := json.Unmarshal(answer, &r); err != nil {
				return fmt.Errorf("what answers there is not Callboard: %w", err)
			}
			if a.review {
				if a.output == "json" {
					return printRaw(cmd, answer)
				}
				return r.print(cmd.OutOrStdout())
			}
			return a.activate(cmd, r.ID, r.Digest)
		},
	}
	a.flags(command)
	command.Flags().BoolVar(&a.review, "review", false, "show what it asks for and install nothing")
	return command
}

func newPluginActivate() *cobra.Command {
	var a activation
	command := &cobra.Command{
		Use:   "activate PLUGIN DIGEST",
		Short: "Make a release current that the portal has already",
		Example: `  callboard plugin activate hello sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  callboard plugin activate hello sha256:9f86… --grant kv --deny http`,
		Args: usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error { return a.activate(cmd, args[0], args[1]) },
	}
	a.flags(command)
	return command
}

// activate asks the portal, and shows the review when a decision is missing.
func (a *activation) activate(cmd *cobra.Command, id, digest string) error {
	grants, err := decisions(a.grant, a.deny)
	if err != nil {
		return err
	}
	body := map[string]any{"digest": digest, "grants": grants, "restore": a.restore, "reason": a.reason}
	if a.canary != 0 {
		body["canaryPercent"] = a.canary
	}
	answer, err := askPlugin(cmd, a.server, http.MethodPost, id, "/activate", body)
	var refusal *problemError
	if errors.As(err, &refusal) && len(refusal.Review) > 0 {
		var r reviewed
		if a.output == "json" {
			return errors.Join(printRaw(cmd, refusal.Review), err)
		}
		if json.Unmarshal(refusal.Review, &r) == nil {
			return errors.Join(r.print(cmd.OutOrStdout()), fmt.Errorf("%w\ndecide with --grant NAME or --deny NAME", err))
		}
	}
	if err != nil {
		return err
	}
	return showPlugin(cmd, a.output, answer)
}

// decisions reads --grant and --deny.
func decisions(grant, deny []string) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	for _, text := range grant {
		name, scope, narrower := strings.Cut(text, "=")
		if !narrower {
			scope = "true"
		}
		if !json.Valid([]byte(scope)) {
			return nil, usage(fmt.Errorf("--grant %s: the scope is not JSON", text))
		}
		out[name] = json.RawMessage(scope)
	}
	for _, name := range deny {
		if _, both := out[name]; both {
			return nil, usage(fmt.Errorf("%s is both granted and denied", name))
		}
		out[name] = json.RawMessage("false")
	}
	return out, nil
}

// askPlugin sends a JSON body to an endpoint of one plugin.
func askPlugin(cmd *cobra.Command, server, method, id, path string, body any) ([]byte, error) {
	q := question{method: method, path: "/api/plugins/" + url.PathEscape(id) + path}
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encoding the request: %w", err)
		}
		q.mediaType, q.body = "application/json", text
	}
	return q.ask(cmd, server)
}

// showPlugin says how the plugin stands afterwards.
func showPlugin(cmd *cobra.Command, output string, answer []byte) error {
	if output == "json" {
		return printRaw(cmd, answer)
	}
	if len(answer) == 0 {
		fmt.Fprintln(cmd.OutOrStdout(), "removed, with its data")
		return nil
	}
	var p struct {
		ID             string `json:"id"`
		Version        string `json:"version"`
		State          string `json:"state"`
		Enabled        bool   `json:"enabled"`
		DisabledReason string `json:"disabledReason"`
		KeptUntil      string `json:"keptUntil"`
		Canary         *struct {
			Version string `json:"version"`
			Percent int    `json:"percent"`
		} `json:"canary"`
	}
	if err := json.Unmarshal(answer, &p); err != nil {
		return fmt.Errorf("what answers there is not Callboard: %w", err)
	}
	w := cmd.OutOrStdout()
	switch {
	case p.KeptUntil != "":
		fmt.Fprintf(w, "%s is removed; its data is kept until %s\n", p.ID, p.KeptUntil)
	case !p.Enabled:
		fmt.Fprintf(w, "%s %s is disabled: %s\n", p.ID, p.Version, p.DisabledReason)
	case p.Canary != nil:
		fmt.Fprintf(w, "%s %s is %s, with %s on trial for %d percent of the calls\n", p.ID, p.Version, p.State, p.Canary.Version, p.Canary.Percent)
	default:
		fmt.Fprintf(w, "%s %s is %s\n", p.ID, p.Version, p.State)
	}
	return nil
}

// printRaw prints JSON of the portal as it is, indented.
func printRaw(cmd *cobra.Command, text []byte) error {
	var v any
	if len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return fmt.Errorf("what answers there is not Callboard: %w", err)
	}
	return printJSON(cmd, v)
}
