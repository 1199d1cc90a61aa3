package postgres

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// classify turns what pgx returns into a fault, and drops the pool's idle
// connections when one was lost. Faults of our own pass as they are.
func (s *Store) classify(ctx context.Context, op string, err error) error {
	var own *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own), errors.Is(err, pgx.ErrNoRows), errors.Is(err, store.ErrFenced):
		return err
	case ctx.Err() != nil:
		return &fault.Error{Kind: fault.KindOf(ctx.Err()), Op: op, Message: "the database call was cut off", Err: err}
	case lost(err):
		// The others have most likely met the same end. Without this, each
		// would fail one more call.
		s.pool.Reset()
		return &fault.Error{Kind: fault.Unavailable, Op: op, Message: "the database does not answer", Err: err}
	}
	f := &fault.Error{Op: op, Err: err}
	var theirs *pgconn.PgError
	if errors.As(err, &theirs) {
		f.Kind, f.Message = kindOf(theirs.Code)
	}
	return f
}

// uniqueViolation is the SQLSTATE of a key that exists.
const uniqueViolation = "23505"

// kindOf maps a SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
func kindOf(code string) (fault.Kind, string) {
	switch code {
	case uniqueViolation:
		return fault.Conflict, "it exists already"
	case "57014": // query_canceled, which here is statement_timeout
		return fault.Timeout, "the database took too long"
	case "55P03": // lock_not_available, lock_timeout
		return fault.Unavailable, "another replica holds the database for too long"
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return fault.Unavailable, "the database asks to try again"
	case "25006": // read_only_sql_transaction: a standby, or a server without room
		return fault.Unavailable, "the database is read-only"
	case "53100": // disk_full
		return fault.Unavailable, "the database has no room left: free disk space"
	case "42501": // insufficient_privilege
		return fault.Unavailable, "the database refuses us a table: check the role's privileges"
	case "54000", "22P05": // program_limit_exceeded, untranslatable_character
		return fault.Invalid, "the database cannot hold the value"
	}
	switch code[:min(len(code), 2)] {
	case "28", "3D": // refused sign-in, unknown database
		return fault.Unavailable, "the database refuses the connection: check its role, password and name"
	case "53", "57", "58": // out of resources, shutting down, I/O error
		return fault.Unavailable, "the database does not answer"
	case "XX": // data_corrupted, index_corrupted
		return fault.Internal, "the database is damaged: restore it from a backup"
	}
	return fault.Internal, ""
}

// lost reports whether the connection is gone, or could not be made.
func lost(err error) bool {
	var theirs *pgconn.PgError
	if errors.As(err, &theirs) {
		switch theirs.Code {
		case "57P01", "57P02", "57P03", "57P05": // shut down, crashed, starting, idle session
			return true
		}
		return theirs.Code[:min(len(theirs.Code), 2)] == "08"
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connect) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
