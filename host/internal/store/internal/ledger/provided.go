package ledger

import (
	"context"

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
		// The row is locked until the change is there: writers of one bucket take turns.
		if _, err := tx.Exec(ctx, `INSERT INTO catalog_buckets AS c (bucket, owner, revision, entities, bytes) VALUES (?1, ?2, 0, 0, 0)
			ON CONFLICT (bucket) DO UPDATE SET bytes = c.bytes`, b.Bucket, b.Owner); err != nil {
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
		if err := change(ctx, tx, b); err != nil {
			return err
		}
		out = store.BucketRow{Bucket: b.Bucket, Owner: b.Owner}
		if _, err := one(ctx, tx, "SELECT count(*), CAST(coalesce(sum(size), 0) AS bigint) FROM catalog_provided WHERE bucket = ?1", []any{b.Bucket}, &out.Entities, &out.Bytes); err != nil {
			return err
		}
		if out.Entities > b.MaxEntities || out.Bytes > b.MaxBytes {
			return fault.New(fault.Exhausted, "bucket %s would hold %d entities with %d bytes; it may hold %d with %d", b.Bucket, out.Entities, out.Bytes, b.MaxEntities, b.MaxBytes)
		}
		_, err = one(ctx, tx, `UPDATE catalog_buckets SET entities = ?2, bytes = ?3,
			revision = CASE WHEN revision < ?4 THEN ?4 ELSE revision + 1 END WHERE bucket = ?1 RETURNING revision`,
			[]any{b.Bucket, out.Entities, out.Bytes, l.now()}, &out.Revision)
		return err
	})
	if err != nil {
		return store.BucketRow{}, err
	}
	return out, nil
}

func change(ctx context.Context, tx Tx, b store.ProvidedBatch) error {
	if b.Full {
		if _, err := tx.Exec(ctx, "DELETE FROM catalog_provided WHERE bucket = ?1", b.Bucket); err != nil {
			return err
		}
	}
	for _, ref := range b.Remove {
		if _, err := tx.Exec(ctx, "DELETE FROM catalog_provided WHERE bucket = ?1 AND ref = ?2", b.Bucket, ref); err != nil {
			return err
		}
	}
	for _, row := range b.Upsert {
		if _, err := tx.Exec(ctx, `INSERT INTO catalog_provided (bucket, ref, size, text) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (bucket, ref) DO UPDATE SET size = excluded.size, text = excluded.text`, b.Bucket, row.Ref, len(row.Text), row.Text); err != nil {
			return err
		}
	}
	return nil
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
	out := store.BucketRow{Bucket: bucket}
	if !known(bucket) {
		return out, nil, nil
	}
	var rows []store.ProvidedRow
	err := l.db.Read(ctx, "store.LoadProvided", func(tx Tx) error {
		if err := tx.Each(ctx, "SELECT "+bucketColumns+" FROM catalog_buckets WHERE bucket = ?1", []any{bucket}, func(scan Scan) (err error) {
			out, err = scanBucket(scan)
			return err
		}); err != nil {
			return err
		}
		return tx.Each(ctx, "SELECT ref, text FROM catalog_provided WHERE bucket = ?1 ORDER BY ref", []any{bucket}, func(scan Scan) error {
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
