package record

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/replay"
)

// How long and how many recordings are kept.
const (
	KeepFor  = 7 * 24 * time.Hour
	KeepMost = 100 // of one plugin
)

// StoreConfig is what a Store needs.
type StoreConfig struct {
	Dir    string // recordings of the data folder; made when it is missing
	Key    Key    // seals new files
	Old    []Key  // open files of before
	Random io.Reader
	Now    func() time.Time
}

// Store is the files of recordings: <dir>/<plugin>/<id>, mode 0600.
type Store struct {
	config StoreConfig
	keys   map[[keyIDSize]byte]Key

	mu      sync.Mutex      // of writing and of what follows
	pending map[string]bool // written by this process, not verified yet
}

// Entry is one recording in a list.
type Entry struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	Plugin     string    `json:"plugin"`
	Version    string    `json:"version"`
	Digest     string    `json:"digest"`
	Op         string    `json:"op"`
	Route      string    `json:"route,omitempty"`
	Reason     string    `json:"reason"`
	RequestID  string    `json:"requestId,omitempty"`
	Outcome    string    `json:"outcome"`
	Cause      string    `json:"cause,omitempty"`
	Reproduced string    `json:"reproduced"`
	Difference string    `json:"difference,omitempty"` // the first one
	Bodies     bool      `json:"bodies"`
	Fuel       uint64    `json:"fuel,omitempty"`
	Bytes      int64     `json:"bytes"` // of the file
}

// OpenStore makes the folder and removes what a killed process left half
// written and what is too old.
func OpenStore(c StoreConfig) (*Store, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of recordings: %w", err)
	}
	s := &Store{config: c, keys: map[[keyIDSize]byte]Key{c.Key.id: c.Key}, pending: map[string]bool{}}
	for _, k := range c.Old {
		s.keys[k.id] = k
	}
	leftovers, err := filepath.Glob(filepath.Join(c.Dir, "*", temporary+"*"))
	if err != nil {
		return nil, fmt.Errorf("looking for recordings: %w", err)
	}
	for _, name := range leftovers {
		_ = os.Remove(name)
	}
	s.Sweep()
	return s, nil
}

// Dir returns the folder.
func (s *Store) Dir() string { return s.config.Dir }

const temporary = ".half-"

// Write seals a recording and puts it in its place as a whole, or not at all.
// Writing it again replaces it.
func (s *Store) Write(r *replay.Recording) error {
	dir, file, err := s.path(plugin.ID(r.Plugin), r.ID)
	if err != nil {
		return err
	}
	meta, body, err := parts(r)
	if err != nil {
		return err
	}
	sealed, err := s.config.Key.seal(s.config.Random, r.Plugin+"/"+r.ID, meta, body)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of a plugin's recordings: %w", err)
	}
	if err := writeFile(dir, file, sealed); err != nil {
		return fmt.Errorf("writing a recording: %w", err)
	}
	if r.Verified.Reproduced == replay.Pending {
		s.pending[r.Plugin+"/"+r.ID] = true
	} else {
		delete(s.pending, r.Plugin+"/"+r.ID)
	}
	s.prune(dir)
	return nil
}

