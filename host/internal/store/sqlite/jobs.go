package sqlite

import (
	"database/sql"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// JobDriver lets River work on the writing connection, the one that its driver
// asks for: writers take turns in database/sql, River's among them.
func (s *Store) JobDriver() riverdriver.Driver[*sql.Tx] { return riversqlite.New(s.writer) }
