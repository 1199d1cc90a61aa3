package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// operation is a command that changes one plugin and takes little more than a reason.
type operation struct {
	use, short, example string
	method, path        string
	restore, purge      bool // has the flag
}

func operations() []operation {
	return []operation{
		{use: "promote PLUGIN", short: "Make the canary current", example: "  callboard plugin promote hello", method: http.MethodPost, path: "/promote"},
		{use: "withdraw PLUGIN", short: "End the canary", example: "  callboard plugin withdraw hello", method: http.MethodPost, path: "/withdraw"},
		{use: "rollback PLUGIN [DIGEST]", short: "Go back to the version before, or to a release", example: "  callboard plugin rollback hello\n  callboard plugin rollback hello --restore", method: http.MethodPost, path: "/rollback", restore: true},
		{use: "disable PLUGIN", short: "Stop a plugin at once, on every replica", example: "  callboard plugin disable hello --reason 'floods the deploy system'", method: http.MethodPost, path: "/disable"},
		{use: "enable PLUGIN", short: "Let a stopped plugin run again", example: "  callboard plugin enable hello", method: http.MethodPost, path: "/enable"},
		{use: "remove PLUGIN", short: "Remove a plugin; its data is kept for 30 days", example: "  callboard plugin remove hello\n  callboard plugin remove hello --purge", method: http.MethodDelete, purge: true},
	}
}

func (o operation) command() *cobra.Command {
	var server, output, reason string
	var restore, purge bool
	most := 1
	if o.restore {
		most = 2
	}
	command := &cobra.Command{
		Use: o.use, Short: o.short, Example: o.example, Args: usageArgs(cobra.RangeArgs(1, most)),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := map[string]any{"reason": reason}
			if o.restore {
				body["restore"] = restore
			}
			if len(args) > 1 {
				body["digest"] = args[1]
			}
			path := o.path
			if purge {
				path += "?purge=true"
			}
			answer, err := askPlugin(cmd, server, o.method, args[0], path, body)
			if err != nil {
				return err
			}
			return showPlugin(cmd, output, answer)
		},
	}
	serverFlag(command, &server)
	command.Flags().StringVar(&reason, "reason", "", "`why`, for the history")
	if o.restore {
		command.Flags().BoolVar(&restore, "restore", false, "put the data back to the copy that the version can read; what was written since is lost")
	}
	if o.purge {
		command.Flags().BoolVar(&purge, "purge", false, "delete its data at once, also of a plugin that was removed before")
	}
	outputFlag(command, &output, "text", "json")
	return command
}

func newPluginGrant() *cobra.Command {
	var server, output string
	var deny, undecide []string
	command := &cobra.Command{
		Use:   "grant PLUGIN [CAPABILITY[=SCOPE]]...",
		Short: "Decide what a plugin may do",
		Long:  "Capabilities that are not named stay as they are. What is taken away is gone from the next call on.",
		Example: `  callboard plugin grant hello kv 'http={"targets":[{"host":"deploys.example.com"}]}'
  callboard plugin grant hello --deny http`,
		Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			grants, err := decisions(args[1:], deny)
			if err != nil {
				return err
			}
			for _, name := range undecide {
				grants[name] = json.RawMessage("null")
			}
			if len(grants) == 0 {
				return usage(errors.New("name a capability to grant, or one with --deny or --undecide"))
			}
			answer, err := askPlugin(cmd, server, http.MethodPut, args[0], "/grants", map[string]any{"grants": grants})
			if err != nil {
				return err
			}
			return showPlugin(cmd, output, answer)
		},
	}
	serverFlag(command, &server)
	command.Flags().StringArrayVar(&deny, "deny", nil, "do not grant a `capability`; may be repeated")
	command.Flags().StringArrayVar(&undecide, "undecide", nil, "take the decision about a `capability` back; may be repeated")
	outputFlag(command, &output, "text", "json")
	return command
}

