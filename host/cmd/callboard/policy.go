package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callboard/callboard/host/internal/app"
	"github.com/callboard/callboard/host/internal/condition"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/policy"
	"github.com/callboard/callboard/sdk/entity"
)

func newPolicyCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "policy",
		Short:   "Check, test and question the policy of a portal",
		Example: "  callboard policy check --config app-config.yaml\n  callboard policy eval --user user:default/ann --permission catalog.entity.read",
		Args:    usageArgs(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newPolicyCheck(), newPolicyTest(), newPolicyEval(), newPolicyBench())
	return command
}

// effectivePolicy is the bundle that a portal with these files would use;
// without any the one in the binary.
func effectivePolicy(cmd *cobra.Command, files []string) (policy.Bundle, error) {
	c, err := config.Load(cmd.Context(), config.Options{Files: files})
	if err != nil {
		return policy.Bundle{}, usage(err)
	}
	return app.PolicyBundle(c) //nolint:wrapcheck // says what and where
}

func newPolicyCheck() *cobra.Command {
	var files []string
	command := &cobra.Command{
		Use:   "check",
		Short: "Compile the policy and run its own tests, as a portal does before it uses it",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := effectivePolicy(cmd, files)
			if err != nil {
				return err
			}
			e, err := policy.Load(cmd.Context(), b)
			if err != nil {
				return err //nolint:wrapcheck // says what and where
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "policy %s: %s, ready to be used\n", e.Revision(), plural(len(b.Modules), "module"))
			return err //nolint:wrapcheck // the output is gone
		},
	}
	configFilesFlag(command, &files)
	return command
}

func newPolicyTest() *cobra.Command {
	var files []string
	var output string
	var threshold float64
	command := &cobra.Command{
		Use:   "test",
		Short: "Run the tests of the policy, and say which lines they leave out",
		Long: `Runs every rule whose name begins with test_ in the modules *_test.rego of the
policy. --coverage fails when less than that share of the policy's lines is
evaluated by them.`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := effectivePolicy(cmd, files)
			if err != nil {
				return err
			}
			report, err := policy.Test(cmd.Context(), b)
			if err != nil {
				return err //nolint:wrapcheck // says what and where
			}
			if output == "json" {
				if err := printJSON(cmd, report); err != nil {
					return err
				}
			} else {
				printTests(cmd.OutOrStdout(), report)
			}
			if failed := len(report.Failed()); failed > 0 {
				return fmt.Errorf("%s of %d failed", plural(failed, "test"), len(report.Tests))
			}
			if report.Covered < threshold {
				return fmt.Errorf("%.1f %% of the lines are evaluated, and %.1f %% must be", report.Covered, threshold)
			}
			return nil
		},
	}
	configFilesFlag(command, &files)
	outputFlag(command, &output, "text", "json")
	command.Flags().Float64Var(&threshold, "coverage", 0, "share of lines that tests must evaluate, in percent")
	return command
}

func printTests(w io.Writer, report policy.TestReport) {
	for _, t := range report.Tests {
		switch {
		case t.Err != "":
			_, _ = fmt.Fprintf(w, "FAIL %s: %s: %s\n", t.At, t.Name, t.Err)
		case t.Skipped:
			_, _ = fmt.Fprintf(w, "skip %s: %s\n", t.At, t.Name)
		default:
			_, _ = fmt.Fprintf(w, "ok   %s\n", t.Name)
		}
	}
	for _, at := range report.Uncovered {
		_, _ = fmt.Fprintf(w, "%s: no test evaluates this\n", at)
	}
	_, _ = fmt.Fprintf(w, "%s, %d failed, %.1f %% of the lines\n", plural(len(report.Tests), "test"), len(report.Failed()), report.Covered)
}

// asked are the flags of a question.
type asked struct {
	user       string
	groups     []string
	issuer     string
	plugin     string
	permission string
	action     string
	entity     string
}

func (a *asked) flags(command *cobra.Command) {
	f := command.Flags()
	f.StringVar(&a.user, "user", "", "ref of the user who asks")
	f.StringSliceVar(&a.groups, "group", nil, "refs of groups through which the user owns things")
	f.StringVar(&a.issuer, "issuer", "cli", "who vouches for the user")
	f.StringVar(&a.plugin, "plugin", "", "id of the plugin that asks, in place of a user")
	f.StringVar(&a.permission, "permission", "catalog.entity.read", "permission that is asked for")
	f.StringVar(&a.action, "action", "read", "what the permission does: create, read, update, delete or use")
	f.StringVar(&a.entity, "entity", "", "file with an entity as JSON, - for standard input; without it the answer is for entities in general")
}

func (a *asked) question(cmd *cobra.Command) (policy.Question, error) {
	q := policy.Question{Principal: policy.Principal{Kind: "none"}, Permission: policy.Permission{Name: a.permission, Action: a.action}}
	switch {
	case a.user != "" && a.plugin != "":
		return q, usage(errors.New("--user and --plugin exclude each other"))
	case a.user != "":
		ref, err := entity.ParseRef(a.user, "user", "default")
		if err != nil {
			return q, usage(err)
		}
		q.Principal = policy.Principal{Kind: "user", Issuer: a.issuer, ID: ref.String(), Ref: ref.String(), Ownership: append([]string{ref.String()}, a.groups...)}
	case a.plugin != "":
		q.Principal = policy.Principal{Kind: "plugin", Issuer: "callboard", ID: a.plugin, Ref: "plugin:" + a.plugin}
	}
	if a.entity == "" {
		return q, nil
	}
	read := os.ReadFile
	if a.entity == "-" {
		read = func(string) ([]byte, error) { return io.ReadAll(cmd.InOrStdin()) }
	}
	body, err := read(a.entity)
	if err != nil {
		return q, usage(err)
	}
	r, err := resourceOf(body)
	q.Resource = r
	return q, err
}

