package descriptor

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// keyset finds keys of one object that repeat or vary only in casing. Small
// objects, nearly all, are compared directly; large ones get a map, so that a
// hostile object of a million keys costs no more than its size.
type keyset struct {
	folded map[string]int // nil for small objects
	merged map[int]bool   // members that came through a merge key and may be overridden
}

const smallObject = 16

// lower is a key in lower case, as JavaScript has it: Go lowers one letter at
// a time, and takes İ for i.
func lower(key string) string {
	if isASCII(key) {
		return strings.ToLower(key)
	}
	return cases.Lower(language.Und).String(key)
}

// foldsAlike reports whether two keys vary at most in casing. Folding is for
// ASCII alone: it takes ſ for s, which are two letters of one case.
func foldsAlike(a, b string) bool {
	if isASCII(a) && isASCII(b) {
		return strings.EqualFold(a, b)
	}
	return lower(a) == lower(b)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func newKeyset(n int) *keyset {
	if n <= smallObject {
		return &keyset{}
	}
	return &keyset{folded: make(map[string]int, n)}
}

// find returns the position of the key or of one that folds to the same, and
// whether it is the same; -1 when there is neither.
func (k *keyset) find(members []Member, key string) (at int, same bool) {
	if k.folded == nil {
		for i := range members {
			if members[i].Key == key {
				return i, true
			}
			if foldsAlike(members[i].Key, key) {
				return i, false
			}
		}
		return -1, false
	}
	if i, ok := k.folded[lower(key)]; ok {
		return i, members[i].Key == key
	}
	return -1, false
}

// added records the last of members.
func (k *keyset) added(members []Member) {
	switch {
	case k.folded != nil:
		k.folded[lower(members[len(members)-1].Key)] = len(members) - 1
	case len(members) > smallObject: // merge keys made it large
		k.folded = make(map[string]int, 4*len(members))
		for i := range members {
			k.folded[lower(members[i].Key)] = i
		}
	}
}

func (k *keyset) setMerged(at int) {
	if k.merged == nil {
		k.merged = map[int]bool{}
	}
	k.merged[at] = true
}
