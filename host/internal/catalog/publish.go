package catalog

// Relation is one relation as the entity shows it.
type Relation struct {
	Type      string
	TargetRef string // canonical
	// Incoming says that another entity declared it: it is cut for viewers
	// who may not see that entity.
	Incoming bool
}

// Entity is a stitched entity, ready to be read. It is immutable once published.
type Entity struct {
	Ref       string // canonical
	UID       string
	Kind      string // as written
	Namespace string
	Name      string
	ETag      string
	// Body is the entity as a JSON object with uid and etag in its metadata,
	// without relations and status. The snapshot serves it as it is.
	Body      []byte
	Relations []Relation // sorted by type, then target, without repeats
	Status    []byte     // JSON array of status items; nil = healthy
}

// Update is what changed from one revision to the next.
type Update struct {
	Reset    bool // the update is the whole catalog
	Upsert   []Entity
	Delete   []string // canonical refs
	Revision uint64
}

// Publisher takes stitched entities. Publish returns when readers see the
// update; the engine calls it from one goroutine, in order of revisions.
type Publisher interface {
	Publish(u Update)
}
