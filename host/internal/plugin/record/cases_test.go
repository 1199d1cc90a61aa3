package record_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/plugin/record"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/replay"
)

// patient leaves time to a busy machine.
var patient = plugin.Limits{Deadline: map[abi.Op]time.Duration{abi.OpHTTPHandle: time.Minute}}

// What a plugin answers on purpose is none of our business, and neither is a
// caller who gave up.
func TestWhatIsNotRecorded(t *testing.T) {
	b := newBench(t)
	b.install(t, "1", patient)
	if _, err := b.send(t, "echo x", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.send(t, "refuse x", nil); err == nil {
		t.Fatal("the plugin did not refuse")
	}
	ctx, cancel := context.WithCancel(t.Context())
	b.gate.Answer = func(ctx context.Context, _ plugin.CallInfo, _ abi.Capability, _ uint32, _ []byte) []byte {
		cancel()
		<-ctx.Done()
		return plugintest.Answer(abi.CodeTimeout, abi.CodecNone, nil)
	}
	reply, err := b.Call(ctx, plugin.Call{Plugin: "recorded", Op: abi.OpHTTPHandle, Payload: msgp.Raw("ask x"), Authority: principal.Guest("user:default/robin")})
	if err == nil {
		reply.Close()
		t.Fatal("the call was not cancelled")
	}
	b.gate.Answer = answer
	if _, err := b.send(t, "trap", nil); err == nil {
		t.Fatal("the guest did not trap")
	}
	if rec := b.recorded(t, 1); rec.Outcome.Cause != "out of bounds memory access" {
		t.Errorf("recorded %+v", rec.Outcome)
	}
}

// A call that waits for the host, or sleeps, past its deadline ends in the
// same import when it is run again, without waiting.
func TestDeadlineInAnImportReproduces(t *testing.T) {
	moment := plugin.Limits{Deadline: map[abi.Op]time.Duration{abi.OpHTTPHandle: 2 * time.Second}}
	for _, request := range []string{"ask x", "forever"} {
		t.Run(request, func(t *testing.T) {
			b := newBench(t)
			b.gate.Answer = func(ctx context.Context, _ plugin.CallInfo, _ abi.Capability, _ uint32, _ []byte) []byte {
				<-ctx.Done()
				return plugintest.Answer(abi.CodeTimeout, abi.CodecNone, nil)
			}
			b.install(t, "1", moment)
			if _, err := b.send(t, request, nil); err == nil {
				t.Fatal("the call ended in time")
			}
			rec := b.recorded(t, 1)
			if rec.Outcome.Kind != "timeout" || rec.Verified.Reproduced != replay.Yes {
				t.Fatalf("%+v, %+v", rec.Outcome, rec.Verified)
			}
			if run := rerun(t, rec, "1"); run.Outcome.Kind != "timeout" || len(rec.Same(run)) > 0 {
				t.Errorf("elsewhere: %+v", run.Outcome)
			}
		})
	}
}

// A failure that needs the memory of earlier calls is not called reproduced.
func TestStateOfEarlierCallsIsNotReproduced(t *testing.T) {
	b := newBench(t)
	b.install(t, "1", patient)
	if _, err := b.send(t, "second", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.send(t, "second", nil); err == nil {
		t.Fatal("the second call did not fail")
	}
	rec := b.recorded(t, 1)
	if rec.Verified.Reproduced != replay.No || rec.EarlierCalls != 1 {
		t.Fatalf("%+v after %d calls", rec.Verified, rec.EarlierCalls)
	}
	text := strings.Join(rec.Verified.Differences, "\n")
	for _, want := range []string{"- internal", "+ ok", "had served other calls"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not among the differences:\n%s", want, text)
		}
	}
}

// A call that is asked for is recorded although it succeeds, in an instance of
// its own, and its reply is the same again.
func TestRecordOnRequest(t *testing.T) {
	b := newBench(t)
	b.install(t, "1", patient)
	for range 2 {
		if _, err := b.send(t, "echo warm", nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.recorder.Arm("recorded", 1); err != nil {
		t.Fatal(err)
	}
	got, err := b.send(t, "dice", nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := b.send(t, "dice", nil); err != nil || again == got {
		t.Errorf("a second call answers %q, %v, the first %q", again, err, got)
	}
	rec := b.recorded(t, 1)
	if rec.Reason != replay.ReasonAsked || rec.EarlierCalls != 0 || rec.Verified.Reproduced != replay.Yes {
		t.Errorf("%s, %d calls before, %+v", rec.Reason, rec.EarlierCalls, rec.Verified)
	}
	if run := rerun(t, rec, "1"); string(run.Outcome.Reply[abi.ReplyHeaderSize:]) != got {
		t.Errorf("replayed it answers %q, it was %q", run.Outcome.Reply, got)
	}
	if b.recorder.Arm("recorded", record.MaxAsked+1) == nil {
		t.Error("any number of calls can be recorded")
	}
}

func TestStartThatFails(t *testing.T) {
	b := newBench(t)
	b.install(t, "broken", patient)
	if _, err := b.send(t, "echo x", nil); err == nil {
		t.Fatal("it starts")
	}
	rec := b.recorded(t, 1)
	if rec.Op != replay.Start || !strings.Contains(rec.Outcome.Stderr, "it does not start: ") || rec.Verified.Reproduced != replay.Yes {
		t.Errorf("%s %+v %+v", rec.Op, rec.Outcome, rec.Verified)
	}
	if run := rerun(t, rec, "broken"); run.Outcome.Stderr != rec.Outcome.Stderr {
		t.Errorf("elsewhere: %s", run.Outcome.Stderr)
	}
}

// A new version is run against what the old one was given.
func TestAgainstANewVersion(t *testing.T) {
	b := newBench(t)
	b.gate.Answer = answer
	b.install(t, "1", patient)
	if _, err := b.send(t, "ask x", nil); err == nil {
		t.Fatal("it did not fail")
	}
	rec := b.recorded(t, 1)
	run := rerun(t, rec, "2")
	if run.Outcome.Kind != "ok" || !strings.HasSuffix(string(run.Outcome.Reply), "mended") {
		t.Errorf("the new version ends with %+v", run.Outcome)
	}
	// It asks for "first 2" where "first 1" was recorded, and then the same.
	if len(run.Divergences) == 0 || !strings.Contains(run.Divergences[0].String(), "kv.get/1") {
		t.Errorf("divergences: %v", run.Divergences)
	}
}

// A plugin that keeps failing does not fill the disk.
func TestSampling(t *testing.T) {
	now := time.Now()
	b := newBench(t, func(c *record.Config) { c.Now = func() time.Time { return now } })
	b.install(t, "1", patient)
	for range 14 {
		_, _ = b.send(t, "internal x", nil)
	}
	b.list(t, 10)
	if f := b.recorder.Figures(); f.Sampled != 4 || f.Lost != 0 {
		t.Errorf("%+v", f)
	}
}

type secrets [][]byte

func (s secrets) Secrets(plugin.ID) [][]byte { return s }

// Canaries in a binding, in an answer of the capability secret, in header
// fields and in the query are in no file, in no encoding.
func TestNoSecretInAnyFile(t *testing.T) {
	bound, revealed, field, parameter := "canary-bound-7d1f", "canary-revealed-8e2a", "canary-field-93bb", "canary parameter/4cc"
	for _, bodies := range []bool{true, false} {
		b := newBench(t, func(c *record.Config) { c.Redactor, c.Bodies = secrets{[]byte(bound)}, bodies })
		b.install(t, "1", patient)
		b.gate.Answer = func(_ context.Context, _ plugin.CallInfo, capability abi.Capability, _ uint32, payload []byte) []byte {
			if capability == abi.CapSecret {
				return plugintest.Answer(abi.CodeOK, abi.CodecMsgpack, msgp.AppendMapStrStr(nil, map[string]string{"v": revealed}))
			}
			text := "x " + bound + " " + base64.StdEncoding.EncodeToString([]byte("u:"+bound)) + hex.EncodeToString([]byte(bound))
			return plugintest.Answer(abi.CodeOK, abi.CodecNone, append([]byte(text), payload...))
		}
		request := &contract.HTTPRequest{
			Method: "GET", Route: "/x", Path: "/x", RawQuery: "a=1&access_token=" + "canary%20parameter%2F4cc",
			Headers: []contract.Header{{Name: "X-Api-Key", Value: field}, {Name: "Accept", Value: "text/" + field}},
		}
		reply, err := b.Call(t.Context(), plugin.Call{
			Plugin: "recorded", Op: abi.OpHTTPHandle, Authority: principal.Guest("user:default/robin"), Payload: request,
		})
		if err == nil {
			reply.Close()
			t.Fatal("the request was answered")
		}
		if _, err := b.send(t, "reveal x "+bound, nil); err == nil {
			t.Fatal("it did not fail")
		}
		list := b.list(t, 2)
		var found []byte
		for _, e := range list {
			plain, err := b.store.Read("recorded", e.ID)
			if err != nil {
				t.Fatal(err)
			}
			rec, err := replay.Read(bytes.NewReader(plain))
			if err != nil {
				t.Fatal(err)
			}
			if bodies != rec.Bodies || rec.Redacted == 0 {
				t.Errorf("bodies %v, redacted %d", rec.Bodies, rec.Redacted)
			}
			found = append(found, everything(rec)...)
		}
		for _, canary := range []string{bound, revealed, field, parameter} {
			for _, form := range []string{canary, base64.StdEncoding.EncodeToString([]byte("u:" + canary))[4:20], hex.EncodeToString([]byte(canary))} {
				if bytes.Contains(found, []byte(form)) {
					t.Errorf("with bodies=%v %q is in the recording", bodies, form)
				}
			}
		}
		if !bodies && bytes.Contains(found, []byte("value of")) {
			t.Error("without bodies there are bodies")
		}
	}
}

// everything is all bytes of a recording, decoded.
func everything(rec *replay.Recording) []byte {
	var out bytes.Buffer
	_ = replay.Write(&out, rec)
	out.Write(rec.Input)
	for _, e := range rec.Events {
		for _, b := range [][]byte{e.Request, e.Answer, e.Bytes} {
			out.Write(b)
			out.WriteByte('\n')
		}
	}
	out.Write(rec.Outcome.Reply)
	out.WriteString(rec.Outcome.Stderr)
	return out.Bytes()
}

// What lies on the disk is encrypted, for this user alone, and tells nothing.
func TestFilesAreSealed(t *testing.T) {
	b := newBench(t)
	b.gate.Answer = answer
	b.install(t, "1", patient)
	_, _ = b.send(t, "ask x", nil)
	id := b.list(t, 1)[0].ID
	dir := filepath.Dir(b.store.Dir())
	var files int
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil || d.IsDir() {
			return err
		}
		files++
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		content, err := os.ReadFile(name)
		if bytes.Contains(content, []byte("value of")) || bytes.Contains(content, []byte("recorded")) || bytes.Contains(content, []byte("panic")) {
			t.Errorf("%s can be read", name)
		}
		return err
	})
	if err != nil || files != 1 {
		t.Fatalf("%d files, %v", files, err)
	}
	// Another key opens nothing, and a file of one plugin is none of another.
	other, _ := record.NewKey([]byte("another key"))
	foreign, err := record.OpenStore(record.StoreConfig{Dir: b.store.Dir(), Key: other, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := foreign.Read("recorded", id); err == nil {
		t.Error("another key opens it")
	}
	if err := os.Rename(filepath.Join(b.store.Dir(), "recorded"), filepath.Join(b.store.Dir(), "somebody")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.Read("somebody", id); err == nil {
		t.Error("a recording of another plugin is opened")
	}
	for _, name := range []string{"../recorded/" + id, "..", "", "x/y", ".half-1"} {
		if _, err := b.store.Read("recorded", name); err == nil {
			t.Errorf("%q is opened", name)
		}
	}
}

// Files go by number and by age; half of a file is never shown and goes at the
// next start.
func TestRetention(t *testing.T) {
	now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	key, err := record.NewKey([]byte("k"))
	if err != nil {
		t.Fatal(err)
	}
	c := record.StoreConfig{Dir: t.TempDir(), Key: key, Random: zeros{}, Now: clock}
	s, err := record.OpenStore(c)
	if err != nil {
		t.Fatal(err)
	}
	write := func(at time.Time) string {
		rec := &replay.Recording{Head: replay.Head{Plugin: "one", At: at, ID: at.Format("20060102-150405.000") + "-ab"}}
		rec.Verified.Reproduced = replay.Pending
		if err := s.Write(rec); err != nil {
			t.Fatal(err)
		}
		return rec.ID
	}
	first := write(now.Add(-8 * 24 * time.Hour))
	for i := range record.KeepMost + 5 {
		write(now.Add(-time.Duration(i) * time.Second))
	}
	list, err := s.List("one")
	if err != nil || len(list) != record.KeepMost {
		t.Fatalf("%d are kept, %v", len(list), err)
	}
	if slices.ContainsFunc(list, func(e record.Entry) bool { return e.ID == first }) || list[0].ID < list[1].ID {
		t.Errorf("the oldest is still there, or the order is wrong: %s", list[0].ID)
	}
	half := filepath.Join(c.Dir, "one", ".half-123")
	if err := os.WriteFile(half, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if list, _ = s.List("one"); len(list) != record.KeepMost {
		t.Errorf("half of a file is listed")
	}
	if s, err = record.OpenStore(c); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(half); !os.IsNotExist(err) {
		t.Errorf("half of a file stays: %v", err)
	}
	if list, _ = s.List("one"); list[0].Reproduced != replay.No || !strings.Contains(list[0].Difference, "the host ended") {
		t.Errorf("what another process had not verified is %+v", list[0])
	}
	if err := s.Delete("one", list[0].ID); err != nil {
		t.Error(err)
	}
	now = now.Add(8 * 24 * time.Hour)
	s.Sweep()
	if files, _ := os.ReadDir(filepath.Join(c.Dir, "one")); len(files) != 0 {
		t.Errorf("%d files outlive their time", len(files))
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A disk that takes nothing costs recordings and no call.
func TestFullDisk(t *testing.T) {
	b := newBench(t)
	b.install(t, "1", patient)
	if err := os.WriteFile(filepath.Join(b.store.Dir(), "recorded"), nil, 0o600); err != nil { // in the way of the folder
		t.Fatal(err)
	}
	if _, err := b.send(t, "internal x", nil); err == nil {
		t.Fatal("it did not fail")
	}
	if err := b.recorder.Close(); err != nil {
		t.Fatal(err)
	}
	if f := b.recorder.Figures(); f.Lost != 1 {
		t.Errorf("%+v", f)
	}
	if got, err := b.send(t, "echo still here", nil); err != nil || got != "still here" {
		t.Errorf("answered %q, %v", got, err)
	}
}

// halting is a Redactor that lets a recording wait on its way to a file.
type halting struct{ at, release chan struct{} }

func newHalting() halting { return halting{make(chan struct{}), make(chan struct{})} }

func (h halting) Secrets(plugin.ID) [][]byte {
	h.at <- struct{}{}
	<-h.release
	return nil
}

// What is removed leaves no recordings, neither on the disk nor on their way to
// it, and whoever gets its id next finds none and can make its own.
func TestARemovedPluginLeavesNoRecordings(t *testing.T) {
	h := newHalting()
	b := newBench(t, func(c *record.Config) { c.Redactor = h })
	b.install(t, "1", plugin.Limits{})
	fail := func() {
		if got, err := b.send(t, "trap", nil); err == nil {
			t.Fatalf("answered %q", got)
		}
		<-h.at
	}
	fail()
	h.release <- struct{}{}
	b.list(t, 1)
	fail()
	b.recorder.Forget("recorded")
	h.release <- struct{}{}

	fail() // the one before is done with: there is one worker
	if list, err := b.store.List("recorded"); err != nil || len(list) != 0 {
		t.Fatalf("after the removal there are %+v, %v", list, err)
	}
	h.release <- struct{}{}
	b.list(t, 1)
}

// A recording that is checked after its plugin was taken away is no failure to
// reproduce.
func TestRecordingsOutliveTheirModule(t *testing.T) {
	h := newHalting()
	b := newBench(t, func(c *record.Config) { c.Redactor = h })
	b.install(t, "1", plugin.Limits{})
	if got, err := b.send(t, "trap", nil); err == nil {
		t.Fatalf("answered %q", got)
	}
	<-h.at
	if err := b.Remove(t.Context(), "recorded"); err != nil {
		t.Fatal(err)
	}
	h.release <- struct{}{}
	if rec := b.recorded(t, 1); rec.Verified.Reproduced != replay.Yes {
		t.Errorf("the host says %+v", rec.Verified)
	}
}
