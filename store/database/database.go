package database

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// Dialect is the kind of a database.
type Dialect string

// The databases.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Options is what a database is opened with.
type Options struct {
	// URL is the path of an SQLite file, or postgres://….
	URL string
	// Schema is where the tables are on PostgreSQL, created when absent; empty
	// for the user's default.
	Schema string
	// Connections bounds the pool on PostgreSQL; 0 for the default.
	Connections int
	// Relaxed gives up the last commits when the machine loses power (not when
	// only the process dies), for data that can be had again.
	Relaxed bool
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	dialect Dialect
	writer  *sql.DB
	reader  *sql.DB
	name    string // for messages; never holds a password
	release func() error
}

// IsPostgres reports whether a URL leads to PostgreSQL.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Open connects to a database, creating an SQLite file that does not exist. It
// refuses a file that another process has open or that cannot be written.
func Open(ctx context.Context, options Options) (*DB, error) {
	d := &DB{release: func() error { return nil }}
	open := d.openSQLite
	if IsPostgres(options.URL) {
		open = d.openPostgres
	}
	if err := open(ctx, options); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Dialect tells which database it is.
func (d *DB) Dialect() Dialect { return d.dialect }

// Name is what messages call the database; it holds no password.
func (d *DB) Name() string { return d.name }

// Writer returns the pool that changes go through: on SQLite a single
// connection, so that a query outside of an open transaction waits for its end.
func (d *DB) Writer() *sql.DB { return d.writer }

// Close closes all connections and gives back the file lock. It forgives being
// called twice.
func (d *DB) Close() error {
	var errs []error
	for _, db := range []*sql.DB{d.reader, d.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, d.release())...)
}