// newPluginSetting returns the command that shows or replaces the limits or the
// configuration of a plugin.
func newPluginSetting(name, short, example string) *cobra.Command {
	var server, output, file string
	command := &cobra.Command{
		Use: name + " PLUGIN", Short: short, Example: example, Args: usageArgs(cobra.ExactArgs(1)),
		Long: "Without --file it shows what is so. With it, what was set through the portal before is replaced; null takes it back.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				answer, err := askPlugin(cmd, server, http.MethodGet, args[0], "", nil)
				if err != nil {
					return err
				}
				var p map[string]json.RawMessage
				if err := json.Unmarshal(answer, &p); err != nil {
					return fmt.Errorf("what answers there is not Callboard: %w", err)
				}
				return printRaw(cmd, p[name])
			}
			text, err := readInput(cmd, file)
			if err != nil {
				return err
			}
			if !json.Valid(text) {
				return fmt.Errorf("%s is not JSON", file)
			}
			answer, err := askPlugin(cmd, server, http.MethodPut, args[0], "/"+name, map[string]any{name: json.RawMessage(text)})
			if err != nil {
				return err
			}
			return showPlugin(cmd, output, answer)
		},
	}
	serverFlag(command, &server)
	command.Flags().StringVar(&file, "file", "", "`file` with the JSON object to set; - is standard input")
	outputFlag(command, &output, "text", "json")
	return command
}

func readInput(cmd *cobra.Command, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(io.LimitReader(cmd.InOrStdin(), 4<<20))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the setting: %w", err)
	}
	return text, nil
}

func newPluginHistory() *cobra.Command {
	var server, output string
	command := &cobra.Command{
		Use: "history PLUGIN", Short: "Show what became of a plugin, and who did it", Example: "  callboard plugin history hello --output json",
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			answer, err := askPlugin(cmd, server, http.MethodGet, args[0], "/history", nil)
			if err != nil {
				return err
			}
			if output == "json" {
				return printRaw(cmd, answer)
			}
			var lines []struct {
				At                                         time.Time
				Action, Subject, Version, Outcome, Message string
			}
			if err := json.Unmarshal(answer, &lines); err != nil {
				return fmt.Errorf("what answers there is not Callboard: %w", err)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "AT\tACTION\tVERSION\tOUTCOME\tBY\tMESSAGE")
			for _, l := range lines {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", l.At.Local().Format(time.DateTime), l.Action, l.Version, l.Outcome, l.Subject, strings.ReplaceAll(l.Message, "\n", "; "))
			}
			return w.Flush()
		},
	}
	serverFlag(command, &server)
	outputFlag(command, &output, "text", "json")
	return command
}

func newPluginUsage() *cobra.Command {
	var server, output string
	var window time.Duration
	command := &cobra.Command{
		Use: "usage PLUGIN", Short: "Show what a plugin uses of its budget, and for whom", Example: "  callboard plugin usage hello --window 15m",
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			answer, err := askPlugin(cmd, server, http.MethodGet, args[0], "/usage?window="+url.QueryEscape(window.String()), nil)
			if err != nil {
				return err
			}
			if output == "json" {
				return printRaw(cmd, answer)
			}
			return printUsage(cmd.OutOrStdout(), answer)
		},
	}
	serverFlag(command, &server)
	command.Flags().DurationVar(&window, "window", time.Hour, "`time` that ends now, 1s to 24h")
	outputFlag(command, &output, "text", "json")
	return command
}

func printUsage(out io.Writer, answer []byte) error {
	var u struct {
		Series []struct {
			Calls, Errors, Fuel, HostCalls, EgressBytes uint64
			GuestMs                                     float64
		}
		TopCallers []struct {
			Subject string
			Calls   uint64
			GuestMs float64
		}
		Budget map[string]struct{ Used, Limit float64 }
	}
	if err := json.Unmarshal(answer, &u); err != nil {
		return fmt.Errorf("what answers there is not Callboard: %w", err)
	}
	var calls, failed, fuel, egress uint64
	guest := 0.0
	for _, p := range u.Series {
		calls, failed, fuel, egress, guest = calls+p.Calls, failed+p.Errors, fuel+p.Fuel, egress+p.EgressBytes, guest+p.GuestMs
	}
	fmt.Fprintf(out, "%d calls, %d failed, %.0f ms inside, %d steps, %d bytes to and from other servers\n\n", calls, failed, guest, fuel, egress)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CALLER\tCALLS\tMS INSIDE")
	for _, c := range u.TopCallers {
		fmt.Fprintf(w, "%s\t%d\t%.1f\n", c.Subject, c.Calls, c.GuestMs)
	}
	fmt.Fprintln(w, "\nBUDGET\tUSED\tOF")
	for _, name := range slices.Sorted(maps.Keys(u.Budget)) {
		fmt.Fprintf(w, "%s\t%g\t%g\n", name, u.Budget[name].Used, u.Budget[name].Limit)
	}
	return w.Flush()
}
