package install

import (
	"strconv"
	"strings"

	"github.com/callboard/callboard/sdk/manifest"
)

// compatibleFrom is the oldest schema version that code gets along with. A
// manifest that does not say gets along with its own only.
func compatibleFrom(d manifest.Data) int {
	if d.CompatibleFrom == 0 {
		return d.SchemaVersion
	}
	return d.CompatibleFrom
}

// reads reports whether code may run on data: it knows the version, or the
// version is newer and was declared to be readable by code of this one.
func reads(code manifest.Data, schema, compatible int) bool {
	if schema > code.SchemaVersion {
		return compatible <= code.SchemaVersion
	}
	return compatibleFrom(code) <= schema
}

func dataReview(code manifest.Data, d *Desired, migrates bool) DataReview {
	r := DataReview{
		Current: code.SchemaVersion, Writes: code.SchemaVersion, CompatibleFrom: compatibleFrom(code),
		RollbackPossible: true, CanaryPossible: d.holdsData() && !d.removed(), Readable: true,
	}
	if !d.holdsData() {
		return r
	}
	r.Current = d.Schema
	together := reads(code, d.Schema, d.Compatible)
	r.CanaryPossible = r.CanaryPossible && together
	switch {
	case code.SchemaVersion > d.Schema:
		// Code that gets along with the data as it is needs no migration, but
		// runs the one it has.
		r.Migration = migrates || !together
		r.RollbackPossible = compatibleFrom(code) <= d.Schema
	case !together:
		r.Readable, r.RollbackPossible = false, false
	}
	return r
}

// compareVersions orders semantic versions as far as an operator needs it:
// numbers by value, a pre-release before its release.
func compareVersions(a, b string) int {
	a, _, _ = strings.Cut(a, "+")
	b, _, _ = strings.Cut(b, "+")
	coreA, preA, _ := strings.Cut(a, "-")
	coreB, preB, _ := strings.Cut(b, "-")
	if c := compareDotted(coreA, coreB); c != 0 {
		return c
	}
	switch {
	case preA == preB:
		return 0
	case preA == "":
		return 1
	case preB == "":
		return -1
	default:
		return compareDotted(preA, preB)
	}
}

func compareDotted(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for n := range max(len(as), len(bs)) {
		if n >= len(as) || n >= len(bs) {
			return len(as) - len(bs)
		}
		x, errX := strconv.ParseUint(as[n], 10, 64)
		y, errY := strconv.ParseUint(bs[n], 10, 64)
		switch {
		case errX == nil && errY == nil && x != y:
			if x < y {
				return -1
			}
			return 1
		case errX == nil && errY != nil: // numbers come before words
			return -1
		case errX != nil && errY == nil:
			return 1
		case errX != nil && as[n] != bs[n]:
			return strings.Compare(as[n], bs[n])
		}
	}
	return 0
}
