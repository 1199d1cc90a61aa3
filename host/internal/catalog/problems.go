package catalog

import (
	"context"

	"github.com/callboard/callboard/host/internal/principal"
)

// The types of problems that an entity can have.
const (
	ProblemProcessing = "processing" // its descriptor, or one that it leads to, was refused in part or whole
	ProblemUnreadable = "unreadable" // a location that it leads to cannot be read
	ProblemDangling   = "dangling"   // a relation that it declares leads to nothing
	ProblemOrphan     = "orphan"     // nothing refers to it any longer
	ProblemUnowned    = "unowned"    // it names no owner, and is no User, Group or Location
)

// NoOwner stands for the absence of an owner where a problem's owners are asked for or counted.
const NoOwner = "none"

// Problems finds what is wrong in the snapshot, for a viewer as every Reader.
type Problems interface {
	// Problems returns {"items":[{"entityRef","type","level","message","owners",
	// "location","line","relation":{"type","targetRef"}}],"totalItems",
	// "counts":{"types","owners","kinds"}}. Items are in order of owner, those
	// without one last, then of ref. Each list of counts is [{"value","count"}]
	// over the query without the key that it counts. What the viewer may not
	// see has no problems, and a relation to it leads to nothing.
	// Faults: Invalid (a type, a bound), Timeout.
	Problems(ctx context.Context, v principal.Viewer, q ProblemsQuery) (Document, error)
}

// ProblemsQuery selects problems. A list without values selects all.
type ProblemsQuery struct {
	Types  []string
	Owners []string // canonical refs, or NoOwner; an entity has several owners at times
	Kinds  []string
	Limit  int // 0 = 50; at most 1,000
	Offset int
	// Reach tells which entities of those that the viewer sees may be shown;
	// nil = all. It is asked with canonical refs.
	Reach func(ref string) bool
}
