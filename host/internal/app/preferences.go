package app

import (
	"context"
	"regexp"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/web"
)

// Bounds of what one person keeps.
const (
	maxPreference  = 64 << 10
	maxPreferences = 256 << 10
)

var preferenceKey = regexp.MustCompile(`^[a-z][a-zA-Z0-9.-]{0,63}$`)

// preferences is web.Preferences over the store's key-value pairs. Each person
// has a namespace of their own there, beside those of plugins: an installation
// is called publisher/plugin, so that none has a colon in its name.
type preferences struct{ kv store.KV }

// namespace goes by who vouches for a person and their id there, which stay
// the same when the entity is renamed.
func namespace(who principal.Subject) (string, error) {
	if who.Kind != principal.User || who.ID == "" {
		return "", fault.New(fault.Denied, "preferences are kept for people; %s is none", who.Kind)
	}
	return "preferences:" + who.Issuer + " " + who.ID, nil
}

// List implements web.Preferences.
func (p preferences) List(ctx context.Context, who principal.Subject) ([]web.Preference, error) {
	space, err := namespace(who)
	if err != nil {
		return nil, err
	}
	rows, _, err := p.kv.KVScan(ctx, space, store.KVQuery{Limit: 1000})
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault of the store
	}
	out := make([]web.Preference, len(rows))
	for i, r := range rows {
		out[i] = web.Preference{Key: r.Key, Revision: r.Revision, Value: r.Value}
	}
	return out, nil
}

// Put implements web.Preferences.
func (p preferences) Put(ctx context.Context, who principal.Subject, key string, value []byte, seen *uint64) (web.Preference, error) {
	space, err := namespace(who)
	if err != nil {
		return web.Preference{}, err
	}
	if !preferenceKey.MatchString(key) {
		return web.Preference{}, fault.New(fault.Invalid, "%.80q is no key of a preference: up to 64 letters, digits, dots and dashes, a lower-case letter first", key)
	}
	if len(value) > maxPreference {
		return web.Preference{}, fault.New(fault.Invalid, "the value has %d bytes, at most %d are kept", len(value), maxPreference)
	}
	write := store.KVWrite{Key: key, Value: value}
	if seen != nil {
		write.Compare, write.IfRevision = true, *seen
	}
	revisions, err := p.kv.KVApply(ctx, space, maxPreferences, []store.KVWrite{write})
	if err != nil {
		return web.Preference{}, err //nolint:wrapcheck // a fault with the message for the client
	}
	return web.Preference{Key: key, Revision: revisions[0], Value: value}, nil
}

// Delete implements web.Preferences.
func (p preferences) Delete(ctx context.Context, who principal.Subject, key string) error {
	space, err := namespace(who)
	if err != nil {
		return err
	}
	_, err = p.kv.KVApply(ctx, space, maxPreferences, []store.KVWrite{{Key: key, Delete: true}})
	return err //nolint:wrapcheck // a fault of the store
}
