// Package testpg gives tests a real PostgreSQL.
//
// Owns: finding the server's programs, one server per test binary, a fresh database per test.
// Does not own: schemas; the code under test makes its own. Only tests import this package.
// Flow: TestMain → Run (a server, unless CALLBOARD_TEST_PG names one) → DSN per test → stop by pid.
package testpg
