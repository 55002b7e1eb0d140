package database

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"
)

// collisionRetries is how often a change that lost against another is run
// again, and collisionsBorne after how many losses it runs alone, so that it
// cannot lose for ever against those who write the same rows all the time.
const (
	collisionRetries = 10
	collisionsBorne  = 2
)

// Change runs run in a transaction of its own, as if nothing else ran at the
// same time, and commits when run returns nil. On SQLite changes queue up for
// the one writing connection; on PostgreSQL they are serializable, and one that
// collided with another is run again: run must have no effect outside of its
// transaction.
func (d *DB) Change(ctx context.Context, run func(*sql.Tx) error) error {
	if d.dialect == SQLite {
		return once(ctx, d.writer, &sql.TxOptions{}, run)
	}
	for attempt := 0; ; attempt++ {
		err := once(ctx, d.writer, &sql.TxOptions{Isolation: sql.LevelSerializable}, func(tx *sql.Tx) error {
			if err := passTurnstile(ctx, tx, attempt >= collisionsBorne); err != nil {
				return err
			}
			return run(tx)
		})
		if err == nil || Classify(err) != FailureCollision || attempt == collisionRetries {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// passTurnstile lets changes through side by side, or one alone. It is a lock on
// a table that every database of ours has; LOCK TABLE, unlike a query, does not
// yet fix what the transaction sees, so who waited here sees the latest.
func passTurnstile(ctx context.Context, tx *sql.Tx, alone bool) error {
	mode := "ROW SHARE"
	if alone {
		mode = "EXCLUSIVE"
	}
	if _, err := tx.ExecContext(ctx, "LOCK TABLE "+schemaTable+" IN "+mode+" MODE"); err != nil {
		return fmt.Errorf("begin change: %w", err)
	}
	return nil
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
	longest := 2 * time.Millisecond << attempt
	timer := time.NewTimer(time.Millisecond + rand.N(longest))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
