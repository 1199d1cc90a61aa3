package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callboard/callboard/host/internal/app"
	"github.com/callboard/callboard/sdk/replay"
)

// maxModule bounds what is read of a module.
const maxModule = 32 << 20

func newPluginReplay() *cobra.Command {
	var module, against, output string
	var timeout time.Duration
	command := &cobra.Command{
		Use:   "replay FILE",
		Short: "Run a recorded call again",
		Long: `Runs the call of a recording on a fresh instance. The host answers from the file:
no portal, no network, and nothing of this machine is reached.

The module is --module, or what has the recorded digest: a core plugin of this
binary, plugin.wasm or dist/plugin.wasm here. With --against another version is
run too, and what it does otherwise is printed: how it ends, what it asks the
host, what it logs, and its fuel.

Exit code: 0 the same end as recorded (with --against: no change), 1 it differs, 2 wrong usage.`,
		Example: "  callboard plugin replay crash.replay\n  callboard plugin replay crash.replay --against dist/plugin.wasm",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, err := readRecording(args[0])
			if err != nil {
				return err
			}
			options := app.ReplayOptions{Recording: rec}
			if options.Module, err = moduleOf(rec, module, against); err != nil {
				return err
			}
			if against != "" {
				if options.Against, err = readModule(against); err != nil {
					return err
				}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			done, err := app.Replay(ctx, options)
			if err != nil {
				return err
			}
			if output == "json" {
				err = printJSON(cmd, newReplayReport(rec, done))
			} else {
				printReplay(cmd, rec, done)
			}
			return errors.Join(err, verdict(done))
		},
	}
	command.Flags().StringVar(&module, "module", "", "`file` of the module that was recorded")
	command.Flags().StringVar(&against, "against", "", "`file` of another version to compare with")
	command.Flags().DurationVar(&timeout, "timeout", 2*time.Minute, "longest `time` that all runs together may take")
	outputFlag(command, &output, "text", "json")
	return command
}

func readRecording(name string) (*replay.Recording, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usage(fmt.Errorf("reading the recording: %w", err))
	}
	defer func() { _ = f.Close() }()
	rec, err := replay.Read(f)
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", name, err))
	}
	if !rec.Bodies {
		return nil, usage(fmt.Errorf("%s was recorded without payloads (plugins.recording.bodies), so it cannot be run again; it tells: %s", name, summary(rec.Outcome)))
	}
	return rec, nil
}

func readModule(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxModule) {
		err = fmt.Errorf("%s must be a file of at most %d MiB", name, maxModule>>20)
	}
	if err != nil {
		return nil, usage(fmt.Errorf("reading the module: %w", err))
	}
	wasm, err := os.ReadFile(name)
	if err != nil {
		return nil, usage(fmt.Errorf("reading the module: %w", err))
	}
	return wasm, nil
}

// moduleOf finds the module that was recorded.
func moduleOf(rec *replay.Recording, named, against string) ([]byte, error) {
	if named != "" {
		return readModule(named)
	}
	if wasm := app.CoreModule(rec.Digest); wasm != nil {
		return wasm, nil
	}
	for _, name := range []string{"plugin.wasm", "dist/plugin.wasm", against} {
		if wasm, err := readModule(name); err == nil {
			if sum := sha256.Sum256(wasm); hex.EncodeToString(sum[:]) == rec.Digest {
				return wasm, nil
			}
		}
	}
	return nil, usage(fmt.Errorf("the module of plugin %s %s (sha256:%s) is not here; say where it is with --module", rec.Plugin, rec.Version, rec.Digest))
}

// verdict is what the exit code says.
func verdict(done app.Replayed) error {
	switch {
	case done.Against != nil && len(done.Changes) > 0:
		return errors.New("the versions differ")
	case done.Against == nil && len(done.Differences) > 0:
		return errors.New("it does not reproduce")
	default:
		return nil
	}
}

func printReplay(cmd *cobra.Command, rec *replay.Recording, done app.Replayed) {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "plugin %s %s, %s %s\n", rec.Plugin, rec.Version, rec.Op, rec.Route)
	fmt.Fprintf(out, "recorded %s: %s\n", rec.At.Local().Format(time.DateTime), summary(rec.Outcome))
	fmt.Fprintf(out, "now:     %s\n", summary(done.Now.Outcome))
	if len(done.Differences) == 0 {
		fmt.Fprintln(out, "It reproduces.")
	} else {
		fmt.Fprintf(out, "It differs from the recording:\n%s\n", strings.Join(done.Differences, "\n"))
	}
	if o := done.Now.Outcome; o.Stack != "" || o.Stderr != "" {
		fmt.Fprintf(out, "\n%s\n%s\n", strings.TrimRight(o.Stderr, "\n"), o.Stack)
	}
	if done.Against == nil {
		return
	}
	fmt.Fprintf(out, "\nagainst: %s\n", summary(done.Against.Outcome))
	if percent, ok := replay.FuelChange(done.Now, *done.Against); ok {
		fmt.Fprintf(out, "fuel:    %+.1f %%\n", percent)
	}
	if len(done.Changes) == 0 {
		fmt.Fprintln(out, "Nothing else changes.")
		return
	}
	fmt.Fprintln(out, strings.Join(done.Changes, "\n"))
}

func summary(o replay.Outcome) string {
	text := o.Kind
	if o.Cause != "" {
		text += ", " + o.Cause
	}
	if o.Fuel > 0 {
		text += fmt.Sprintf(", %d steps", o.Fuel)
	}
	return text
}

// replayReport is the answer with --output json.
type replayReport struct {
	Plugin      string     `json:"plugin"`
	Version     string     `json:"version"`
	Digest      string     `json:"digest"`
	Op          string     `json:"op"`
	Route       string     `json:"route,omitempty"`
	Recorded    replayEnd  `json:"recorded"`
	Now         replayEnd  `json:"now"`
	Reproduced  bool       `json:"reproduced"`
	Differences []string   `json:"differences"`
	Against     *replayEnd `json:"against,omitempty"`
	Changes     []string   `json:"changes,omitempty"`
	FuelPercent *float64   `json:"fuelPercent,omitempty"`
}

type replayEnd struct {
	Outcome   string `json:"outcome"`
	Cause     string `json:"cause,omitempty"`
	Stack     string `json:"stack,omitempty"`
	Stderr    string `json:"stderr,omitempty"`
	Fuel      uint64 `json:"fuel,omitempty"`
	HostCalls int    `json:"hostCalls"`
}

func endOf(r replay.Result) replayEnd {
	o := r.Outcome
	return replayEnd{Outcome: o.Kind, Cause: o.Cause, Stack: o.Stack, Stderr: o.Stderr, Fuel: o.Fuel, HostCalls: len(r.Steps)}
}

func newReplayReport(rec *replay.Recording, done app.Replayed) replayReport {
	r := replayReport{
		Plugin: rec.Plugin, Version: rec.Version, Digest: rec.Digest, Op: rec.Op, Route: rec.Route,
		Recorded: endOf(rec.Recorded()), Now: endOf(done.Now), Reproduced: len(done.Differences) == 0,
		Differences: append([]string{}, done.Differences...), Changes: done.Changes,
	}
	if done.Against != nil {
		end := endOf(*done.Against)
		r.Against = &end
		if percent, ok := replay.FuelChange(done.Now, *done.Against); ok {
			r.FuelPercent = &percent
		}
	}
	return r
}
