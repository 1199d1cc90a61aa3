package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/pace"
	"github.com/callboard/callboard/sdk/replay"
)

// Redactor knows what must not be in a file: the values of secrets that a
// plugin was bound to. An empty or short value is ignored.
type Redactor interface {
	Secrets(plugin plugin.ID) [][]byte
}

// Facts tells what a plugin's code ran under, as digests.
type Facts interface {
	// Digests returns those of the plugin's configuration and grants, empty
	// where there is none.
	Digests(plugin plugin.ID) (config, grants string)
}

// Config is what a Recorder needs. Redactor and Facts may be nil.
type Config struct {
	Store    *Store
	Now      func() time.Time
	Random   io.Reader // crypto/rand.Reader outside of tests
	Log      *slog.Logger
	Host     string // version of the host
	Bodies   bool   // keep payloads; without them a file cannot be run again
	Redactor Redactor
	Facts    Facts
	Pace     *pace.Governor // behind whose calls the runs step back; nil = they do not
}

// Bounds of recording, so that a plugin that keeps failing fills neither the
// disk nor a core.
const (
	perMinute  = 10 // failed calls kept of one plugin
	MaxAsked   = 100
	queue      = 32              // recordings that wait to be written and run again
	verifyTime = 5 * time.Minute // of one run, which steps back behind calls
)

// Recorder decides what is kept, and keeps it in the background: no call waits
// for a file or for the run that verifies it.
type Recorder struct {
	config Config
	source source
	jobs   chan job
	armed  atomic.Int64 // calls still asked for, of all plugins; zero on the hot path

	mu      sync.Mutex
	asks    map[plugin.ID]int
	buckets map[plugin.ID]*bucket
	eras    map[plugin.ID]int // grows when a plugin is forgotten
	closed  bool
	figures Figures
	done    chan struct{}
	stop    context.CancelFunc

	filing sync.Mutex // of a file and of forgetting a plugin, one at a time
}

// Figures counts what became of calls that were worth a file.
type Figures struct {
	Kept    int // written
	Sampled int // left out: the plugin had its share of the minute
	Lost    int // not written: the queue or the disk was full
}

// bucket counts the recordings of one plugin in the current minute.
type bucket struct {
	from  time.Time
	taken int
}

// New returns a recorder that works until Close.
func New(c Config) *Recorder {
	ctx, stop := context.WithCancel(context.Background())
	r := &Recorder{
		config: c, jobs: make(chan job, queue), asks: map[plugin.ID]int{}, buckets: map[plugin.ID]*bucket{}, eras: map[plugin.ID]int{},
		done: make(chan struct{}), stop: stop,
	}
	var random sync.Mutex // a Reader of a test need not be safe
	// Not zero at the first reading: a runtime takes that for a broken clock.
	r.source = source{now: c.Now, started: c.Now().Add(-time.Second), random: func(p []byte) error {
		random.Lock()
		defer random.Unlock()
		if _, err := io.ReadFull(c.Random, p); err != nil {
			return fmt.Errorf("drawing a seed: %w", err)
		}
		return nil
	}}
	go r.work(ctx)
	return r
}

// Close ends the work in progress. What waits is written, and not verified.
func (r *Recorder) Close() error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		r.stop()
		close(r.jobs)
	}
	r.mu.Unlock()
	<-r.done
	return nil
}

// Store returns the files.
func (r *Recorder) Store() *Store { return r.config.Store }

