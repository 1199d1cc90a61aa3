package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// recorded is what the list shows of each recording.
type recorded struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	Op         string    `json:"op"`
	Route      string    `json:"route,omitempty"`
	Version    string    `json:"version"`
	Reason     string    `json:"reason"`
	Outcome    string    `json:"outcome"`
	Cause      string    `json:"cause,omitempty"`
	Reproduced string    `json:"reproduced"`
	Difference string    `json:"difference,omitempty"`
	Bodies     bool      `json:"bodies"`
	Fuel       uint64    `json:"fuel,omitempty"`
	Bytes      int64     `json:"bytes"`
}

func newPluginRecordings() *cobra.Command {
	var server, output, get, remove, file string
	command := &cobra.Command{
		Use:   "recordings PLUGIN",
		Short: "List, download and delete the recorded calls of a plugin",
		Example: `  callboard plugin recordings hello
  callboard plugin recordings hello --get 20260501-091500.123-ab12cd34 --out crash.replay
  callboard plugin recordings hello --delete 20260501-091500.123-ab12cd34`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "/api/plugins/" + url.PathEscape(args[0]) + "/recordings"
			switch {
			case get != "" && remove != "":
				return usage(errors.New("--get and --delete exclude each other"))
			case get != "":
				lines, err := askPortal(cmd, server, http.MethodGet, path+"/"+url.PathEscape(get), "")
				if err != nil {
					return err
				}
				return writeRecording(cmd, lines, file)
			case remove != "":
				_, err := askPortal(cmd, server, http.MethodDelete, path+"/"+url.PathEscape(remove), "")
				return err
			}
			body, err := askPortal(cmd, server, http.MethodGet, path, "")
			if err != nil {
				return err
			}
			var found []recorded
			if err := json.Unmarshal(body, &found); err != nil {
				return fmt.Errorf("what answers there is not Callboard: %w", err)
			}
			if output == "json" {
				return printJSON(cmd, found)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tCALL\tVERSION\tOUTCOME\tCAUSE\tREPRODUCED\tBYTES")
			for _, r := range found {
				call := r.Op
				if r.Route != "" {
					call = r.Route
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", r.ID, call, r.Version, r.Outcome, r.Cause, r.Reproduced, r.Bytes)
			}
			return w.Flush()
		},
	}
	serverFlag(command, &server)
	command.Flags().StringVar(&get, "get", "", "download the recording with this `id`")
	command.Flags().StringVar(&file, "out", "", "`file` to write it to (default: standard output)")
	command.Flags().StringVar(&remove, "delete", "", "delete the recording with this `id`")
	outputFlag(command, &output, "text", "json")
	return command
}

// writeRecording never overwrites: a golden file would be gone.
func writeRecording(cmd *cobra.Command, lines []byte, name string) error {
	if name == "" {
		_, err := cmd.OutOrStdout().Write(lines)
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing the recording: %w", err)
	}
	_, err = f.Write(lines)
	return errors.Join(err, f.Close())
}

func newPluginRecord() *cobra.Command {
	var server string
	var calls int
	command := &cobra.Command{
		Use:   "record PLUGIN",
		Short: "Record the next calls of a plugin, however they end",
		Long:  "Each of these calls runs in an instance of its own, so that its recording stands for itself.",
		Example: `  callboard plugin record hello
  callboard plugin record hello --calls 5`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := askPortal(cmd, server, http.MethodPost, "/api/plugins/"+url.PathEscape(args[0])+"/record", fmt.Sprintf(`{"calls":%d}`, calls))
			return err
		},
	}
	serverFlag(command, &server)
	command.Flags().IntVar(&calls, "calls", 1, "how `many`; 0 takes the wish back")
	return command
}
