package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Dialect is the kind of database behind a Store.
type Dialect string

// The databases.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Options is what a Store is opened with.
type Options struct {
	// URL is the path of an SQLite file, or postgres://….
	URL string
	// Sealer seals secrets, inputs, parameters and runtime properties.
	Sealer Sealer
	// Logger receives what has no caller to return to; nil discards it.
	Logger *slog.Logger
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect  Dialect
	writer   *sql.DB
	reader   *sql.DB
	listener *pgxpool.Pool // nil on SQLite
	sealer   Sealer
	logger   *slog.Logger
	nudges   *nudges
	release  func() error // gives back the file lock
	name     string       // for messages: never holds a password
}

// Open connects to the database, creating an SQLite file that does not exist.
// It refuses a file that another process has open, one that cannot be written,
// and a schema newer than this binary. Call Migrate before the first use.
func Open(ctx context.Context, options Options) (*Store, error) {
	if options.Sealer == nil {
		return nil, errors.New("open store: no sealer given")
	}
	s := &Store{sealer: options.Sealer, logger: options.Logger, release: func() error { return nil }}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	open := s.openSQLite
	if isPostgresURL(options.URL) {
		open = s.openPostgres
	}
	if err := open(ctx, options.URL); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.refuseNewer(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func isPostgresURL(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Writer returns the pool that changes go through; the engine shares it with
// its queue. On SQLite it has one connection, so a query outside of an open
// transaction waits for that transaction to end.
func (s *Store) Writer() *sql.DB { return s.writer }

// ListenerPool returns a pool whose connections may be taken for LISTEN; nil on
// SQLite.
func (s *Store) ListenerPool() *pgxpool.Pool { return s.listener }

// Dialect tells which database is behind the store.
func (s *Store) Dialect() Dialect { return s.dialect }

// Close ends listening, closes all connections and gives back the file lock.
// It forgives being called twice.
func (s *Store) Close() error {
	if s.nudges != nil {
		s.nudges.stop()
	}
	var errs []error
	for _, db := range []*sql.DB{s.reader, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.listener != nil {
		s.listener.Close()
	}
	errs = append(errs, s.release())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}
