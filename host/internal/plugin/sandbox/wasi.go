package sandbox

import (
	"context"
	"encoding/binary"
	"time"
)

// WASIModule is the name under which guests import the system interface.
const WASIModule = "wasi_snapshot_preview1"

// Error numbers of the system interface.
const (
	errnoBadf   = 8
	errnoFault  = 21
	errnoInval  = 28
	errnoIO     = 29
	errnoNotsup = 58
	errnoSpipe  = 70
)

// maxTransfer bounds what one call moves, so that no single import runs long:
// the memory of a guest can be named a thousand times in one vector.
const maxTransfer = 64 << 10

// WASI returns the functions of the system interface by name. It holds all of preview 1 by name, so that modules of any toolchain
// link. Only clock, randomness, sleep, exit, stdout and stderr do anything:
// there are no arguments, no environment, no files and no sockets.
func WASI() map[string]Func {
	table := map[string]Func{
		"args_get":            {NewSignature("ii", "i"), succeed},
		"args_sizes_get":      {NewSignature("ii", "i"), wasiNoStrings},
		"environ_get":         {NewSignature("ii", "i"), succeed},
		"environ_sizes_get":   {NewSignature("ii", "i"), wasiNoStrings},
		"clock_res_get":       {NewSignature("ii", "i"), wasiClockRes},
		"clock_time_get":      {NewSignature("iIi", "i"), wasiClockTime},
		"fd_close":            {NewSignature("i", "i"), wasiStdio(func(context.Context, *Guest, []uint64) uint64 { return 0 })},
		"fd_fdstat_get":       {NewSignature("ii", "i"), wasiStdio(wasiFdstat)},
		"fd_fdstat_set_flags": {NewSignature("ii", "i"), wasiStdio(func(context.Context, *Guest, []uint64) uint64 { return 0 })},
		"fd_seek":             {NewSignature("iIii", "i"), wasiStdio(func(context.Context, *Guest, []uint64) uint64 { return errnoSpipe })},
		"fd_read":             {NewSignature("iiii", "i"), wasiStdio(wasiRead)},
		"fd_write":            {NewSignature("iiii", "i"), wasiStdio(wasiWrite)},
		"poll_oneoff":         {NewSignature("iiii", "i"), wasiPoll},
		"proc_exit":           {NewSignature("i", ""), wasiExit},
		"random_get":          {NewSignature("ii", "i"), wasiRandom},
		"sched_yield":         {NewSignature("", "i"), wasiYield},
	}
	for name, params := range map[string]string{
		"fd_advise": "iIIi", "fd_allocate": "iII", "fd_datasync": "i", "fd_fdstat_set_rights": "iII",
		"fd_filestat_get": "ii", "fd_filestat_set_size": "iI", "fd_filestat_set_times": "iIIi", "fd_pread": "iiiIi",
		"fd_prestat_get": "ii", "fd_prestat_dir_name": "iii", "fd_pwrite": "iiiIi", "fd_readdir": "iiiIi",
		"fd_renumber": "ii", "fd_sync": "i", "fd_tell": "ii",
		"path_create_directory": "iii", "path_filestat_get": "iiiii", "path_filestat_set_times": "iiiiIIi",
		"path_link": "iiiiiii", "path_open": "iiiiiIIii", "path_readlink": "iiiiii", "path_remove_directory": "iii",
		"path_rename": "iiiiii", "path_symlink": "iiiii", "path_unlink_file": "iii",
		"sock_accept": "iii", "sock_recv": "iiiiii", "sock_send": "iiiii", "sock_shutdown": "ii",
	} {
		table[name] = Func{NewSignature(params, "i"), wasiStdio(func(context.Context, *Guest, []uint64) uint64 { return errnoNotsup })}
	}
	table["proc_raise"] = Func{NewSignature("i", "i"), func(_ context.Context, _ *Guest, stack []uint64) { stack[0] = errnoNotsup }}
	return table
}

func succeed(_ context.Context, _ *Guest, stack []uint64) { stack[0] = 0 }

// wasiStdio refuses every descriptor but 0, 1 and 2; nothing else is open.
func wasiStdio(run func(context.Context, *Guest, []uint64) uint64) func(context.Context, *Guest, []uint64) {
	return func(ctx context.Context, g *Guest, stack []uint64) {
		if uint32(stack[0]) > 2 {
			stack[0] = errnoBadf
			return
		}
		stack[0] = run(ctx, g, stack)
	}
}

func wasiNoStrings(_ context.Context, g *Guest, stack []uint64) {
	ok := g.Memory.WriteUint32Le(uint32(stack[0]), 0) && g.Memory.WriteUint32Le(uint32(stack[1]), 0)
	stack[0] = errno(ok)
}

func errno(ok bool) uint64 {
	if ok {
		return 0
	}
	return errnoFault
}

