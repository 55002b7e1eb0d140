package database

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Failure is what a database's error means to us.
type Failure int

// The failures that somebody can act on.
const (
	FailureOther     Failure = iota
	FailureUnique            // a row with that key exists
	FailureReference         // a row that is referred to is missing, or is still referred to
	FailureCollision         // lost against another transaction; the same again may succeed
	FailureFull              // no space left for it
)

// Classify is the one place that knows the drivers' error codes.
func Classify(err error) Failure {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "23505":
			return FailureUnique
		case "23503":
			return FailureReference
		case "40001", "40P01":
			return FailureCollision
		case "53100":
			return FailureFull
		}
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			return FailureUnique
		case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
			return FailureReference
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE:
			return FailureFull
		}
	}
	return FailureOther
}
