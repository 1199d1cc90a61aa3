package contract

//go:generate go tool msgp -io=false

// KVGetRequest is the payload of kv.get/1.
type KVGetRequest struct {
	Key string `msg:"k" json:"key"`
}

// KVEntry is one stored value. Revision grows with each write of the key and
// is what compare-and-set compares; ExpiresAt is Unix milliseconds, 0 = never.
type KVEntry struct {
	Key       string `msg:"k" json:"key"`
	Value     []byte `msg:"v" json:"value"`
	Revision  uint64 `msg:"r" json:"revision"`
	ExpiresAt int64  `msg:"e" json:"expiresAt,omitempty"`
}

// KVSetRequest is the payload of kv.set/1; the answer is a KVEntry without
// value. With Compare the write happens only if the key's revision is IfRevision (0 = absent).
type KVSetRequest struct {
	Key        string `msg:"k" json:"key"`
	Value      []byte `msg:"v" json:"value"`
	TTLMillis  int64  `msg:"t" json:"ttlMillis,omitempty"`
	Compare    bool   `msg:"c" json:"compare,omitempty"`
	IfRevision uint64 `msg:"i" json:"ifRevision,omitempty"`
}

// KVDeleteRequest is the payload of kv.delete/1. Deleting what is absent is no error.
type KVDeleteRequest struct {
	Key        string `msg:"k" json:"key"`
	Compare    bool   `msg:"c" json:"compare,omitempty"`
	IfRevision uint64 `msg:"i" json:"ifRevision,omitempty"`
}

// KVScanRequest is the payload of kv.scan/1: keys with the prefix, in byte
// order, after After; at most Limit (default and cap 1,000). Reverse starts at
// the last key and goes on below After; KeysOnly leaves the values out.
type KVScanRequest struct {
	Prefix   string `msg:"p" json:"prefix"`
	After    string `msg:"a" json:"after,omitempty"`
	Limit    int    `msg:"l" json:"limit,omitempty"`
	Reverse  bool   `msg:"r" json:"reverse,omitempty"`
	KeysOnly bool   `msg:"k" json:"keysOnly,omitempty"`
}

// KVScanAnswer is the answer to kv.scan/1. A page ends before its values are
// larger than 4 MiB together. Next is the After of the next page, empty at the end.
type KVScanAnswer struct {
	Entries []KVEntry `msg:"e,limit=20000" json:"entries"`
	Next    string    `msg:"n" json:"next,omitempty"`
}

// KVOp is one write of a batch: exactly one of Set and Delete.
type KVOp struct {
	Set    *KVSetRequest    `msg:"s" json:"set,omitempty"`
	Delete *KVDeleteRequest `msg:"d" json:"delete,omitempty"`
}

// KVBatchRequest is the payload of kv.batch/1: all or nothing, at most 1,000 writes.
type KVBatchRequest struct {
	Ops []KVOp `msg:"o,limit=20000" json:"ops"`
}

// KVGetManyRequest is the payload of kv.get-many/1: at most 1,000 keys. The
// answer is a KVScanAnswer with an entry for each, in their order; one with
// revision 0 is absent.
type KVGetManyRequest struct {
	Keys []string `msg:"k,limit=20000" json:"keys"`
}

// KVUsageAnswer is the answer to kv.usage/1, in bytes of keys and values.
type KVUsageAnswer struct {
	Used  uint64 `msg:"u" json:"used"`
	Quota uint64 `msg:"q" json:"quota"`
}