func wasiClockRes(_ context.Context, g *Guest, stack []uint64) {
	stack[0] = errno(g.Memory.WriteUint64Le(uint32(stack[1]), 1))
}

// wasiClockTime offers the wall clock (0) and one monotonic clock for all else.
func wasiClockTime(_ context.Context, g *Guest, stack []uint64) {
	now := g.Around.Now(uint32(stack[0]))
	stack[0] = errno(g.Memory.WriteUint64Le(uint32(stack[2]), uint64(now)))
}

// wasiFdstat describes a character device, so that libraries write by lines.
func wasiFdstat(_ context.Context, g *Guest, stack []uint64) uint64 {
	var stat [24]byte
	stat[0] = 2                                        // character device
	binary.LittleEndian.PutUint64(stat[8:], 1<<1|1<<6) // may read and write
	return errno(g.Memory.Write(uint32(stack[1]), stat[:]))
}

// wasiRead answers the end of stdin.
func wasiRead(_ context.Context, g *Guest, stack []uint64) uint64 {
	if uint32(stack[0]) != 0 {
		return errnoBadf
	}
	return errno(g.Memory.WriteUint32Le(uint32(stack[3]), 0))
}

func wasiWrite(_ context.Context, g *Guest, stack []uint64) uint64 {
	fd := uint32(stack[0]) // the upper half of an i32 is undefined
	if fd == 0 {
		return errnoBadf
	}
	stream := Stdout
	if fd == 2 {
		stream = Stderr
	}
	written := uint32(0)
	for n := range min(uint32(stack[2]), 1024) {
		vector, ok := g.Memory.Read(uint32(stack[1])+8*n, 8)
		if !ok {
			return errnoFault
		}
		size := binary.LittleEndian.Uint32(vector[4:])
		part, ok := g.Memory.Read(binary.LittleEndian.Uint32(vector), min(size, maxTransfer-written))
		if !ok {
			return errnoFault
		}
		g.Output.Print(stream, part)
		if written += uint32(len(part)); written == maxTransfer {
			break
		}
	}
	return errno(g.Memory.WriteUint32Le(uint32(stack[3]), written))
}

func wasiRandom(ctx context.Context, g *Guest, stack []uint64) {
	buf, ok := g.Memory.Read(uint32(stack[0]), uint32(stack[1]))
	if !ok {
		stack[0] = errnoFault
		return
	}
	for len(buf) > 0 {
		Interrupt(ctx)
		n := min(len(buf), maxTransfer)
		if err := g.Around.Random(buf[:n]); err != nil {
			stack[0] = errnoIO
			return
		}
		if buf = buf[n:]; n == maxTransfer {
			g.rest(ctx, g.Fuel.Elapsed())
		}
	}
	stack[0] = 0
}

func wasiYield(ctx context.Context, _ *Guest, stack []uint64) {
	Interrupt(ctx)
	stack[0] = 0
}

func wasiExit(_ context.Context, _ *Guest, stack []uint64) {
	panic(Stop{Exit(uint32(stack[0]))})
}

// Layout of a subscription and of an event of poll_oneoff.
const (
	subscriptionSize = 48
	eventSize        = 32
	maxSubscriptions = 64
	clockAbsolute    = 1
)

// wasiPoll waits for the earliest clock. Descriptors are always ready, since
// reading one ends at once and writing one never blocks. It ends with the call.
func wasiPoll(ctx context.Context, g *Guest, stack []uint64) {
	n := uint32(stack[2])
	if n == 0 || n > maxSubscriptions {
		stack[0] = errnoInval
		return
	}
	subs, ok := g.Memory.Read(uint32(stack[0]), n*subscriptionSize)
	if !ok {
		stack[0] = errnoFault
		return
	}
	le := binary.LittleEndian
	waits := make([]time.Duration, n)
	shortest := time.Duration(1<<63 - 1)
	for s := range waits {
		sub := subs[s*subscriptionSize:]
		if sub[8] == 0 { // clock
			wait := int64(le.Uint64(sub[24:]))
			if le.Uint16(sub[40:])&clockAbsolute != 0 {
				wait -= g.Around.Now(le.Uint32(sub[16:]))
			} else if wait < 0 {
				wait = 1<<63 - 1
			}
			waits[s] = time.Duration(wait)
		}
		shortest = min(shortest, waits[s])
	}
	if shortest > 0 {
		g.Outside(func() { g.Around.Sleep(ctx, shortest) })
	}
	Interrupt(ctx)
	count := uint32(0)
	for s, wait := range waits {
		if wait > shortest {
			continue
		}
		var event [eventSize]byte
		copy(event[:8], subs[s*subscriptionSize:])
		event[10] = subs[s*subscriptionSize+8]
		if !g.Memory.Write(uint32(stack[1])+count*eventSize, event[:]) {
			stack[0] = errnoFault
			return
		}
		count++
	}
	stack[0] = errno(g.Memory.WriteUint32Le(uint32(stack[3]), count))
}
