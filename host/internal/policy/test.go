package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/callboard/callboard/host/internal/fault"
)

// TestReport is what the tests of a bundle came to.
type TestReport struct {
	Tests []TestResult
	// Covered is the share of the lines of the policy, tests excluded, that the
	// tests evaluate, 0 to 100; Uncovered are the others, as "file:line".
	Covered   float64
	Uncovered []string
}

// TestResult is one rule that begins with test_.
type TestResult struct {
	Name    string // "data.callboard.authz_test.test_guests"
	At      string // file:line
	Skipped bool
	Err     string // empty when it passed
}

// Failed are the tests that did not pass.
func (r TestReport) Failed() []TestResult {
	return slices.DeleteFunc(slices.Clone(r.Tests), func(t TestResult) bool { return t.Err == "" })
}

// testTime is how long one test may take.
const testTime = 5 * time.Second

// Test runs the tests that a bundle brings along. Fault: Invalid, when the
// bundle does not compile with them.
func Test(ctx context.Context, b Bundle) (TestReport, error) {
	modules, err := b.parse(true)
	if err != nil {
		return TestReport{}, err
	}
	compiler := ast.NewCompiler().WithCapabilities(capabilities()).WithEnablePrintStatements(false)
	store := inmem.NewFromObject(b.data())
	coverage := cover.New()
	runner := tester.NewRunner().SetCompiler(compiler).SetStore(store).SetModules(modules).SetTimeout(testTime).SetCoverageQueryTracer(coverage)
	txn, err := store.NewTransaction(ctx, storage.TransactionParams{})
	if err != nil {
		return TestReport{}, fmt.Errorf("testing the policy: %w", err)
	}
	defer store.Abort(ctx, txn)
	results, err := runner.RunTests(ctx, txn)
	if err != nil {
		return TestReport{}, fault.New(fault.Invalid, "policy: %w", err)
	}
	var report TestReport
	for r := range results {
		one := TestResult{Name: r.Package + "." + r.Name, At: r.Location.String(), Skipped: r.Skip}
		switch {
		case r.Error != nil:
			one.Err = r.Error.Error()
		case r.Fail:
			one.Err = "it does not hold"
			if r.FailedAt != nil {
				one.Err += fmt.Sprintf(", at %s: %s", r.FailedAt.Location, r.FailedAt)
			}
		}
		report.Tests = append(report.Tests, one)
	}
	policy := maps.Clone(modules)
	maps.DeleteFunc(policy, func(name string, _ *ast.Module) bool { return isTest(name) })
	covered := coverage.Report(policy)
	report.Covered = covered.Coverage
	for _, file := range slices.Sorted(maps.Keys(covered.Files)) {
		for _, lines := range covered.Files[file].NotCovered {
			report.Uncovered = append(report.Uncovered, fmt.Sprintf("%s:%d", file, lines.Start.Row))
		}
	}
	slices.SortFunc(report.Tests, func(a, b TestResult) int { return strings.Compare(a.Name, b.Name) })
	return report, nil
}

func isTest(name string) bool { return strings.HasSuffix(name, "_test.rego") }

// Load compiles a bundle and runs its own tests: an engine comes only of one
// that passes them. Fault: Invalid, with the tests that fail.
func Load(ctx context.Context, b Bundle) (*Engine, error) {
	e, err := Compile(ctx, b)
	if err != nil || !slices.ContainsFunc(slices.Collect(maps.Keys(b.Modules)), isTest) {
		return e, err
	}
	report, err := Test(ctx, b)
	if err != nil {
		return nil, err
	}
	if failed := report.Failed(); len(failed) > 0 {
		return nil, fault.New(fault.Invalid, "policy: %d of its %d tests fail; the first is %s (%s): %s", len(failed), len(report.Tests), failed[0].Name, failed[0].At, failed[0].Err)
	}
	return e, nil
}
