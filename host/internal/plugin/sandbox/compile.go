package sandbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
)

// Compile runs build in a slot and waits for it as long as the limits allow.
// Compiling cannot be interrupted: what overruns its time is abandoned, keeps
// its slot until it ends, and is closed then. build is given a context without
// end, since what it makes outlives the caller.
// Faults: Invalid (build's error, a panic of the compiler), Timeout, Unavailable (cancelled).
func (s *Slots) Compile(ctx context.Context, spec plugin.Spec, build func(context.Context) (plugin.Module, error)) (plugin.Module, error) {
	ctx, cancel := context.WithTimeout(ctx, spec.Limits.CompileTimeout)
	defer cancel()
	release, err := s.Take(ctx, spec.Digest)
	if err != nil {
		return nil, loadTimeout(spec, err, "no compile slot became free")
	}

	type outcome struct {
		module plugin.Module
		err    error
	}
	done := make(chan outcome)
	go func() {
		defer release()
		m, err := caught(context.WithoutCancel(ctx), build)
		select {
		case done <- outcome{m, err}:
		case <-ctx.Done():
			// Abandoned: nobody waits any more.
			if err == nil {
				_ = m.Close(context.WithoutCancel(ctx))
			}
		}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return nil, fault.New(fault.Invalid, "plugin %s cannot be loaded: %w", spec.ID, o.err)
		}
		return o.module, nil
	case <-ctx.Done():
		return nil, loadTimeout(spec, ctx.Err(), "compiling took too long and was abandoned")
	}
}

// caught turns a panic into an error. The compiler has panicked on hostile
// input before; on this goroutine a panic can be caught, which is why
// compiling has no workers of its own.
func caught(ctx context.Context, build func(context.Context) (plugin.Module, error)) (m plugin.Module, err error) {
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("compiling it failed: %v", r)
		}
	}()
	return build(ctx)
}

func loadTimeout(spec plugin.Spec, err error, what string) error {
	if errors.Is(err, context.Canceled) {
		return fault.Wrap(fault.Unavailable, err, fmt.Sprintf("loading plugin %s was cancelled", spec.ID))
	}
	return fault.Wrap(fault.Timeout, err, fmt.Sprintf("plugin %s is not loaded: %s (limit %v)", spec.ID, what, spec.Limits.CompileTimeout))
}

// DamagedCache reports whether compiling failed because of the files in the
// cache folder, and not because of the module.
func DamagedCache(err error) bool {
	return err != nil && strings.Contains(err.Error(), "compilationcache")
}
