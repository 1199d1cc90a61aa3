// Package work is what guests compute, and the same native.
package work

import (
	"encoding/json"
)

// Spin is a tight loop of n turns: xorshift.
//
//go:noinline
func Spin(n int) uint64 { return Inlined(n) }

// Inlined is Spin as a part of the function that calls it. In Wasm, Go's large
// functions are one loop around all of their code, and the tight one is no
// loop of its own.
func Inlined(n int) uint64 {
	x := uint64(88172645463325252)
	for range n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

const entity = `{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"name":"payments","namespace":"default",` +
	`"description":"Takes payments and tells everybody who needs to know","labels":{"tier":"1","team":"rails"},` +
	`"annotations":{"example.com/slug":"pay/ments","example.com/dash":"d/1234"},"tags":["go","grpc","critical"],` +
	`"links":[{"url":"https://example.com/a","title":"A"},{"url":"https://example.com/b","title":"B"}]},` +
	`"spec":{"type":"service","lifecycle":"production","owner":"group:default/rails","system":"money","providesApis":["a","b","c"],` +
	`"dependsOn":["component:default/ledger","resource:default/db","resource:default/queue"]}}`

// JSON decodes and encodes an entity of 800 bytes n times.
func JSON(n int) []byte {
	var out []byte
	for range n {
		var v map[string]any
		if err := json.Unmarshal([]byte(entity), &v); err != nil {
			panic(err) // of a constant
		}
		out, _ = json.Marshal(v) //nolint:errchkjson // it was JSON before
	}
	return out
}
