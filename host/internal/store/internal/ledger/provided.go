package ledger

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// ApplyProvided implements store.Provided.
func (l *Ledger) ApplyProvided(ctx context.Context, b store.ProvidedBatch) (store.BucketRow, error) {
	texts := []string{"bucket", b.Bucket, "owner", b.Owner}
	seen := make(map[string]bool, len(b.Upsert))
	for _, row := range b.Upsert {
		if seen[row.Ref] {
			return store.BucketRow{}, fault.New(fault.Invalid, "%s is twice in one change", row.Ref)
		}
		seen[row.Ref] = true
		texts = append(texts, "ref", row.Ref)
	}
	for _, ref := range b.Remove {
		texts = append(texts, "ref", ref)
	}
	var out store.BucketRow
	err := l.write(ctx, "store.ApplyProvided", texts, func(tx Tx) error {
		out = store.BucketRow{Bucket: b.Bucket, Owner: b.Owner}
		// The row is locked until the change is there: writers of one bucket take turns.
		if _, err := one(ctx, tx, `INSERT INTO catalog_buckets AS c (bucket, owner, revision, entities, bytes) VALUES (?1, ?2, ?3, 0, 0)
			ON CONFLICT (bucket) DO UPDATE SET revision = CASE WHEN c.revision < ?3 THEN ?3 ELSE c.revision + 1 END RETURNING revision, entities, bytes`,
			[]any{b.Bucket, b.Owner, l.now()}, &out.Revision, &out.Entities, &out.Bytes); err != nil {
			return err
		}
		moved, err := tx.Exec(ctx, "UPDATE catalog_buckets SET owner = ?2 WHERE bucket = ?1 AND owner <> ?2", b.Bucket, b.Owner)
		if err != nil {
			return err
		}
		var others int
		if _, err := one(ctx, tx, "SELECT count(*) FROM catalog_buckets WHERE owner = ?1 AND bucket <> ?2", []any{b.Owner, b.Bucket}, &others); err != nil {
			return err
		}
		if b.MaxBuckets > 0 && others >= b.MaxBuckets {
			return fault.New(fault.Exhausted, "the plugin has %d buckets and may have %d: bring what belongs together under one provider", others, b.MaxBuckets)
		}
		b.Full = b.Full || moved > 0
		if err := change(ctx, tx, b, &out); err != nil {
			return err
		}
		if out.Entities > b.MaxEntities || out.Bytes > b.MaxBytes {
			return fault.New(fault.Exhausted, "bucket %s would hold %d entities with %d bytes; it may hold %d with %d", b.Bucket, out.Entities, out.Bytes, b.MaxEntities, b.MaxBytes)
		}
		_, err = tx.Exec(ctx, "UPDATE catalog_buckets SET entities = ?2, bytes = ?3 WHERE bucket = ?1", b.Bucket, out.Entities, out.Bytes)
		return err
	})
	if err != nil {
		return store.BucketRow{}, err
	}
	return out, nil
}

// atOnce is how many rows one statement writes.
const atOnce = 200

// change writes the rows and adds what became of them to the bucket. A text that
// is what it was keeps its revision.
func change(ctx context.Context, tx Tx, b store.ProvidedBatch, bucket *store.BucketRow) error {
	remove := b.Remove
	if b.Full {
		gone, err := others(ctx, tx, b)
		if err != nil {
			return err
		}
		remove = append(slices.Clone(remove), gone...)
	}
	concerned := slices.Clone(remove)
	for _, row := range b.Upsert {
		concerned = append(concerned, row.Ref)
	}
	slices.Sort(concerned)
	concerned = slices.Compact(concerned)
	if err := weigh(ctx, tx, b.Bucket, concerned, -1, bucket); err != nil {
		return err
	}
	for refs := range slices.Chunk(remove, atOnce) {
		args := []any{b.Bucket}
		for _, ref := range refs {
			args = append(args, ref)
		}
		if _, err := tx.Exec(ctx, "DELETE FROM catalog_provided WHERE bucket = ?1 AND ref IN ("+numbered(2, len(refs))+")", args...); err != nil {
			return err
		}
	}
	for rows := range slices.Chunk(b.Upsert, atOnce) {
		args, values := []any{b.Bucket, int64(bucket.Revision)}, make([]string, len(rows)) //nolint:gosec // microseconds
		for i, row := range rows {
			values[i] = "(?1, ?2, " + numbered(len(args)+1, 3) + ")"
			args = append(args, row.Ref, len(row.Text), row.Text)
		}
		if _, err := tx.Exec(ctx, "INSERT INTO catalog_provided AS p (bucket, changed, ref, size, text) VALUES "+strings.Join(values, ", ")+`
			ON CONFLICT (bucket, ref) DO UPDATE SET size = excluded.size, text = excluded.text, changed = excluded.changed
			WHERE p.text <> excluded.text`, args...); err != nil {
			return err
		}
	}
	return weigh(ctx, tx, b.Bucket, concerned, 1, bucket)
}

// weigh adds how many rows of refs there are, and their bytes, times a sign.
func weigh(ctx context.Context, tx Tx, bucket string, refs []string, sign int, into *store.BucketRow) error {
	for part := range slices.Chunk(refs, atOnce) {
		args := []any{bucket}
		for _, ref := range part {
			args = append(args, ref)
		}
		var entities int
		var bytes int64
		if _, err := one(ctx, tx, "SELECT count(*), CAST(coalesce(sum(size), 0) AS bigint) FROM catalog_provided WHERE bucket = ?1 AND ref IN ("+numbered(2, len(part))+")",
			args, &entities, &bytes); err != nil {
			return err
		}
		into.Entities += sign * entities
		into.Bytes += int64(sign) * bytes
	}
	return nil
}