// Arm asks for a recording of the next n calls of a plugin, however they end;
// each runs in an instance of its own. Zero takes the wish back. Fault: Invalid.
func (r *Recorder) Arm(id plugin.ID, n int) error {
	if n < 0 || n > MaxAsked {
		return fault.New(fault.Invalid, "record between 0 and %d calls", MaxAsked)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.armed.Add(int64(n - r.asks[id]))
	r.asks[id] = n
	return nil
}

// asked takes one of the calls that were asked for.
func (r *Recorder) asked(id plugin.ID) bool {
	if r.armed.Load() == 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asks[id] == 0 {
		return false
	}
	r.asks[id]--
	r.armed.Add(-1)
	return true
}

// Figures returns the counts so far.
func (r *Recorder) Figures() Figures {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.figures
}

// admit takes a place in the plugin's share of the minute.
func (r *Recorder) admit(id plugin.ID) bool {
	now := r.config.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.buckets[id]
	if b == nil || now.Sub(b.from) >= time.Minute {
		b = &bucket{from: now}
		r.buckets[id] = b
	}
	if b.taken >= perMinute {
		r.figures.Sampled++
		return false
	}
	b.taken++
	return true
}

// job is a recording on its way to its file.
type job struct {
	recording *replay.Recording
	module    *module
	era       int // of its plugin, when the call ended
}

// keep takes a call with its tape. It copies what lies in memory of others and
// leaves the rest to the background.
func (r *Recorder) keep(i *instance, t *tape, in, out []byte, err error) {
	if !t.asked && !r.admit(t.info.Plugin) {
		t.wipe()
		return
	}
	rec := r.recording(i, t, in)
	rec.Outcome = outcome(i.Instance, out, err)
	r.push(job{recording: rec, module: i.module})
}

// startFailed takes an instance that did not start.
func (r *Recorder) startFailed(m *module, start *surroundings, err error) {
	if fault.Is(err, fault.Unavailable) || !r.admit(m.spec.ID) {
		return
	}
	rec := &replay.Recording{Head: r.head(m.spec), Outcome: outcome(nil, nil, err)}
	rec.Op, rec.Reason, rec.Bodies, rec.Start = replay.Start, replay.ReasonFailed, true, start.around()
	rec.Limits = limits(m.spec.Limits, 0, 0)
	r.push(job{recording: rec, module: m})
}

func (r *Recorder) push(j job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	j.era = r.eras[plugin.ID(j.recording.Plugin)]
	if !r.closed {
		select {
		case r.jobs <- j:
			return
		default:
		}
	}
	r.figures.Lost++
}

// work writes and verifies, one recording at a time.
func (r *Recorder) work(ctx context.Context) {
	defer close(r.done)
	for j := range r.jobs {
		r.process(ctx, j)
	}
}

func (r *Recorder) process(ctx context.Context, j job) {
	rec := j.recording
	id := plugin.ID(rec.Plugin)
	r.redact(id, rec)
	rec.Verified = replay.Verified{Reproduced: replay.Pending}
	if err := r.write(j); err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, verifyTime)
	defer cancel()
	if r.config.Pace != nil {
		ctx = plugin.InBackground(ctx, r.config.Pace)
	}
	rec.Verified = j.module.verify(ctx, rec)
	_ = r.write(j)
}

// Forget deletes the recordings of a plugin that is removed, those that are on
// their way to a file included: nobody may read them any more, and whoever gets
// its id next has no part in them.
func (r *Recorder) Forget(id plugin.ID) {
	r.mu.Lock()
	r.eras[id]++
	delete(r.asks, id)
	delete(r.buckets, id)
	r.mu.Unlock()
	r.filing.Lock()
	defer r.filing.Unlock()
	if err := r.config.Store.DeleteAll(id); err != nil {
		r.config.Log.Warn("recordings of a removed plugin stay until they are too old", "plugin", string(id), "error", err)
	}
}

var errForgotten = errors.New("its plugin is removed")

func (r *Recorder) write(j job) error {
	rec, kept := j.recording, j.recording
	r.filing.Lock()
	defer r.filing.Unlock()
	r.mu.Lock()
	forgotten := r.eras[plugin.ID(rec.Plugin)] != j.era
	r.mu.Unlock()
	if forgotten {
		return errForgotten
	}
	if !r.config.Bodies {
		kept = withoutBodies(rec)
	}
	err := r.config.Store.Write(kept)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil:
		// A full disk costs the recording, never the call.
		r.figures.Lost++
		r.config.Log.Warn("a recording is lost", "plugin", rec.Plugin, "error", err)
	case rec.Verified.Reproduced != replay.Pending:
		r.figures.Kept++
	}
	return err
}
