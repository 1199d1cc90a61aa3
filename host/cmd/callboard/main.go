// Command callboard is the developer portal: server, plugin tools and checks in one binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Set by the linker.
var (
	version = "dev"
	commit  = "unknown"
)

func main() { os.Exit(run(os.Args[1:])) }

// run executes the command line and returns the exit code: 0 done, 1 failed, 2
// misused. A first signal ends the command in order, a second one at once.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "callboard: "+err.Error())
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return 1
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "callboard",
		Short:         "A developer portal whose features are sandboxed plugins",
		Example:       "  callboard serve\n  callboard plugin new hello --dir ./hello",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          usageArgs(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newServeCommand(), newDoctorCommand(), newVersionCommand(), newConfigCommand(), newCatalogCommand(), newPolicyCommand(), newPluginCommand())
	return root
}

// usageError is a misuse of the command line.
type usageError struct{ error }

// ExitCode is what the process should exit with.
func (usageError) ExitCode() int { return 2 }

func usage(err error) error { return usageError{err} }

// usageArgs makes a mistake in the arguments a misuse.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usage(err)
		}
		return nil
	}
}
