// Command datasets is an example of a plugin that brings a kind and no code.
//
// Owns: the kind Dataset, and what it adds to Component, as data in plugin.yaml.
// Does not own: validation, relations, computed and mirrored fields (the host makes them of that data).
// Build it with "callboard plugin build examples/datasets".
package main

import "github.com/callboard/callboard/sdk"

func init() { sdk.Register(sdk.Plugin{}) }

func main() {} // never runs: the module is a library
