package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/callboard/callboard/host/internal/app"
	"github.com/callboard/callboard/host/internal/config"
)

// drainTime is how long requests under way may take once the server is told to end.
const drainTime = 30 * time.Second

func newServeCommand() *cobra.Command {
	var options config.Options
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the portal",
		Long: "Serve the portal until it is interrupted. Requests under way are answered first.\n" +
			"CALLBOARD_PPROF=127.0.0.1:6060 serves profiles on that loopback address.",
		Example: "  callboard serve\n  callboard serve --config app-config.yaml --config app-config.production.yaml --listen 0.0.0.0:7007",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), options, cmd.OutOrStdout(), os.Stderr)
		},
	}
	configFilesFlag(cmd, &options.Files)
	cmd.Flags().StringVar(&options.Listen, "listen", "", "`address` to listen on, instead of backend.listen")
	cmd.Flags().StringVar(&options.Data, "data", "", "data `folder`, instead of CALLBOARD_DATA or ./data")
	return cmd
}

func serve(ctx context.Context, options config.Options, out, log io.Writer) error {
	began := time.Now()
	c, err := config.Load(ctx, options)
	if err != nil {
		return err
	}
	portal, err := app.New(ctx, app.Options{
		Config: c, Version: app.Version{Version: version, Commit: commit}, LogTo: log, Random: rand.Reader,
	})
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		if err := portal.Close(closing); err != nil {
			fmt.Fprintln(log, "callboard: closing: "+err.Error())
		}
	}()
	if err := portal.Start(ctx, os.Getenv("CALLBOARD_PPROF")); err != nil {
		return err
	}
	watcher, err := config.NewWatcher(config.WatchOptions{Options: options, Current: c})
	if err != nil {
		return err
	}
	watched := make(chan error, 1)
	go func() { watched <- watcher.Run(ctx, portal.Reload) }()
	fmt.Fprintf(out, "Callboard %s is ready after %s: http://%s\n", version, time.Since(began).Round(time.Millisecond), portal.Addr())
	err = portal.Wait(ctx)
	if err == nil {
		err = <-watched
	}
	return err
}
