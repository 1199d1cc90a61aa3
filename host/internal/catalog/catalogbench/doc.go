// Package catalogbench makes catalogs to test and measure with.
//
// Owns: a deterministic generator of descriptor files of any size, Backstage's kinds as a layer.
// Does not own: the benchmarks of other packages, the example company (examples/catalog).
// Flow: Config{Entities, Seed} → Generate → []File → a folder, or straight into the pipeline.
// No product code imports it.
package catalogbench
