package sqlite

import (
	"context"
	"errors"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/callboard/callboard/host/internal/fault"
)

// classify turns what database/sql and SQLite return into a fault. Faults of
// our own, and errors of callbacks, pass as they are.
func classify(ctx context.Context, op string, err error) error {
	var own *fault.Error
	var theirs *sqlite.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return err
	case ctx.Err() != nil:
		return &fault.Error{Kind: fault.KindOf(ctx.Err()), Op: op, Message: "the database call was cut off", Err: err}
	case !errors.As(err, &theirs):
		return err
	}
	f := &fault.Error{Op: op, Err: err}
	switch theirs.Code() & 0xff { // the rest is the extended code
	case lib.SQLITE_FULL:
		f.Kind, f.Message = fault.Unavailable, "the database has no room left: free disk space or raise its bound"
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		f.Kind, f.Message = fault.Unavailable, "the database is locked by another process"
	case lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_NOMEM:
		f.Kind, f.Message = fault.Unavailable, "the database file cannot be read or written"
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		f.Kind, f.Message = fault.Internal, "the database file is damaged: restore it from a backup"
	case lib.SQLITE_CONSTRAINT:
		if code := theirs.Code(); code == lib.SQLITE_CONSTRAINT_UNIQUE || code == lib.SQLITE_CONSTRAINT_PRIMARYKEY {
			f.Kind, f.Message = fault.Conflict, "it exists already"
		}
	case lib.SQLITE_TOOBIG:
		f.Kind, f.Message = fault.Invalid, "the value is larger than the database can hold"
	}
	return f
}
