package meter

import (
	"context"
	"errors"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// Validate reports what is wrong with a module under WebAssembly 2.0, nil if
// nothing is.
//
// The runtime has no function for that: it validates within CompileModule, and
// then compiles. Its compiler with workers gives up before the first function
// when the context has ended, so an ended context makes it validate and stop,
// in a thirtieth of the time of compiling. The error that says so is the proof
// that validation has passed; the tests hold that an invalid module gets
// another one.
func Validate(module []byte) error {
	const workers = 2 // with fewer the compiler does not look at the context
	forever := context.Background()
	runtime := wazero.NewRuntimeWithConfig(forever, wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2).
		WithDebugInfoEnabled(false))
	defer func() { _ = runtime.Close(forever) }()
	ctx, cancel := context.WithCancel(experimental.WithCompilationWorkers(forever, workers))
	cancel()
	if _, err := runtime.CompileModule(ctx, module); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil // an error-free end: a module without functions
}
