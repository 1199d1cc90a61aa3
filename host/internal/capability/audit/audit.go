// Package audit is the capability to write events of the plugin's own into the audit log.
//
// Owns: audit.emit/1, the form of an event, its quotas.
// Does not own: where the log is kept (app's Sink), what the host itself audits (the gate, the installer).
// Flow: guest → Session → checked, counted → Sink, with the plugin, its digest, the subject and the call, which no guest can forge.
package audit

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/quantity"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Bounds of events.
const (
	MaxBytes  = 4 << 10 // of one event's texts
	MaxFields = 32
	PerMinute = 100 // events of one plugin
)

// Event is one event of a plugin. Everything but Name, Severity, Outcome,
// Resource, Message and Fields is the host's.
type Event struct {
	At           time.Time
	Plugin       string
	Installation string
	Authority    principal.Authority // the plugin is the last actor
	CallID       uint64

	Name     string // "rota.changed", below the plugin's id
	Severity string // low, medium, high, critical
	Outcome  string // succeeded, failed, denied
	Resource string
	Message  string
	Fields   []contract.AuditField
}

// Sink is where events go. An event that it does not take is the guest's to
// know.
type Sink interface {
	// PluginAudit keeps an event. Fault: Unavailable.
	PluginAudit(ctx context.Context, e Event) error
}

// New returns the table's row. now gives events their time.
func New(sink Sink, now func() time.Time) capability.Capability {
	s := &service{sink: sink, now: now, rate: quantity.NewRate(PerMinute, now)}
	return capability.Capability{
		ID:  abi.CapAudit,
		Ops: map[uint32]capability.Operation{abi.AuditEmit: capability.Op("audit.emit/1", s.emit)},
	}
}

type service struct {
	sink Sink
	now  func() time.Time
	rate *quantity.Rate // by installation
}

func (s *service) emit(ctx context.Context, c *capability.Call, q *contract.AuditRecord) (msgp.Marshaler, error) {
	e := Event{
		At: s.now(), Plugin: c.Plugin, Installation: c.Installation, Authority: c.Authority, CallID: c.CallID,
		Name: q.Event, Severity: orElse(q.Severity, "low"), Outcome: orElse(q.Outcome, "succeeded"),
		Resource: q.Resource, Message: q.Message, Fields: q.Fields,
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	if !s.rate.Take(c.Installation, 1) {
		return nil, fault.New(fault.Exhausted, "plugin %s has written %d audit events within a minute, which is the limit; write one for many things", c.Plugin, PerMinute)
	}
	return nil, s.sink.PluginAudit(ctx, e) //nolint:wrapcheck // a fault with the message for the guest
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// check refuses what is no event, or could pass as another one where events
// are shown as lines.
func (e *Event) check() error {
	switch e.Severity {
	case "low", "medium", "high", "critical":
	default:
		return fault.New(fault.Invalid, "severity %.40q is not low, medium, high or critical", e.Severity)
	}
	switch e.Outcome {
	case "succeeded", "failed", "denied":
	default:
		return fault.New(fault.Invalid, "outcome %.40q is not succeeded, failed or denied", e.Outcome)
	}
	if !isName(e.Name, ".-") {
		return fault.New(fault.Invalid, "event %.70q: a name has 1 to 64 of a-z, 0-9, dots and hyphens, and starts with a letter", e.Name)
	}
	if len(e.Fields) > MaxFields {
		return fault.New(fault.Invalid, "%d fields, at most %d", len(e.Fields), MaxFields)
	}
	size := len(e.Resource) + len(e.Message)
	texts := []string{e.Resource, e.Message}
	seen := make(map[string]bool, len(e.Fields))
	for _, f := range e.Fields {
		if !isName(strings.ToLower(f.Name), "._-") || seen[f.Name] {
			return fault.New(fault.Invalid, "field %.70q is no name of a field, or stands there twice", f.Name)
		}
		seen[f.Name] = true
		size += len(f.Name) + len(f.Value)
		texts = append(texts, f.Value)
	}
	if size > MaxBytes {
		return fault.New(fault.Invalid, "the event has %d bytes, at most %d", size, MaxBytes)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return fault.New(fault.Invalid, "%.70q is not UTF-8 text of one line", text)
		}
	}
	return nil
}

func isName(s, also string) bool {
	return s != "" && len(s) <= 64 && s[0] >= 'a' && s[0] <= 'z' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789"+also) == ""
}
