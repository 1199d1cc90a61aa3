package catalogbench

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/callboard/callboard/host/internal/catalog/model"
)

//go:embed kinds.json
var kinds []byte

// Layer returns Backstage's kinds with their relations, for tests and
// benchmarks that run without the catalog plugin, which brings the real layer.
func Layer() model.Layer {
	layer := model.Layer{Plugin: "catalogbench"}
	if err := json.Unmarshal(kinds, &layer.Kinds); err != nil {
		panic(fmt.Sprintf("catalogbench: kinds.json: %v", err)) // embedded at build time
	}
	return layer
}
