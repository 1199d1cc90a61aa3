//go:build !wasip1

package sdk

import "embed"

// Files is the source of this module, for "callboard plugin new", which
// writes it beside a new plugin. Guests are built without it.
//
//go:embed *.go go.sum abi contract entity manifest nethttp outbound payload rawjson replay sdklog sdktest
var Files embed.FS
