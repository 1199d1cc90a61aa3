package task

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
)

// DefaultQueue is the queue of a scope, and of a task, that names none.
const DefaultQueue = "default"

// Scope is the queues that a plugin may use: {queues: [builds, reports]}.
type Scope struct{ Queues []string }

type scopes struct{}

var queueForm = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,79}$`)

// Parse implements capability.ScopeLanguage. A nil scope has the queue "default".
func (scopes) Parse(raw json.RawMessage) (capability.Scope, error) {
	var in struct {
		Queues []string `json:"queues"`
	}
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return nil, fault.New(fault.Invalid, "a task scope is written {queues: [builds]}: %w", err)
		}
	}
	if len(in.Queues) == 0 {
		in.Queues = []string{DefaultQueue}
	}
	for i, q := range in.Queues {
		if !queueForm.MatchString(q) {
			return nil, fault.New(fault.Invalid, "queues[%d] is %.80q; a queue has lower-case letters, digits, dots, - and _, and starts with a letter", i, q)
		}
	}
	queues := slices.Clone(in.Queues)
	slices.Sort(queues)
	return &Scope{Queues: slices.Compact(queues)}, nil
}

// Narrow returns the queues of both.
func (s *Scope) Narrow(other capability.Scope) capability.Scope {
	o, ok := other.(*Scope)
	if !ok {
		return &Scope{}
	}
	out := &Scope{}
	for _, q := range s.Queues {
		if o.allows(q) {
			out.Queues = append(out.Queues, q)
		}
	}
	return out
}

func (s *Scope) allows(queue string) bool { return slices.Contains(s.Queues, queue) }

// String says the scope in words.
func (s *Scope) String() string {
	if len(s.Queues) == 0 {
		return "run no tasks"
	}
	return "run tasks in the queues " + strings.Join(s.Queues, ", ")
}
