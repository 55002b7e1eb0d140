package database

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"
)

// collisionRetries is how often a change that lost against another is run
// again; with the pauses between it gives up after some ten seconds.
const collisionRetries = 40

// Change runs run in a transaction of its own, as if nothing else ran at the
// same time, and commits when run returns nil. On SQLite changes queue up for
// the one writing connection; on PostgreSQL they are serializable, and one that
// collided with another is run again: run must have no effect outside of its
// transaction.
func (d *DB) Change(ctx context.Context, run func(*sql.Tx) error) error {
	options := &sql.TxOptions{}
	if d.dialect == Postgres {
		options.Isolation = sql.LevelSerializable
	}
	for attempt := 0; ; attempt++ {
		err := once(ctx, d.writer, options, run)
		if err == nil || Classify(err) != FailureCollision || attempt == collisionRetries {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// ChangeInTurn is Change for data whose changes everybody, on every server,
// makes one after the other: run runs once. The lock is a number that stands
// for the data.
func (d *DB) ChangeInTurn(ctx context.Context, lock int64, run func(*sql.Tx) error) error {
	if d.dialect == SQLite {
		return d.Change(ctx, run)
	}
	// What a later statement reads is what the one before us in turn committed.
	return once(ctx, d.writer, &sql.TxOptions{Isolation: sql.LevelReadCommitted}, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", lock); err != nil {
			return fmt.Errorf("wait in turn: %w", err)
		}
		return run(tx)
	})
}

// Read runs run on one unchanging snapshot that cannot be written to.
func (d *DB) Read(ctx context.Context, run func(*sql.Tx) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if d.dialect == Postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	return once(ctx, d.reader, options, run)
}

func once(ctx context.Context, db *sql.DB, options *sql.TxOptions, run func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	// After a commit this does nothing; it also runs when run panics.
	defer func() { _ = tx.Rollback() }()
	if err := run(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// pause waits a little longer after each collision, by chance, so that those
// who collided do not meet again.
func pause(ctx context.Context, attempt int) error {
	longest := min(time.Millisecond<<min(attempt, 10), 500*time.Millisecond)
	timer := time.NewTimer(time.Millisecond + rand.N(longest))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
