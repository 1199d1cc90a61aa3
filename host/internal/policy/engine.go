package policy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/callboard/callboard/host/internal/condition"
	"github.com/callboard/callboard/host/internal/fault"
)

// The entrypoint of every policy: an object with effect ("allow" or "deny")
// and, for people, reason (text) and rules (names).
const (
	entrypoint = "data.callboard.authz.decision"
	question   = entrypoint + `.effect = "allow"`
)

// forbidden are builtins that reach outside, do not decide the same twice, or
// take more time than a decision has.
var forbidden = []string{
	"http.send", "opa.runtime", "net.lookup_ip_addr", "rand.intn", "uuid.rfc4122", "time.now_ns", "trace", "print",
	"rego.parse_module", "rego.metadata.chain", "rego.metadata.rule", "net.cidr_expand", "numbers.range", "numbers.range_step",
	"json.match_schema", "json.verify_schema", // open file:// references
	"io.jwt.decode_verify", "io.jwt.encode_sign", "io.jwt.encode_sign_raw", // read the clock, or throw dice
	"providers.aws.sign_req", "crypto.x509.parse_and_verify_certificates", "crypto.x509.parse_and_verify_certificates_with_options",
}

// capabilities are what a policy may call.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return slices.Contains(forbidden, b.Name) })
	c.AllowNet = []string{} // none, where nil would be any
	return c
}

// Engine is a compiled policy. It is immutable and safe for concurrent use.
type Engine struct {
	revision string
	decision rego.PreparedEvalQuery
	partial  rego.PreparedPartialQuery
	budget   time.Duration
	conflict string // where rules may contradict each other; empty when they cannot
}

// budget is how long one evaluation may take. A decision takes a fraction of a
// millisecond; what takes this long on a busy machine would take the portal down.
const budget = 2 * time.Second

// Compile makes an Engine of a bundle. Fault: Invalid, with file and line.
func Compile(ctx context.Context, b Bundle) (*Engine, error) {
	modules, err := b.parse(false)
	if err != nil {
		return nil, err
	}
	c := ast.NewCompiler().WithCapabilities(capabilities()).WithEnablePrintStatements(false).WithStrict(true)
	if c.Compile(modules); c.Failed() {
		return nil, fault.New(fault.Invalid, "policy: %w", c.Errors)
	}
	if len(c.GetRulesExact(ast.MustParseRef(entrypoint))) == 0 {
		return nil, fault.New(fault.Invalid, "policy: no module has the rule decision in package callboard.authz, which answers every question")
	}
	e := &Engine{revision: b.Digest()[:16], budget: budget, conflict: conflictOf(c)}
	options := func(query string) *rego.Rego {
		return rego.New(rego.Query(query), rego.Compiler(c), rego.Store(inmem.NewFromObject(b.data())),
			rego.Unknowns([]string{"input.resource"}), rego.ShallowInlining(true))
	}
	if e.decision, err = options(entrypoint).PrepareForEval(ctx); err != nil {
		return nil, fault.New(fault.Invalid, "policy: %w", err)
	}
	if e.partial, err = options(question).PrepareForPartial(ctx); err != nil {
		return nil, fault.New(fault.Invalid, "policy: %w", err)
	}
	return e, nil
}

// parse parses the modules of a bundle, its tests only when they are wanted.
func (b Bundle) parse(tests bool) (map[string]*ast.Module, error) {
	modules := map[string]*ast.Module{}
	for _, name := range slices.Sorted(maps.Keys(b.Modules)) {
		if isTest(name) && !tests {
			continue
		}
		m, err := ast.ParseModuleWithOpts(name, b.Modules[name], ast.ParserOptions{Capabilities: capabilities(), ProcessAnnotation: true})
		if err != nil {
			return nil, fault.New(fault.Invalid, "policy: %w", err)
		}
		modules[name] = m
	}
	return modules, nil
}

func (b Bundle) data() map[string]any {
	if b.Data == nil {
		return map[string]any{}
	}
	return b.Data
}

// Revision names the bundle that the engine was compiled from.
func (e *Engine) Revision() string { return e.revision }

