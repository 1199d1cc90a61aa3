// Package ui embeds the built React application.
//
//	owns:          the bytes under dist, as an fs.FS rooted at index.html
//	does not own:  serving them, the nonce, the content security policy (host/internal/web)
//	flow:          src → vite build → dist → embed → web
//
// The repository holds an empty dist, so that Go builds without Node; FS then has no index.html.
package ui