func parts(r *replay.Recording) (meta, body []byte, err error) {
	e := Entry{
		ID: r.ID, At: r.At, Plugin: r.Plugin, Version: r.Version, Digest: r.Digest, Op: r.Op, Route: r.Route, Reason: r.Reason,
		RequestID: r.RequestID, Outcome: r.Outcome.Kind, Cause: r.Outcome.Cause, Reproduced: r.Verified.Reproduced,
		Bodies: r.Bodies, Fuel: r.Outcome.Fuel,
	}
	if len(r.Verified.Differences) > 0 {
		e.Difference, _, _ = strings.Cut(r.Verified.Differences[0], "\n")
	}
	if meta, err = json.Marshal(e); err != nil {
		return nil, nil, fmt.Errorf("encoding a recording: %w", err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := errors.Join(replay.Write(z, r), z.Close()); err != nil {
		return nil, nil, err
	}
	return meta, packed.Bytes(), nil
}

func writeFile(dir, file string, content []byte) (err error) {
	f, err := os.CreateTemp(dir, temporary) // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

// path checks both names, which come from requests, and returns where the
// file is. Fault: NotFound.
func (s *Store) path(id plugin.ID, recording string) (dir, file string, err error) {
	if _, err := plugin.ParseID(string(id)); err != nil {
		return "", "", notRecorded(id, recording)
	}
	fits := func(r rune) bool { return r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r == '-' || r == '.' }
	if recording == "" || len(recording) > 64 || recording[0] == '.' || strings.ContainsFunc(recording, func(r rune) bool { return !fits(r) }) {
		return "", "", notRecorded(id, recording)
	}
	dir = filepath.Join(s.config.Dir, string(id))
	return dir, filepath.Join(dir, recording), nil
}

func notRecorded(id plugin.ID, recording string) error {
	return fault.New(fault.NotFound, "plugin %s has no recording %q", id, recording)
}

// List returns a plugin's recordings, the newest first.
func (s *Store) List(id plugin.ID) ([]Entry, error) {
	out := []Entry{}
	if _, err := plugin.ParseID(string(id)); err != nil {
		return out, nil //nolint:nilerr // what has no id has no recordings
	}
	files, err := os.ReadDir(filepath.Join(s.config.Dir, string(id)))
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing recordings: %w", err)
	}
	oldest := s.config.Now().Add(-KeepFor)
	for _, f := range files {
		if e, err := s.entry(id, f.Name()); err == nil && e.At.After(oldest) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(b.ID, a.ID) })
	return out, nil
}

func (s *Store) entry(id plugin.ID, recording string) (e Entry, err error) {
	_, file, err := s.path(id, recording)
	if err != nil {
		return e, err
	}
	f, err := os.Open(file)
	if err != nil {
		return e, fmt.Errorf("reading a recording: %w", err)
	}
	defer func() { _ = f.Close() }()
	keyID, sealed, err := prefix(f)
	if err != nil {
		return e, err
	}
	meta, err := s.open(keyID, string(id)+"/"+recording+" meta", sealed)
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(meta, &e); err != nil {
		return e, fmt.Errorf("reading a recording: %w", err)
	}
	if info, err := f.Stat(); err == nil {
		e.Bytes = info.Size()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Reproduced == replay.Pending && !s.pending[string(id)+"/"+recording] {
		e.Reproduced, e.Difference = replay.No, "the host ended before it had run it again"
	}
	return e, nil
}

func (s *Store) open(id [keyIDSize]byte, name string, sealed []byte) ([]byte, error) {
	key, ok := s.keys[id]
	if !ok {
		return nil, errSealed
	}
	return key.open(name, sealed)
}

// Read returns a recording as the file that an author gets: lines of JSON, not
// encrypted. Fault: NotFound.
func (s *Store) Read(id plugin.ID, recording string) ([]byte, error) {
	_, file, err := s.path(id, recording)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notRecorded(id, recording)
	}
	if err != nil {
		return nil, fmt.Errorf("reading a recording: %w", err)
	}
	defer func() { _ = f.Close() }()
	keyID, _, err := prefix(f)
	if err != nil {
		return nil, err
	}
	sealed, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("reading a recording: %w", err)
	}
	packed, err := s.open(keyID, string(id)+"/"+recording+" body", sealed)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpacking a recording: %w", err)
	}
	lines, err := io.ReadAll(io.LimitReader(z, replay.MaxSize))
	if err != nil {
		return nil, fmt.Errorf("unpacking a recording: %w", err)
	}
	return lines, nil
}

// Delete removes a recording. Fault: NotFound.
func (s *Store) Delete(id plugin.ID, recording string) error {
	_, file, err := s.path(id, recording)
	if err != nil {
		return err
	}
	err = os.Remove(file)
	if errors.Is(err, fs.ErrNotExist) {
		return notRecorded(id, recording)
	}
	if err != nil {
		return fmt.Errorf("removing a recording: %w", err)
	}
	return nil
}

// DeleteAll removes every recording of a plugin.
func (s *Store) DeleteAll(id plugin.ID) error {
	if _, err := plugin.ParseID(string(id)); err != nil {
		return nil //nolint:nilerr // what has no id has no recordings
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.RemoveAll(filepath.Join(s.config.Dir, string(id))); err != nil {
		return fmt.Errorf("removing recordings: %w", err)
	}
	return nil
}

// Sweep removes what is too old.
func (s *Store) Sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	dirs, err := os.ReadDir(s.config.Dir)
	if err != nil {
		return
	}
	for _, d := range dirs {
		if d.IsDir() {
			s.prune(filepath.Join(s.config.Dir, d.Name()))
		}
	}
}

// prune keeps the newest and the young of one folder. Ids begin with the time,
// so that their order is that of the calls.
func (s *Store) prune(dir string) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	names := []string{}
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), ".") {
			names = append(names, f.Name())
		}
	}
	slices.Sort(names)
	oldest := s.config.Now().Add(-KeepFor).UTC().Format("20060102-150405")
	for n, name := range names {
		if n < len(names)-KeepMost || name < oldest {
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
}