// Question is who wants to do what.
type Question struct {
	Principal  Principal
	Permission Permission
	// Resource is what it is to be done with; nil when the permission is about
	// none, or it is not known yet.
	Resource *condition.Resource
}

// Principal is one of those whose rights a call uses: its subject, or a plugin
// on its path.
type Principal struct {
	Kind      string   // "user", "service", "plugin" or "none"
	Issuer    string   // who vouches for it
	ID        string   // the issuer's name of it, which never changes
	Ref       string   // its entity; empty for none
	Ownership []string // refs through which it owns things, its own included
	// Version and Digest are those of a plugin.
	Version, Digest string
}

// Permission is what a principal wants to do.
type Permission struct {
	Name   string // "catalog.entity.read"
	Action string // "create", "read", "update", "delete" or "use"
}

func (q Question) input() map[string]any {
	ownership := make([]any, len(q.Principal.Ownership))
	for i, ref := range q.Principal.Ownership {
		ownership[i] = ref
	}
	principal := map[string]any{"kind": q.Principal.Kind, "ownership": ownership}
	for name, s := range map[string]string{"issuer": q.Principal.Issuer, "id": q.Principal.ID, "ref": q.Principal.Ref, "version": q.Principal.Version, "digest": q.Principal.Digest} {
		if s != "" {
			principal[name] = s
		}
	}
	permission := map[string]any{"name": q.Permission.Name}
	if q.Permission.Action != "" {
		permission["action"] = q.Permission.Action
	}
	in := map[string]any{"principal": principal, "permission": permission}
	if q.Resource != nil {
		in["resource"] = q.Resource.Input()
	}
	return in
}

// Decision is what a policy says to a question.
type Decision struct {
	Allow  bool
	Reason string   // for people; may be empty
	Rules  []string // that led to it, by the policy's own names
}

// Decide answers a question in full. What goes wrong denies: the decision is a
// denial, and the error is for the log. Faults: Internal (the policy fails,
// for example gives two decisions), Timeout (it takes too long).
func (e *Engine) Decide(ctx context.Context, q Question) (Decision, error) {
	ctx, cancel := context.WithTimeout(ctx, e.budget)
	defer cancel()
	results, err := e.decision.Eval(ctx, rego.EvalInput(q.input()))
	if err != nil {
		return Decision{Reason: "the policy could not be evaluated"}, e.failure(ctx, err)
	}
	if len(results) != 1 || len(results[0].Expressions) != 1 {
		return Decision{Reason: "the policy decides nothing"}, nil
	}
	object, _ := results[0].Expressions[0].Value.(map[string]any)
	var d Decision
	d.Allow = object["effect"] == "allow"
	d.Reason, _ = object["reason"].(string)
	rules, _ := object["rules"].([]any)
	for _, r := range rules {
		if name, ok := r.(string); ok {
			d.Rules = append(d.Rules, name)
		}
	}
	return d, nil
}

func (e *Engine) failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.New(fault.Timeout, "the policy takes longer than %s to decide: %w", e.budget, err)
	}
	return fmt.Errorf("evaluating the policy: %w", err)
}

// Condition says of which resources a question is answered with allow.
// The node is nil when the policy uses something that no condition has, which
// is said in why: then each resource must be asked with Decide. An error
// denies everything. Faults as Decide.
func (e *Engine) Condition(ctx context.Context, q Question) (n condition.Node, why string, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.budget)
	defer cancel()
	q.Resource = nil
	if e.conflict != "" {
		return nil, e.conflict, nil
	}
	left, err := e.partial.Partial(ctx, rego.EvalInput(q.input()))
	if err = firstOf(err, ctx.Err()); err != nil {
		return condition.Any{}, "", e.failure(ctx, err)
	}
	n, err = walk(left.Queries, left.Support)
	var unknown unwalkable
	if errors.As(err, &unknown) {
		return nil, unknown.what, nil
	}
	if err != nil {
		return condition.Any{}, "", err
	}
	return condition.Simplify(n), "", nil
}
