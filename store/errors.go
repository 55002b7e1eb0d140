package store

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/slipwayhq/slipway/orchestrator"
)

// failure is what a database error means to us.
type failure int

const (
	failureOther     failure = iota
	failureUnique            // a row with that key exists
	failureReference         // a row is missing, or in use
	failureCollision         // lost against another transaction; the same again may succeed
)

// classify is the one place that knows the drivers' codes.
func classify(err error) failure {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "23505":
			return failureUnique
		case "23503":
			return failureReference
		case "40001", "40P01":
			return failureCollision
		}
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			return failureUnique
		case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, sqlite3.SQLITE_CONSTRAINT_TRIGGER:
			return failureReference
		}
	}
	return failureOther
}

// notFound answers in the words of the REST contract.
func notFound(noun, id string) error {
	return orchestrator.Errorf(orchestrator.NotFound, "Requested `%s` with ID `%s` was not found", noun, id)
}