// others returns the refs in a bucket that a batch does not have.
func others(ctx context.Context, tx Tx, b store.ProvidedBatch) ([]string, error) {
	stays := make(map[string]bool, len(b.Upsert))
	for _, row := range b.Upsert {
		stays[row.Ref] = true
	}
	refs, err := refsIn(ctx, tx, b.Bucket)
	return slices.DeleteFunc(refs, func(ref string) bool { return stays[ref] }), err
}

func refsIn(ctx context.Context, tx Tx, bucket string) ([]string, error) {
	var out []string
	err := tx.Each(ctx, "SELECT ref FROM catalog_provided WHERE bucket = ?1 ORDER BY ref", []any{bucket}, func(scan Scan) error {
		var ref string
		err := scan(&ref)
		out = append(out, ref)
		return err
	})
	return out, err
}

// ListProvided implements store.Provided.
func (l *Ledger) ListProvided(ctx context.Context, bucket string) (out []string, err error) {
	if !known(bucket) {
		return nil, nil
	}
	err = l.db.Read(ctx, "store.ListProvided", func(tx Tx) error {
		out, err = refsIn(ctx, tx, bucket)
		return err
	})
	return out, err
}

// numbered returns n placeholders from a number on: "?2, ?3".
func numbered(from, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = "?" + strconv.Itoa(from+i)
	}
	return strings.Join(out, ", ")
}

const bucketColumns = "bucket, owner, revision, entities, bytes"

func scanBucket(scan Scan) (b store.BucketRow, err error) {
	err = scan(&b.Bucket, &b.Owner, &b.Revision, &b.Entities, &b.Bytes)
	return b, err
}

// ListBuckets implements store.Provided.
func (l *Ledger) ListBuckets(ctx context.Context) ([]store.BucketRow, error) {
	var out []store.BucketRow
	err := l.db.Read(ctx, "store.ListBuckets", func(tx Tx) error {
		return tx.Each(ctx, "SELECT "+bucketColumns+" FROM catalog_buckets WHERE entities > 0 ORDER BY bucket", nil, func(scan Scan) error {
			b, err := scanBucket(scan)
			out = append(out, b)
			return err
		})
	})
	return out, err
}

// LoadProvided implements store.Provided. The revision is read first: rows that
// are newer than it are read again, never taken for those of a later one.
func (l *Ledger) LoadProvided(ctx context.Context, bucket string) (store.BucketRow, []store.ProvidedRow, error) {
	return l.loadProvided(ctx, "store.LoadProvided", bucket, "bucket = ?1", nil)
}

// LoadProvidedChanges implements store.Provided.
func (l *Ledger) LoadProvidedChanges(ctx context.Context, bucket string, after uint64, refs []string) (store.BucketRow, []store.ProvidedRow, error) {
	out, rows, err := l.loadProvided(ctx, "store.LoadProvidedChanges", bucket, "bucket = ?1 AND changed > ?2", []any{int64(after)}) //nolint:gosec // microseconds
	if err != nil {
		return store.BucketRow{}, nil, err
	}
	have := make(map[string]bool, len(rows))
	for _, row := range rows {
		have[row.Ref] = true
	}
	refs = slices.DeleteFunc(slices.Clone(refs), func(ref string) bool { return have[ref] || !known(ref) })
	for part := range slices.Chunk(refs, atOnce) {
		args := make([]any, len(part))
		for i, ref := range part {
			args[i] = ref
		}
		_, more, err := l.loadProvided(ctx, "store.LoadProvidedChanges", bucket, "bucket = ?1 AND ref IN ("+numbered(2, len(part))+")", args)
		if err != nil {
			return store.BucketRow{}, nil, err
		}
		rows = append(rows, more...)
	}
	slices.SortFunc(rows, func(a, b store.ProvidedRow) int { return strings.Compare(a.Ref, b.Ref) })
	return out, rows, nil
}

func (l *Ledger) loadProvided(ctx context.Context, op, bucket, where string, args []any) (store.BucketRow, []store.ProvidedRow, error) {
	out := store.BucketRow{Bucket: bucket}
	if !known(bucket) {
		return out, nil, nil
	}
	var rows []store.ProvidedRow
	err := l.db.Read(ctx, op, func(tx Tx) error {
		if err := tx.Each(ctx, "SELECT "+bucketColumns+" FROM catalog_buckets WHERE bucket = ?1", []any{bucket}, func(scan Scan) (err error) {
			out, err = scanBucket(scan)
			return err
		}); err != nil {
			return err
		}
		return tx.Each(ctx, "SELECT ref, text FROM catalog_provided WHERE "+where+" ORDER BY ref", append([]any{bucket}, args...), func(scan Scan) error {
			var row store.ProvidedRow
			err := scan(&row.Ref, &row.Text)
			rows = append(rows, row)
			return err
		})
	})
	if err != nil {
		return store.BucketRow{}, nil, err
	}
	return out, rows, nil
}

// DropProvided implements store.Provided. The rows of the buckets stay, so
// that no revision comes again.
func (l *Ledger) DropProvided(ctx context.Context, owner string) (int, error) {
	var dropped int64
	err := l.write(ctx, "store.DropProvided", []string{"owner", owner}, func(tx Tx) error {
		var err error
		if dropped, err = tx.Exec(ctx, "UPDATE catalog_buckets SET entities = 0, bytes = 0, revision = revision + 1 WHERE owner = ?1 AND entities > 0", owner); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM catalog_provided WHERE bucket IN (SELECT bucket FROM catalog_buckets WHERE owner = ?1)", owner)
		return err
	})
	return int(dropped), err
}
