package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/web"
)

func newDoctorCommand() *cobra.Command {
	var (
		options config.Options
		health  bool
		output  string
	)
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the configuration and ask the running portal how it is",
		Long: "Check the configuration and ask the portal that runs with it how it is.\n" +
			"Exit code 0: it serves (perhaps degraded); 1: it does not, or the configuration has problems.",
		Example: "  callboard doctor\n  callboard doctor --health   # only the running portal; for container health checks",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return doctor(cmd.Context(), options, health, output, cmd.OutOrStdout())
		},
	}
	configFilesFlag(cmd, &options.Files)
	cmd.Flags().StringVar(&options.Listen, "listen", "", "`address` of the running portal, instead of backend.listen")
	cmd.Flags().BoolVar(&health, "health", false, "ask the running portal only, and say nothing when it serves")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

func doctor(ctx context.Context, options config.Options, quiet bool, output string, out io.Writer) error {
	c, err := config.Load(ctx, options)
	if err != nil {
		return err
	}
	ready, err := askReady(ctx, c)
	if err != nil {
		return err
	}
	switch {
	case output == "json":
		if err := json.NewEncoder(out).Encode(ready); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	case !quiet:
		fmt.Fprintf(out, "The portal on %s is %s.\n", c.ListenAddr(), ready.Status)
		for _, check := range ready.Checks {
			fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("  %-9s %s  %s", check.Status, check.Name, check.Message), " "))
		}
	}
	if ready.Status == "error" {
		return errors.New("the portal takes no requests")
	}
	return nil
}

// ownCertificate trusts the portal's own certificate under the name that people
// use, since doctor asks by address.
func ownCertificate(c *config.Config) *tls.Config {
	if !c.Backend.HTTPS.Enabled {
		return nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	out.RootCAs.AppendCertsFromPEM([]byte(c.Backend.HTTPS.Certificate.Cert))
	if u, err := url.Parse(c.BaseURL()); err == nil {
		out.ServerName = u.Hostname()
	}
	return out
}

// askReady asks the portal on this machine, whichever interface it listens on.
func askReady(ctx context.Context, c *config.Config) (web.Readiness, error) {
	host, port, err := net.SplitHostPort(c.ListenAddr())
	if err != nil {
		return web.Readiness{}, fmt.Errorf("reading the listen address: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if c.Backend.HTTPS.Enabled {
		scheme = "https"
	}
	target := url.URL{Scheme: scheme, Host: net.JoinHostPort(host, port), Path: "/.callboard/ready"}
	client := egress.New(egress.Config{UserAgent: "callboard-doctor", TLS: ownCertificate(c)}).Client(egress.Policy{
		Timeout: 5 * time.Second, MaxRedirects: -1,
		Reach: func(u *url.URL) egress.Reach {
			if u.Host == target.Host {
				return egress.Private
			}
			return egress.Refused
		},
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return web.Readiness{}, fmt.Errorf("asking the portal: %w", err)
	}
	res, err := client.Do(req)
	if err != nil {
		return web.Readiness{}, fmt.Errorf("no portal answers on %s: %w", target.Host, err)
	}
	defer func() { _ = res.Body.Close() }()
	var ready web.Readiness
	if err := json.NewDecoder(res.Body).Decode(&ready); err != nil {
		return web.Readiness{}, fmt.Errorf("what answers on %s is not Callboard: %w", target.Host, err)
	}
	return ready, nil
}
