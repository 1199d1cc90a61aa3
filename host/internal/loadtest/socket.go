package loadtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Sockets sends load over connections of its own, where wrk is not installed.
// It reads no more of an answer than its status and length.
type Sockets struct{}

// Name implements Generator.
func (Sockets) Name() string { return "raw sockets in Go, one goroutine per connection, keep-alive" }

// Run implements Generator. ClientCPU is left at zero: the generator runs
// inside of the calling process.
func (Sockets) Run(ctx context.Context, l Load) (Result, error) {
	began := time.Now()
	deadline := began.Add(l.Duration)
	clients := make([]client, l.Clients)
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() {
			clients[n].next = n * len(l.Requests) / l.Clients
			clients[n].err = clients[n].run(ctx, l, deadline)
		})
	}
	all.Wait()
	res := Result{Duration: time.Since(began)}
	var took []time.Duration
	var errs []error
	for i := range clients {
		c := &clients[i]
		res.Requests += int64(len(c.took))
		res.Errors += c.errors
		res.Bytes += c.bytes
		took = append(took, c.took...)
		errs = append(errs, c.err)
	}
	slices.Sort(took)
	res.P50, res.P99 = quantile(took, 0.50), quantile(took, 0.99)
	return res, errors.Join(errs...)
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(float64(len(sorted))*q), len(sorted)-1)]
}

// client is one connection.
type client struct {
	next   int // of the requests
	took   []time.Duration
	errors int64
	bytes  int64
	err    error
}

func (c *client) run(ctx context.Context, l Load, deadline time.Time) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.Address)
	if err != nil {
		return fmt.Errorf("connecting to %s: %w", l.Address, err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(deadline.Add(10 * time.Second)); err != nil {
		return fmt.Errorf("limiting a connection: %w", err)
	}
	r := bufio.NewReaderSize(conn, 64<<10)
	for now := time.Now(); now.Before(deadline) && ctx.Err() == nil; {
		if _, err := conn.Write(l.Requests[c.next%len(l.Requests)]); err != nil {
			return fmt.Errorf("sending a request: %w", err)
		}
		c.next++
		status, n, err := readAnswer(r)
		if err != nil {
			return fmt.Errorf("reading an answer: %w", err)
		}
		done := time.Now()
		c.took = append(c.took, done.Sub(now))
		c.bytes += n
		if status >= 400 {
			c.errors++
		}
		now = done
	}
	return nil
}

// readAnswer reads one answer and returns its status and size.
func readAnswer(r *bufio.Reader) (status int, size int64, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	size = int64(len(line))
	if len(line) < 12 || string(line[:5]) != "HTTP/" {
		return 0, size, fmt.Errorf("%.40q is no status line", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, size, fmt.Errorf("%.40q has no status", line)
	}
	length, chunked := int64(0), false
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return status, size, err
		}
		size += int64(len(line))
		name, value, found := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":")
		if !found {
			break
		}
		value = strings.TrimSpace(value)
		switch {
		case strings.EqualFold(name, "Content-Length"):
			if length, err = strconv.ParseInt(value, 10, 64); err != nil || length < 0 {
				return status, size, fmt.Errorf("content length %q", value)
			}
		case strings.EqualFold(name, "Transfer-Encoding"):
			chunked = strings.EqualFold(value, "chunked")
		}
	}
	if chunked {
		n, err := skipChunks(r)
		return status, size + n, err
	}
	n, err := io.CopyN(io.Discard, r, length)
	return status, size + n, err
}

func skipChunks(r *bufio.Reader) (size int64, err error) {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return size, err
		}
		text, _, _ := strings.Cut(strings.TrimSpace(string(line)), ";")
		n, err := strconv.ParseInt(text, 16, 64)
		if err != nil || n < 0 {
			return size, fmt.Errorf("chunk size %q", text)
		}
		size += int64(len(line))
		// The last chunk is empty; a blank line follows each.
		skipped, err := io.CopyN(io.Discard, r, n+2)
		size += skipped
		if err != nil || n == 0 {
			return size, err
		}
	}
}
