package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callboard/callboard/sdk/manifest"
	"github.com/callboard/callboard/sdk/starter"
)

// newPluginCommand returns "callboard plugin" with the author's tools.
func newPluginCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "plugin",
		Short: "Make, build, check, install and operate plugins",
		Example: `  callboard plugin new hello --dir ./hello
  callboard plugin build ./hello
  callboard plugin list`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newPluginNew(), newPluginBuild(), newPluginTest(), newPluginValidate(), newPluginInspect(), newPluginList(),
		newPluginReplay(), newPluginRecordings(), newPluginRecord(),
		newPluginInstall(), newPluginActivate(), newPluginGrant(), newPluginHistory(), newPluginUsage(),
		newPluginSetting("limits", "Show or set what a plugin may use", "  callboard plugin limits hello\n  echo '{\"memory\":\"32MiB\"}' | callboard plugin limits hello --file -"),
		newPluginSetting("config", "Show or set the configuration of a plugin", "  callboard plugin config hello\n  callboard plugin config hello --file hello.json"))
	for _, o := range operations() {
		command.AddCommand(o.command())
	}
	return command
}

func newPluginNew() *cobra.Command {
	var dir, module string
	command := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a new plugin that builds and passes its tests",
		Long: `Writes plugin.yaml, main.go, main_test.go, go.mod, README.md, and the SDK of this
binary beside them, so that the plugin builds without a network.`,
		Example: "  callboard plugin new hello --dir ./hello",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if dir == "" {
				dir = args[0]
			}
			written, err := starter.New(starter.Config{ID: args[0], Dir: dir, Module: module})
			if err != nil {
				return fmt.Errorf("writing a new plugin: %w", err)
			}
			for _, name := range written {
				fmt.Fprintln(cmd.OutOrStdout(), filepath.Join(dir, name))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "\nNext:\n  callboard plugin test %s\n  callboard plugin build %s\n", dir, dir)
			return nil
		},
	}
	command.Flags().StringVar(&dir, "dir", "", "`folder` to write (default ./NAME); it must not hold anything yet")
	command.Flags().StringVar(&module, "module", "", "Go `module` path (default example.com/NAME)")
	return command
}

// folderOf reads the folder of a plugin from the argument or from --dir.
func folderOf(args []string, dir string) string {
	switch {
	case len(args) > 0:
		return args[0]
	case dir != "":
		return dir
	default:
		return "."
	}
}

func newPluginTest() *cobra.Command {
	var dir string
	command := &cobra.Command{
		Use:     "test [DIR] [-- FLAGS]",
		Short:   "Run a plugin's tests natively, against a fake host",
		Example: "  callboard plugin test ./hello\n  callboard plugin test ./hello -- -run TestHello -v",
		RunE: func(cmd *cobra.Command, args []string) error {
			var flags []string
			if at := cmd.ArgsLenAtDash(); at >= 0 {
				args, flags = args[:at], args[at:]
			}
			if len(args) > 1 {
				return usage(errors.New("plugin test takes one folder"))
			}
			return runGo(cmd, folderOf(args, dir), nil, append(append([]string{"test"}, flags...), "./...")...)
		},
	}
	command.Flags().StringVar(&dir, "dir", "", "`folder` of the plugin (default .)")
	return command
}

// runGo runs the Go tool in a plugin's folder, outside of any workspace: a
// plugin is a module of its own.
func runGo(cmd *cobra.Command, dir string, env []string, args ...string) error {
	tool := exec.CommandContext(cmd.Context(), "go", args...)
	tool.Dir = dir
	tool.Env = append(append(os.Environ(), "GOWORK=off"), env...)
	tool.Stdout, tool.Stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
	err := tool.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("the Go tool is not on the PATH; install Go 1.26 or newer")
	}
	if err != nil {
		return fmt.Errorf("go %s: %w", args[0], err)
	}
	return nil
}

func newPluginValidate() *cobra.Command {
	var output string
	command := &cobra.Command{
		Use:   "validate FILE",
		Short: "Check a manifest, or a module against the manifest in it",
		Long: `FILE is a plugin.yaml, a plugin's folder, or a .wasm file. Of a folder the built
module is checked too, if there is one: every route and extension must be both
declared and registered.

Exit code: 0 nothing is wrong, 1 there are problems, 2 wrong usage.`,
		Example: "  callboard plugin validate ./hello\n  callboard plugin validate hello.wasm --output json",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := openPlugin(args[0])
			if err != nil {
				return err
			}
			problems := p.problems
			if len(problems) == 0 && len(p.wasm) > 0 {
				if problems, err = checkCode(cmd.Context(), p.manifest, p.wasm); err != nil {
					return err
				}
			}
			if output == "json" {
				if problems == nil {
					problems = manifest.Problems{}
				}
				if err := printJSON(cmd, problems); err != nil {
					return err
				}
			} else if len(problems) > 0 {
				fmt.Fprintln(cmd.OutOrStdout(), problems.Error())
			}
			if len(problems) > 0 {
				return errors.New(counted(len(problems), "problem") + " in " + args[0])
			}
			if output == "text" {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: plugin %s %s is good\n", args[0], p.manifest.ID, p.manifest.Version)
			}
			return nil
		},
	}
	outputFlag(command, &output, "text", "json")
	return command
}

// opened is a plugin as it lies on disk.
type opened struct {
	manifest *manifest.Manifest
	text     []byte
	problems manifest.Problems
	wasm     []byte // nil when there is none
}

// openPlugin reads a plugin.yaml, a folder with one, or a module that carries one.
func openPlugin(name string) (*opened, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("reading the plugin: %w", err)
	}
	p := &opened{}
	file := name
	switch {
	case info.IsDir():
		file = filepath.Join(name, manifest.FileName)
		if p.wasm, err = os.ReadFile(filepath.Join(name, "dist", "plugin.wasm")); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		if err == nil {
			p.text, err = os.ReadFile(file)
		}
	case strings.HasSuffix(name, ".wasm"):
		var found bool
		if p.wasm, err = os.ReadFile(name); err == nil {
			p.text, found, err = manifest.ReadSection(p.wasm)
		}
		if err == nil && !found {
			err = fmt.Errorf("%s holds no manifest; build it with: callboard plugin build", name)
		}
	default:
		p.text, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the plugin: %w", err)
	}
	p.manifest, err = manifest.Parse(file, p.text)
	if err != nil && !errors.As(err, &p.problems) {
		return nil, err
	}
	return p, nil
}

// checkCode compares a manifest with what the module registers.
func checkCode(ctx context.Context, m *manifest.Manifest, wasm []byte) (manifest.Problems, error) {
	code, err := describeModule(ctx, wasm)
	if err != nil {
		return nil, err
	}
	return manifest.Check(m, code), nil
}

func printJSON(cmd *cobra.Command, v any) error {
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
