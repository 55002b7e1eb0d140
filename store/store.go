package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/database"
	"github.com/slipwayhq/slipway/store/migrations"
)

// Dialect is the kind of database behind a Store.
type Dialect = database.Dialect

// The databases.
const (
	SQLite   = database.SQLite
	Postgres = database.Postgres
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
	db       *database.DB
	listener *pgxpool.Pool // nil on SQLite
	sealer   Sealer
	logger   *slog.Logger
	nudges   *nudges
}

// Open connects to the database, creating an SQLite file that does not exist.
// It refuses a file that another process has open, one that cannot be written,
// and a schema newer than this binary. Call Migrate before the first use.
func Open(ctx context.Context, options Options) (*Store, error) {
	if options.Sealer == nil {
		return nil, errors.New("open store: no sealer given")
	}
	s := &Store{sealer: options.Sealer, logger: options.Logger, nudges: newNudges()}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.db, err = database.Open(ctx, database.Options{URL: options.URL}); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, options.URL); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context, url string) error {
	steps, err := migrations.For(string(s.Dialect()))
	if err != nil {
		return err
	}
	if err := s.db.RefuseNewer(ctx, steps); err != nil {
		return err
	}
	if s.Dialect() == Postgres {
		s.listener, err = openListener(ctx, url)
	}
	return err
}

// openListener makes the pool whose connections are taken for LISTEN, by the
// store and by the engine's queue; none is opened before it is asked for.
func openListener(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the database URL cannot be understood") // the cause may repeat its password
	}
	config.MinConns, config.MaxConns = 0, 2
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open listening connections: %w", err)
	}
	return pool, nil
}

// Writer returns the pool that changes go through; the engine shares it with
// its queue. On SQLite it has one connection, so a query outside of an open
// transaction waits for that transaction to end.
func (s *Store) Writer() *sql.DB { return s.db.Writer() }

// ListenerPool returns a pool whose connections may be taken for LISTEN; nil on
// SQLite.
func (s *Store) ListenerPool() *pgxpool.Pool { return s.listener }

// Dialect tells which database is behind the store.
func (s *Store) Dialect() Dialect { return s.db.Dialect() }

// Close ends listening, closes all connections and gives back the file lock.
// It forgives being called twice.
func (s *Store) Close() error {
	s.nudges.stop()
	if s.listener != nil {
		s.listener.Close()
	}
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// Alone runs do while no other server on this database does the same; see
// database.DB.
func (s *Store) Alone(ctx context.Context, do func() error) error { return s.db.Alone(ctx, do) }

// Migrate brings the schema up to this binary's and, at the first time, notes
// which key seals the database; later it refuses another key. Several servers
// may call it at once.
func (s *Store) Migrate(ctx context.Context) error {
	steps, err := migrations.For(string(s.Dialect()))
	if err != nil {
		return err
	}
	if err := s.db.Migrate(ctx, steps); err != nil {
		return err
	}
	return s.checkKey(ctx)
}

// settingKeyFingerprint names the key that seals this database.
const settingKeyFingerprint = "sealing.key_fingerprint"

func (s *Store) checkKey(ctx context.Context) error {
	ours := s.sealer.Fingerprint()
	return s.InTx(ctx, func(tx *Tx) error {
		theirs, ok, err := tx.Setting(ctx, settingKeyFingerprint)
		switch {
		case err != nil:
			return err
		case !ok:
			return tx.SetSetting(ctx, settingKeyFingerprint, ours)
		case theirs != ours:
			return orchestrator.Errorf(orchestrator.Unavailable,
				"the database %s is sealed with the key %s, and SLIPWAY_KEEPER_URL leads to the key %s: point it at the key that this database was made with (by default a file in its data folder)",
				s.db.Name(), theirs, ours)
		}
		return nil
	})
}
