package ui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// FS returns the built application: index.html, in which the server replaces every
// `__CSP_NONCE__` with the nonce of the response, and the hashed files under assets/.
// Before `npm run build` it holds no index.html.
func FS() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		// The path is a constant that fs.ValidPath accepts, so this is unreachable.
		panic(err)
	}
	return sub
}
