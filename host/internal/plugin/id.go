package plugin

import (
	"slices"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/manifest"
)

// ParseID checks that s names a plugin: 2 to 40 characters of a-z, 0-9 and
// "-", starting with a letter, not ending with "-", and none of the ids that
// the host keeps for itself. Faults: Invalid.
func ParseID(s string) (ID, error) {
	if len(s) < 2 || len(s) > 40 {
		return "", fault.New(fault.Invalid, "plugin id %q must have 2 to 40 characters", s)
	}
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || (c != '-' && (c < '0' || c > '9'))) {
			return "", fault.New(fault.Invalid, "plugin id %q must start with a letter and consist of a-z, 0-9 and -", s)
		}
	}
	if s[len(s)-1] == '-' {
		return "", fault.New(fault.Invalid, "plugin id %q must not end with -", s)
	}
	if slices.Contains(manifest.ReservedIDs, s) {
		return "", fault.New(fault.Invalid, "plugin id %q is reserved for the host", s)
	}
	return ID(s), nil
}
