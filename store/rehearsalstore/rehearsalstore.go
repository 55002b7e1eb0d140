// Package rehearsalstore keeps the rehearsed world in a database of its own: a
// file beside the store's, or the schema "rehearsal" of the same PostgreSQL
// database. Its transactions have nothing to do with the store's, so a far end's
// effect can be lasting while the near end never hears of it. It knows objects,
// calls, counters and faults; what they stand for is for package rehearsal.
package rehearsalstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/database"
)

//go:embed migrations
var migrations embed.FS

// schema is where the tables are on PostgreSQL.
const schema = "rehearsal"

// connections is the size of the pool on PostgreSQL; changes come one at a time.
const connections = 6

// turnLock stands for the rehearsed world among PostgreSQL's advisory locks.
const turnLock = 0x5265686561727361

// Options is what a Store is opened with.
type Options struct {
	// URL is the path of an SQLite file, "<data dir>/rehearsal.db", or the
	// postgres:// URL of the store.
	URL string
	// Sealer seals the objects' bodies; the store's own will do.
	Sealer store.Sealer
}

// Store is a rehearsal.State that outlives the process and is shared by all
// servers on one database.
type Store struct {
	db     *database.DB
	sealer store.Sealer
}

var _ rehearsal.State = (*Store)(nil)

// Open opens the database and brings its schema up to date.
func Open(ctx context.Context, options Options) (*Store, error) {
	if options.Sealer == nil {
		return nil, errors.New("open rehearsal store: no sealer given")
	}
	db, err := database.Open(ctx, database.Options{URL: options.URL, Schema: schema, Connections: connections, Relaxed: true})
	if err != nil {
		return nil, err
	}
	steps, err := fs.Sub(migrations, "migrations/"+string(db.Dialect()))
	if err == nil {
		err = db.Migrate(ctx, steps)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open rehearsal store: %w", err), db.Close())
	}
	return &Store{db: db, sealer: options.Sealer}, nil
}

// Update runs change, one at a time over all servers, and commits when it
// returns nil.
func (s *Store) Update(ctx context.Context, change func(rehearsal.Tx) error) error {
	return s.db.ChangeInTurn(ctx, turnLock, func(sqlTx *sql.Tx) error {
		return change(&tx{ctx: ctx, sql: sqlTx, sealer: s.sealer})
	})
}

// View runs read on one snapshot.
func (s *Store) View(ctx context.Context, read func(rehearsal.Tx) error) error {
	return s.db.Read(ctx, func(sqlTx *sql.Tx) error {
		return read(&tx{ctx: ctx, sql: sqlTx, sealer: s.sealer})
	})
}

// Close closes the database. It forgives being called twice.
func (s *Store) Close() error { return s.db.Close() }
