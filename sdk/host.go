package sdk

import (
	"context"

	"github.com/callboard/callboard/sdk/abi"
)

// Host is the guest's way out: the imports of the ABI. The Wasm build has the
// real one; sdktest brings a fake. Plugins use Viewer and Own instead.
type Host interface {
	// Call performs a capability operation. The reply is an abi.ReplyHeader
	// with its payload; it may lie in buf, which belongs to the caller. A code
	// other than ok means that there is no reply.
	Call(ctx context.Context, capability abi.Capability, op uint32, payload, buf []byte) (reply []byte, code abi.Code)
	// Read copies from a handle at off into dst and returns the count.
	Read(handle uint32, off int64, dst []byte) (int, abi.Code)
	// Write copies src to a handle at off and returns the count.
	Write(handle uint32, off int64, src []byte) (int, abi.Code)
	// Log takes one line of the log.
	Log(level abi.Level, line []byte)
}
