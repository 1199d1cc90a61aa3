package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callboard/callboard/host/internal/config"
)

// configExit is an error that carries the exit code of the config commands:
// 1 when the configuration has problems, 2 when the command was misused.
type configExit struct {
	code int
	err  error
}

func (e *configExit) Error() string { return e.err.Error() }
func (e *configExit) Unwrap() error { return e.err }

// ExitCode is what the process should exit with.
func (e *configExit) ExitCode() int { return e.code }

// newConfigCommand returns "callboard config" with check, print and schema.
func newConfigCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "config",
		Short: "Check, print and describe the configuration",
		Example: `  callboard config check
  callboard config print --config app-config.yaml --config app-config.production.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &configExit{2, fmt.Errorf("unknown command %q for %q: use check, print or schema", args[0], cmd.CommandPath())}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &configExit{2, err} })
	command.AddCommand(newConfigCheck(), newConfigPrint(), newConfigSchema())
	return command
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &configExit{2, fmt.Errorf("%s takes no arguments; name files with --config", cmd.CommandPath())}
	}
	return nil
}

func configFilesFlag(cmd *cobra.Command, files *[]string) {
	cmd.Flags().StringArrayVar(files, "config", nil, "configuration `file`; may be repeated, the last wins (default app-config.yaml and app-config.local.yaml)")
}

func outputFlag(cmd *cobra.Command, output *string, formats ...string) {
	cmd.Flags().StringVar(output, "output", formats[0], "`format` of the output: "+strings.Join(formats, " or "))
	cmd.PreRunE = func(*cobra.Command, []string) error {
		for _, format := range formats {
			if *output == format {
				return nil
			}
		}
		return &configExit{2, fmt.Errorf("--output must be %s, got %q", strings.Join(formats, " or "), *output)}
	}
}

func newConfigCheck() *cobra.Command {
	var options config.Options
	var output string
	command := &cobra.Command{
		Use:   "check",
		Short: "Report everything that is wrong with the configuration",
		Long: `Reads the configuration as "serve" would and reports every problem with its
file and line. Notes are keys that Callboard does not read and values that are
absent; they do not fail the check.

Exit code: 0 the configuration is good, 1 it has problems, 2 wrong usage.`,
		Example: `  callboard config check
  callboard config check --config app-config.yaml --config app-config.production.yaml --output json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, report := config.Inspect(cmd.Context(), options)
			if cfg != nil && len(report.Problems) == 0 {
				var problem config.Problem
				if errors.As(cfg.CheckExposure(), &problem) {
					report.Problems = append(report.Problems, problem)
				}
			}
			var err error
			if output == "json" {
				err = writeCheckJSON(cmd.OutOrStdout(), report)
			} else {
				err = writeCheckText(cmd.OutOrStdout(), report)
			}
			if err == nil && len(report.Problems) > 0 {
				return &configExit{1, errors.New(counted(len(report.Problems), "problem") + " in the configuration")}
			}
			return err
		},
	}
	configFilesFlag(command, &options.Files)
	outputFlag(command, &output, "text", "json")
	return command
}

func writeCheckText(w io.Writer, report config.Report) error {
	var b strings.Builder
	for _, problem := range report.Problems {
		fmt.Fprintln(&b, problem.Error())
	}
	for _, note := range report.Notes {
		fmt.Fprintf(&b, "note: %s\n", note.Error())
	}
	read := "built-in defaults, no file found"
	if len(report.Files) > 0 {
		read = strings.Join(report.Files, ", ")
	}
	fmt.Fprintf(&b, "%s, %s (%s)\n", counted(len(report.Problems), "problem"), counted(len(report.Notes), "note"), read)
	_, err := io.WriteString(w, b.String())
	return err
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// finding is a problem or note as "config check --output json" prints it.
type finding struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Env     string `json:"env,omitempty"`
	Flag    string `json:"flag,omitempty"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

func findings(problems config.Problems) []finding {
	out := make([]finding, len(problems))
	for i, p := range problems {
		out[i] = finding{p.Origin.File, p.Origin.Line, p.Origin.Env, p.Origin.Flag, p.Path, p.Message}
	}
	return out
}

func writeCheckJSON(w io.Writer, report config.Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		OK       bool      `json:"ok"`
		Files    []string  `json:"files"`
		Problems []finding `json:"problems"`
		Notes    []finding `json:"notes"`
	}{len(report.Problems) == 0, append([]string{}, report.Files...), findings(report.Problems), findings(report.Notes)})
}

func newConfigPrint() *cobra.Command {
	var options config.Options
	var output string
	var origins bool
	command := &cobra.Command{
		Use:   "print",
		Short: "Print the merged configuration without its secrets",
		Long: `Prints what all files, the environment and includes add up to. Secrets, and
whatever looks like one, are shown as [redacted]; there is no way to print them.

Exit code: 0 printed, 1 the configuration has problems, 2 wrong usage.`,
		Example: `  callboard config print --origins
  callboard config print --config app-config.yaml --output json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, report := config.Inspect(cmd.Context(), options)
			if cfg != nil {
				if err := cfg.Print(cmd.OutOrStdout(), config.PrintOptions{Format: config.Format(output), Origins: origins}); err != nil {
					return err
				}
			}
			if len(report.Problems) > 0 {
				return &configExit{1, report.Problems}
			}
			return nil
		},
	}
	configFilesFlag(command, &options.Files)
	outputFlag(command, &output, "yaml", "json")
	command.Flags().BoolVar(&origins, "origins", false, "say beside each value where it comes from (yaml only)")
	return command
}

func newConfigSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration files, for editors",
		Long: `Prints the JSON Schema (2020-12) of app-config.yaml.

Exit code: 0 printed, 2 wrong usage.`,
		Example: `  callboard config schema > app-config.schema.json`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			schema, err := config.Schema()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(schema)
			return err
		},
	}
}
