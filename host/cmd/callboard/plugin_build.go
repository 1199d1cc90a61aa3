package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callboard/callboard/host/internal/app"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/manifest"
)

// describeModule asks a module what it registers, in a runtime of its own.
func describeModule(ctx context.Context, wasm []byte) (contract.Description, error) {
	return app.DescribeModule(ctx, wasm)
}

func newPluginBuild() *cobra.Command {
	var dir, module string
	command := &cobra.Command{
		Use:   "build [DIR]",
		Short: "Build a plugin and check it against its manifest",
		Long: `Compiles the plugin in DIR to Wasm, runs it once to ask what it registers, checks
that against plugin.yaml, and writes dist/plugin.wasm with the manifest in it.
A problem names the line that is wrong or missing, and nothing is written.

A plugin that is not written in Go is compiled with its own tools; --module names
what came out.`,
		Example: "  callboard plugin build ./hello\n  callboard plugin build ./notes --module notes/target/notes.wasm",
		Args:    usageArgs(cobra.MaximumNArgs(1)),
		RunE:    func(cmd *cobra.Command, args []string) error { return buildPlugin(cmd, folderOf(args, dir), module) },
	}
	command.Flags().StringVar(&module, "module", "", "`file` with the module that other tools have built")
	command.Flags().StringVar(&dir, "dir", "", "`folder` of the plugin (default .)")
	return command
}

func buildPlugin(cmd *cobra.Command, dir, module string) error {
	file := filepath.Join(dir, manifest.FileName)
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the manifest: %w", err)
	}
	m, err := manifest.Parse(file, text)
	if err != nil {
		return err
	}
	wasm, err := compiled(cmd, dir, module)
	if err != nil {
		return err
	}
	problems, err := checkCode(cmd.Context(), m, wasm)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return errors.Join(problems, errors.New(counted(len(problems), "problem")+" between plugin.yaml and the code"))
	}
	if wasm, err = manifest.WriteSection(wasm, text); err != nil {
		return fmt.Errorf("writing the manifest into the module: %w", err)
	}
	target := filepath.Join(dir, "dist", "plugin.wasm")
	if err := replaceFile(target, wasm); err != nil {
		return fmt.Errorf("writing the module: %w", err)
	}
	digest := sha256.Sum256(wasm)
	fmt.Fprintf(cmd.OutOrStdout(), "%s: plugin %s %s, %d bytes, sha256:%s\n", target, m.ID, m.Version, len(wasm), hex.EncodeToString(digest[:]))
	return nil
}

// compiled returns the module that other tools have built, or builds it with Go.
func compiled(cmd *cobra.Command, dir, module string) ([]byte, error) {
	if module == "" {
		scratch, err := os.MkdirTemp("", "callboard-build-*")
		if err != nil {
			return nil, fmt.Errorf("making a folder to build in: %w", err)
		}
		defer func() { _ = os.RemoveAll(scratch) }()
		module = filepath.Join(scratch, "plugin.wasm")
		err = runGo(cmd, dir, []string{"GOOS=wasip1", "GOARCH=wasm"},
			"build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", module, ".")
		if err != nil {
			return nil, err
		}
	}
	wasm, err := os.ReadFile(module)
	if err != nil {
		return nil, fmt.Errorf("reading what was built: %w", err)
	}
	return wasm, nil
}

// replaceFile writes beside the target and renames, so that a running portal
// never reads half a module.
func replaceFile(target string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	beside := target + ".new"
	if err := os.WriteFile(beside, content, 0o644); err != nil {
		return err
	}
	return os.Rename(beside, target)
}

// inspected is what "plugin inspect" says of a module.
type inspected struct {
	ID           string                         `json:"id"`
	Version      string                         `json:"version"`
	Title        string                         `json:"title"`
	Digest       string                         `json:"digest,omitempty"`
	Size         int                            `json:"size,omitempty"`
	SDK          string                         `json:"sdk,omitempty"`
	Capabilities map[string]manifest.Capability `json:"capabilities"`
	Routes       []manifest.Route               `json:"routes"`
	Processors   []manifest.Processor           `json:"processors"`
	Kinds        []string                       `json:"kinds"`
}

func newPluginInspect() *cobra.Command {
	var output string
	command := &cobra.Command{
		Use:     "inspect FILE",
		Short:   "Show what a plugin is, asks for and adds",
		Example: "  callboard plugin inspect hello/dist/plugin.wasm",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := openPlugin(args[0])
			if err != nil {
				return err
			}
			if len(p.problems) > 0 {
				return p.problems
			}
			seen, err := inspect(cmd.Context(), p)
			if err != nil {
				return err
			}
			if output == "json" {
				return printJSON(cmd, seen)
			}
			fmt.Fprint(cmd.OutOrStdout(), seen.text())
			return nil
		},
	}
	outputFlag(command, &output, "text", "json")
	return command
}

func inspect(ctx context.Context, p *opened) (*inspected, error) {
	m := p.manifest
	out := &inspected{
		ID: m.ID, Version: m.Version, Title: m.Title, Capabilities: m.Capabilities,
		Routes: m.Routes, Processors: m.Extensions.Processors,
	}
	for _, k := range m.Model.Kinds {
		if !slices.Contains(out.Kinds, k.Kind) {
			out.Kinds = append(out.Kinds, k.Kind)
		}
	}
	if len(p.wasm) > 0 {
		digest := sha256.Sum256(p.wasm)
		out.Digest, out.Size = "sha256:"+hex.EncodeToString(digest[:]), len(p.wasm)
		code, err := describeModule(ctx, p.wasm)
		if err != nil {
			return nil, err
		}
		out.SDK = code.SDK
	}
	return out, nil
}

func (i *inspected) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n", i.ID, i.Version, i.Title)
	if i.Size > 0 {
		fmt.Fprintf(&b, "module %s, %d bytes, SDK %s\n", i.Digest, i.Size, i.SDK)
	}
	for _, name := range sortedNames(i.Capabilities) {
		scope, err := i.Capabilities[name].Scope.JSON()
		if err != nil || scope == nil {
			scope = []byte("-")
		}
		fmt.Fprintf(&b, "capability %-9s %s  %s\n", name, scope, i.Capabilities[name].Reason)
	}
	for _, r := range i.Routes {
		fmt.Fprintf(&b, "route %-6s /api/%s%s\n", r.Method, i.ID, r.Path)
	}
	for _, p := range i.Processors {
		fmt.Fprintf(&b, "processor %s of %s\n", p.Name, strings.Join(p.Kinds, ", "))
	}
	if len(i.Kinds) > 0 {
		fmt.Fprintf(&b, "kinds %s\n", strings.Join(i.Kinds, ", "))
	}
	return b.String()
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
