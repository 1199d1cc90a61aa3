// Package starter writes a new plugin: a folder that builds and passes its tests, offline.
//
// Owns: the template of a new plugin, copying the SDK's source beside it.
// Does not own: building (the command line runs the Go tool), the SDK's source itself (sdk.Files).
// Flow: plugin new NAME → New → plugin.yaml, main.go, main_test.go, go.mod, README.md, callboard-sdk/.
// dist/modules.zip, written by "go run ./starter/pack", holds the modules that the SDK needs.
package starter
