package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"

	capconfig "github.com/callboard/callboard/host/internal/capability/config"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/pace"
	"github.com/callboard/callboard/host/internal/plugin/record"
	"github.com/callboard/callboard/host/internal/principal"
)

// newRecorder opens the files of recordings; nil when they are switched off.
func (a *App) newRecorder(configs capconfig.Source, governor *pace.Governor) (*record.Recorder, error) {
	c, o := a.options.Config, a.options
	settings := c.Plugins.Recording
	if !settings.Enabled {
		return nil, nil //nolint:nilnil // there is none
	}
	if len(c.Backend.Auth.Keys) > 0 {
		a.log.Warn("backend.auth.keys seals recordings of plugins; tokens that are made with it are not accepted in this version")
	}
	dir := filepath.Join(c.DataDir, "recordings")
	key, old, err := recordingKeys(c, dir, o)
	if err != nil {
		return nil, err
	}
	store, err := record.OpenStore(record.StoreConfig{Dir: dir, Key: key, Old: old, Random: o.Random, Now: o.Now})
	if err != nil {
		return nil, fmt.Errorf("opening the recordings: %w", err)
	}
	return record.New(record.Config{
		Store: store, Now: o.Now, Random: o.Random, Log: a.log.Logger, Host: o.Version.Version,
		Bodies:   settings.Bodies == "always" || settings.Bodies == "development" && !c.Auth.IsProduction(),
		Redactor: &a.secrets, Facts: recordedFacts{configs, a.plugins}, Pace: governor,
	}), nil
}

// recordingKeys returns the key that seals and those that opened before: the
// keys of backend.auth, so that the disk alone tells nothing, or else one that
// lies in the data folder.
func recordingKeys(c *config.Config, dir string, o Options) (key record.Key, old []record.Key, err error) {
	for _, k := range c.Backend.Auth.Keys {
		one, err := record.NewKey([]byte(k.Secret.Reveal()))
		if err != nil {
			return key, nil, fmt.Errorf("reading backend.auth.keys: %w", err)
		}
		old = append(old, one)
	}
	own, err := record.FileKey(filepath.Join(dir, ".key"), o.Random)
	if err != nil {
		return key, nil, fmt.Errorf("opening the recordings: %w", err)
	}
	old = append(old, own)
	return old[0], old, nil
}

// boundSecrets is what the entries of plugins bind, as configuration says it
// now: for the capability, and for recordings to keep out.
type boundSecrets struct{ current atomic.Pointer[config.Config] }

// Secrets implements record.Redactor.
func (b *boundSecrets) Secrets(id plugin.ID) [][]byte {
	c := b.current.Load()
	if c == nil {
		return nil
	}
	var out [][]byte
	for _, secret := range c.Plugins.Entries[string(id)].Secrets {
		out = append(out, []byte(secret.Reveal()))
	}
	return out
}

// PluginSecret implements secret.Source.
func (b *boundSecrets) PluginSecret(id, name string) (string, bool) {
	c := b.current.Load()
	if c == nil {
		return "", false
	}
	value := c.Plugins.Entries[id].Secrets[name]
	return value.Reveal(), value != ""
}

// recordedFacts implements record.Facts.
type recordedFacts struct {
	configs capconfig.Source
	plugins *pluginSet
}

// Digests implements record.Facts.
func (f recordedFacts) Digests(id plugin.ID) (config, grants string) {
	if raw := f.configs.PluginConfig(string(id)); len(raw) > 0 {
		config = digestOf(raw)
	}
	if in := f.plugins.get(id); in != nil && in.rights != nil {
		if raw, err := json.Marshal(in.rights.List()); err == nil {
			grants = digestOf(raw)
		}
	}
	return config, grants
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// recordings implements web.Recordings.
type recordings struct {
	recorder *record.Recorder // nil = switched off
	registry *plugin.Registry
	log      *slog.Logger
}

// use notes who does what with a recording: it shows what somebody else did.
func (r *recordings) use(ctx context.Context, who principal.Authority, id, action, recording string) error {
	var err error
	if r.recorder == nil {
		err = fault.New(fault.Unavailable, "calls are not recorded; set plugins.recording.enabled")
	}
	outcome := "ok"
	if err != nil {
		outcome = fault.KindOf(err).String()
	}
	r.log.InfoContext(ctx, "recording used", "action", action, "subject", who.Subject.Ref, "plugin", id, "recording", recording, "outcome", outcome)
	return err
}

// List implements web.Recordings.
func (r *recordings) List(_ context.Context, id string) (any, error) {
	if _, err := r.registry.Get(plugin.ID(id)); err != nil {
		return nil, err
	}
	if r.recorder == nil {
		return []record.Entry{}, nil
	}
	return r.recorder.Store().List(plugin.ID(id))
}

// Read implements web.Recordings.
func (r *recordings) Read(ctx context.Context, who principal.Authority, id, recording string) ([]byte, error) {
	if err := r.use(ctx, who, id, "recording.read", recording); err != nil {
		return nil, err
	}
	return r.recorder.Store().Read(plugin.ID(id), recording)
}

// Delete implements web.Recordings.
func (r *recordings) Delete(ctx context.Context, who principal.Authority, id, recording string) error {
	if err := r.use(ctx, who, id, "recording.delete", recording); err != nil {
		return err
	}
	return r.recorder.Store().Delete(plugin.ID(id), recording)
}

// Record implements web.Recordings.
func (r *recordings) Record(ctx context.Context, who principal.Authority, id string, calls int) error {
	if _, err := r.registry.Get(plugin.ID(id)); err != nil {
		return err
	}
	if err := r.use(ctx, who, id, "recording.ask", ""); err != nil {
		return err
	}
	return r.recorder.Arm(plugin.ID(id), calls)
}
