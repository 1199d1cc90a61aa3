package descriptor

import "strings"

// keyset finds keys of one object that repeat or vary only in casing. Small
// objects, nearly all, are compared directly; large ones get a map, so that a
// hostile object of a million keys costs no more than its size.
type keyset struct {
	folded map[string]int // nil for small objects
	merged map[int]bool   // members that came through a merge key and may be overridden
}

const smallObject = 16

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
			if strings.EqualFold(members[i].Key, key) {
				return i, members[i].Key == key
			}
		}
		return -1, false
	}
	if i, ok := k.folded[strings.ToLower(key)]; ok {
		return i, members[i].Key == key
	}
	return -1, false
}

// added records the last of members.
func (k *keyset) added(members []Member) {
	switch {
	case k.folded != nil:
		k.folded[strings.ToLower(members[len(members)-1].Key)] = len(members) - 1
	case len(members) > smallObject: // merge keys made it large
		k.folded = make(map[string]int, 4*len(members))
		for i := range members {
			k.folded[strings.ToLower(members[i].Key)] = i
		}
	}
}

func (k *keyset) setMerged(at int) {
	if k.merged == nil {
		k.merged = map[int]bool{}
	}
	k.merged[at] = true
}
