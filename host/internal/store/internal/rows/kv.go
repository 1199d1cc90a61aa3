package rows

import (
	"errors"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// KVState is what the database knows of one live key.
type KVState struct {
	Revision uint64
	Size     int64 // bytes of key and value
}

// KVAccount is the running account of an installation: the bytes of its rows
// and the last revision that it gave out. The account outlives the rows, which
// is why a revision never repeats.
type KVAccount struct {
	Bytes    int64
	Revision uint64
}

// KVPlan is what a transaction has to write.
type KVPlan struct {
	Revisions []uint64      // the answer, one per write
	Put       []store.KVRow // the last value of each key that stays
	Delete    []string      // keys that existed and go
	Account   KVAccount
}

// PlanKV decides a list of writes. current holds the live rows of the keys
// that the writes name; expired rows must be gone from it and from the account.
func PlanKV(current map[string]KVState, account KVAccount, quota int64, writes []store.KVWrite) (KVPlan, error) {
	p := KVPlan{Revisions: make([]uint64, len(writes)), Account: account}
	last := make(map[string]int, len(writes)) // key → its last write
	now := make(map[string]KVState, len(writes))
	for i, w := range writes {
		was, ok := now[w.Key]
		if !ok {
			was = current[w.Key]
		}
		if w.Compare && was.Revision != w.IfRevision {
			return KVPlan{}, conflict(w, was.Revision)
		}
		var is KVState
		if !w.Delete {
			p.Account.Revision++
			is = KVState{Revision: p.Account.Revision, Size: int64(len(w.Key)) + int64(len(w.Value))}
		}
		p.Account.Bytes += is.Size - was.Size
		p.Revisions[i] = is.Revision
		now[w.Key], last[w.Key] = is, i
	}
	if quota >= 0 && p.Account.Bytes > quota && p.Account.Bytes > account.Bytes {
		return KVPlan{}, fault.New(fault.Exhausted, "the writes need %d bytes and the quota is %d: delete values or ask for a higher quota",
			p.Account.Bytes, quota)
	}
	for i, w := range writes {
		switch {
		case last[w.Key] != i:
		case !w.Delete:
			p.Put = append(p.Put, store.KVRow{Key: w.Key, Value: w.Value, Revision: p.Revisions[i], ExpiresAt: w.ExpiresAt})
		case current[w.Key].Revision != 0:
			p.Delete = append(p.Delete, w.Key)
		}
	}
	return p, nil
}

func conflict(w store.KVWrite, is uint64) error {
	switch {
	case is == 0:
		return fault.New(fault.Conflict, "key %q is absent, not at revision %d", w.Key, w.IfRevision)
	case w.IfRevision == 0:
		return fault.New(fault.Conflict, "key %q exists at revision %d", w.Key, is)
	default:
		return fault.New(fault.Conflict, "key %q is at revision %d, not %d", w.Key, is, w.IfRevision)
	}
}

// Limit refuses a page without rows.
func Limit(limit int) error {
	if limit < 1 {
		return fault.New(fault.Invalid, "limit %d is below 1", limit)
	}
	return nil
}

// KVPage collects the rows of a scan, which asks for one row more than its
// limit.
type KVPage struct {
	Query store.KVQuery
	Rows  []store.KVRow
	More  bool
	bytes int
}

// Add takes a row and reports whether the page goes on.
func (p *KVPage) Add(row store.KVRow) bool {
	if p.More = len(p.Rows) == p.Query.Limit || p.Query.MaxBytes > 0 && p.bytes > p.Query.MaxBytes; p.More {
		return false
	}
	p.Rows, p.bytes = append(p.Rows, row), p.bytes+len(row.Value)
	return true
}

// ErrPageFull ends the reading of rows of a page that is full.
var ErrPageFull = errors.New("the page is full")

// KVMany collects the rows of keys, up to a sum of bytes.
type KVMany struct {
	MaxBytes int
	Rows     []store.KVRow
	bytes    int
}

// Add takes a row. Fault: Exhausted.
func (m *KVMany) Add(row store.KVRow) error {
	if m.bytes += len(row.Value); m.bytes > m.MaxBytes {
		return fault.New(fault.Exhausted, "the values have more than %d bytes together; ask for fewer keys", m.MaxBytes)
	}
	m.Rows = append(m.Rows, row)
	return nil
}
