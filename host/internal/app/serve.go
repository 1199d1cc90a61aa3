package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
)

// Start loads plugins and catalog side by side, listens, and serves in the
// background. Where plugins process entities they are loaded first: a batch
// would run into its deadline while its plugin is compiled. When it returns the portal answers. pprofAddr, if not empty, is
// a loopback address that serves profiles.
func (a *App) Start(ctx context.Context, pprofAddr string) error {
	c := a.options.Config
	defer collectLess()()
	if err := a.plugins.registry.Start(ctx); err != nil {
		return fmt.Errorf("starting the plugin registry: %w", err)
	}
	loaded := make(chan struct{})
	var started error // of the installer; read after loaded
	go func() {
		defer close(loaded)
		started = a.installer.Start(ctx)
	}()
	if a.catalog.processes {
		<-loaded
	}
	err := a.catalog.start(ctx)
	<-loaded
	a.closeLater(a.installer.Close)
	if err = errors.Join(err, started); err != nil {
		return fmt.Errorf("starting catalog and plugins: %w", err)
	}
	a.closeLater(func(context.Context) error { return a.catalog.close() })
	a.jobs.start(ctx)
	background, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { a.sweep(background) })
	work.Go(func() { a.keepUses(background) })
	work.Go(func() { a.plugins.compileAhead(background) })
	work.Go(func() { a.policy.follow(background) })
	work.Go(func() { settle(background) })
	a.closeLater(func(context.Context) error {
		stop()
		work.Wait() // before the store and the cache that they use are closed
		if err := a.uses.Flush(context.WithoutCancel(ctx)); err != nil {
			a.log.WarnContext(ctx, "what plugins used last is lost", "error", err)
		}
		return nil
	})
	if err := a.serveMetrics(); err != nil {
		return err
	}
	if err := a.serveProfiles(pprofAddr); err != nil {
		return err
	}
	if a.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", c.ListenAddr()); err != nil {
		return fault.Wrap(fault.Unavailable, err, fmt.Sprintf("cannot listen on %s (another process may use it; choose an address with --listen)", c.ListenAddr()))
	}
	a.closeLater(a.server.Close)
	go func() { a.served <- a.server.Serve(a.listener) }()
	return nil
}

// settleAfter is when the portal has answered its first requests.
const settleAfter = 5 * time.Second

// settle gives memory back: loading leaves twice as much behind as is needed.
func settle(ctx context.Context) {
	select {
	case <-time.After(settleAfter):
		debug.FreeOSMemory()
	case <-ctx.Done():
	}
}

// Addr returns the address that the portal listens on.
func (a *App) Addr() string { return a.listener.Addr().String() }

// Wait returns when ctx ends, or with the error that ended serving.
func (a *App) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-a.served:
		return err
	}
}

// Close answers what is under way, within ctx, and closes everything in the
// reverse order of opening.
func (a *App) Close(ctx context.Context) error {
	var all error
	for _, s := range a.side {
		all = errors.Join(all, s.Shutdown(ctx))
	}
	for _, f := range slices.Backward(a.closers) {
		all = errors.Join(all, f(ctx))
	}
	a.closers, a.side = nil, nil
	return all
}

// serveMetrics listens where configuration wants /metrics apart from the portal.
func (a *App) serveMetrics() error {
	listen := a.options.Config.Telemetry.Metrics.Listen
	if listen == nil {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metrics.Handler())
	return a.serveBeside("metrics", listen.String(), mux)
}

// serveProfiles serves net/http/pprof on a loopback address.
func (a *App) serveProfiles(addr string) error {
	if addr == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return fault.New(fault.Invalid, "CALLBOARD_PPROF=%q must be a loopback address such as 127.0.0.1:6060", addr)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return a.serveBeside("profiles", addr, mux)
}

func (a *App) serveBeside(what, addr string, h http.Handler) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, fmt.Sprintf("cannot listen on %s for %s", addr, what))
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	a.side = append(a.side, s)
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.served <- fmt.Errorf("serving %s: %w", what, err)
		}
	}()
	return nil
}

// usesEvery is how often what plugins use goes to the database.
const usesEvery = time.Minute

// keepUses stores what plugins use.
func (a *App) keepUses(ctx context.Context) {
	tick := time.NewTicker(usesEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := a.uses.Flush(ctx); err != nil {
			a.log.WarnContext(ctx, "what plugins use is stored later", "error", err)
		}
	}
}

// sweepEvery is how often expired values and sessions are removed.
const sweepEvery = 10 * time.Minute

func (a *App) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := a.store.KVSweep(ctx); err != nil {
			a.log.WarnContext(ctx, "expired values stay", "error", err)
		}
		if _, err := a.store.SweepSessions(ctx); err != nil {
			a.log.WarnContext(ctx, "expired sessions stay", "error", err)
		}
		if a.recorder != nil {
			a.recorder.Store().Sweep()
		}
		if _, err := a.keeper.Prune(ctx); err != nil {
			a.log.WarnContext(ctx, "old history stays", "error", err)
		}
		if _, err := a.blobs.Sweep(ctx); err != nil {
			a.log.WarnContext(ctx, "the content of deleted blobs stays", "error", err)
		}
	}
}
