package postgres

import (
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
)

// What the tests cannot make a server say, by its documented code.
func TestKindOfSQLState(t *testing.T) {
	for code, want := range map[string]fault.Kind{
		"53100": fault.Unavailable, // disk_full
		"53200": fault.Unavailable, // out_of_memory
		"53300": fault.Unavailable, // too_many_connections
		"58030": fault.Unavailable, // io_error
		"57P03": fault.Unavailable, // cannot_connect_now
		"40P01": fault.Unavailable, // deadlock_detected
		"40001": fault.Unavailable, // serialization_failure
		"28P01": fault.Unavailable, // invalid_password
		"42501": fault.Unavailable, // insufficient_privilege
		"23505": fault.Conflict,    // unique_violation
		"57014": fault.Timeout,     // query_canceled
		"XX001": fault.Internal,    // data_corrupted
		"42P01": fault.Internal,    // undefined_table: a bug
		"":      fault.Internal,
	} {
		if got, _ := kindOf(code); got != want {
			t.Errorf("SQLSTATE %q is %v, want %v", code, got, want)
		}
	}
}