// resourceOf projects an entity as the API shows it.
func resourceOf(body []byte) (*condition.Resource, error) {
	var e struct {
		Kind     string
		Metadata struct{ Namespace, Name string }
		Spec     struct{ Owner string }
		// Relations are there when the entity comes from the API.
		Relations []struct{ Type, TargetRef string }
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, usage(fmt.Errorf("reading the entity: %w", err))
	}
	if e.Metadata.Namespace == "" {
		e.Metadata.Namespace = "default"
	}
	ref := strings.ToLower(e.Kind + ":" + e.Metadata.Namespace + "/" + e.Metadata.Name)
	r := condition.NewResource(ref, body, func(add func(condition.Relation)) {
		for _, one := range e.Relations {
			add(condition.Relation{Type: one.Type, Target: one.TargetRef})
		}
		if owner, err := entity.ParseRef(e.Spec.Owner, "group", e.Metadata.Namespace); err == nil && len(e.Relations) == 0 {
			add(condition.Relation{Type: "ownedBy", Target: owner.String()})
		}
	})
	return &r, nil
}

func newPolicyEval() *cobra.Command {
	var files []string
	var output string
	var who asked
	command := &cobra.Command{
		Use:   "eval",
		Short: "Ask the policy a question",
		Long: `Prints what the policy decides about one entity, with the rules that led to it;
without --entity, about entities in general: of which entities the answer is
yes. That condition is what lists, counts and searches are filtered by.

Exit code: 0 allowed (with some entities, at least), 1 denied, 2 wrong usage.`,
		Example: `  callboard policy eval --user user:default/ann --group group:default/ledger --permission catalog.entity.refresh --action update
  curl …/entities/by-name/component/default/web | callboard policy eval --user ann --entity -`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := effectivePolicy(cmd, files)
			if err != nil {
				return err
			}
			e, err := policy.Compile(cmd.Context(), b)
			if err != nil {
				return err //nolint:wrapcheck // says what and where
			}
			q, err := who.question(cmd)
			if err != nil {
				return err
			}
			return evaluate(cmd, e, q, output)
		},
	}
	configFilesFlag(command, &files)
	outputFlag(command, &output, "text", "json")
	who.flags(command)
	return command
}

// evaluated is the answer of eval.
type evaluated struct {
	Allow     bool     `json:"allow"`
	Rules     []string `json:"rules,omitempty"`
	Reason    string   `json:"reason,omitempty"`
	Condition string   `json:"condition,omitempty"` // of which entities it is allowed
	// Each says why the policy is asked about each entity, where it is.
	Each     string `json:"each,omitempty"`
	Revision string `json:"revision"`
}

func evaluate(cmd *cobra.Command, e *policy.Engine, q policy.Question, output string) error {
	out := evaluated{Revision: e.Revision()}
	if q.Resource == nil {
		n, why, err := e.Condition(cmd.Context(), q)
		if err != nil {
			return err //nolint:wrapcheck // says what went wrong
		}
		if out.Each = why; n != nil {
			out.Condition = n.String()
		}
		out.Allow = out.Condition != "never"
	} else {
		d, err := e.Decide(cmd.Context(), q)
		if err != nil {
			return err //nolint:wrapcheck // says what went wrong
		}
		out.Allow, out.Rules, out.Reason = d.Allow, d.Rules, d.Reason
	}
	if output == "json" {
		if err := printJSON(cmd, out); err != nil {
			return err
		}
	} else {
		printEvaluated(cmd.OutOrStdout(), out)
	}
	if !out.Allow {
		return errors.New("denied")
	}
	return nil
}

func printEvaluated(w io.Writer, out evaluated) {
	switch {
	case out.Each != "":
		_, _ = fmt.Fprintf(w, "allowed with some entities; each has to be asked about, which is slower: %s\n", out.Each)
	case out.Condition != "":
		_, _ = fmt.Fprintf(w, "allowed with entities where: %s\n", out.Condition)
	default:
		_, _ = fmt.Fprintf(w, "%s: %s\n", map[bool]string{true: "allowed", false: "denied"}[out.Allow], out.Reason)
	}
	for _, r := range out.Rules {
		_, _ = fmt.Fprintf(w, "  by %s\n", r)
	}
}

func newPolicyBench() *cobra.Command {
	var files []string
	var who asked
	command := &cobra.Command{
		Use:   "bench",
		Short: "Measure how long the policy takes to answer a question",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := effectivePolicy(cmd, files)
			if err != nil {
				return err
			}
			e, err := policy.Compile(cmd.Context(), b)
			if err != nil {
				return err //nolint:wrapcheck // says what and where
			}
			q, err := who.question(cmd)
			if err != nil {
				return err
			}
			measure := func(what string, ask func() error) {
				asked, began := 0, time.Now()
				for err == nil && time.Since(began) < time.Second {
					err = ask()
					asked++
				}
				_, _ = fmt.Fprintf(cmd.OutOrStdout(), "%-34s %8.1f µs\n", what, time.Since(began).Seconds()*1e6/float64(asked))
			}
			measure("what it comes to for all entities", func() error { _, _, err := e.Condition(cmd.Context(), q); return err })
			if q.Resource == nil {
				q.Resource = &condition.Resource{}
			}
			measure("a decision about one entity", func() error { _, err := e.Decide(cmd.Context(), q); return err })
			return err //nolint:wrapcheck // says what went wrong
		},
	}
	configFilesFlag(command, &files)
	who.flags(command)
	return command
}
