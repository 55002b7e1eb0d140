package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/slipwayhq/slipway/orchestrator"
)

// nudgeChannel is PostgreSQL's name for our nudges.
const nudgeChannel = "slipway_roots"

// relistenPause is how long a lost listening connection rests before the next
// try; whoever listens also polls, so a nudge lost meanwhile only comes late.
const relistenPause = time.Second

// Listen returns the ids of root executions in whose trees something happened.
// A nudge says "read again" and no more: equal ones are merged while nobody
// takes them, and some may be lost, so the listener also polls. The channel is
// closed when ctx or the store ends.
func (s *Store) Listen(ctx context.Context) (<-chan string, error) {
	if s.Dialect() == Postgres {
		s.nudges.fromDatabase.Do(func() { s.nudges.start(s.relayNotifications) })
	}
	return s.nudges.listen(ctx), nil
}

// Notify announces, when the transaction commits, that something happened in
// the tree of a root execution.
func (t *Tx) Notify(rootID string) {
	if t.nudged == nil {
		t.nudged = map[string]bool{}
	}
	t.nudged[rootID] = true
}

// announceWithCommit hands the announcements to PostgreSQL, which delivers them
// with the commit to every server, this one included.
func (t *Tx) announceWithCommit(ctx context.Context) error {
	if t.store.Dialect() != Postgres {
		return nil
	}
	for _, root := range orchestrator.SortedKeys(t.nudged) {
		if _, err := t.exec(ctx, "notify listeners", "SELECT pg_notify($1, $2)", nudgeChannel, root); err != nil {
			return err
		}
	}
	return nil
}

// announceAfterCommit tells the listeners in this process, which on SQLite are
// all there are.
func (t *Tx) announceAfterCommit() {
	if t.store.Dialect() != SQLite {
		return
	}
	for root := range t.nudged {
		t.store.nudges.publish(root)
	}
}

// relayNotifications brings the nudges of all servers into this process, over
// one connection, until the store closes.
func (s *Store) relayNotifications() {
	ctx := s.nudges.ctx
	for ctx.Err() == nil {
		err := s.relayOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		s.logger.Warn("the connection that listens for news was lost; pages poll until it is back", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(relistenPause):
		}
	}
}

func (s *Store) relayOnce(ctx context.Context) error {
	taken, err := s.listener.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	// A connection that has said LISTEN is not given back to the pool.
	connection := taken.Hijack()
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = connection.Close(closing)
	}()
	if _, err := connection.Exec(ctx, "LISTEN "+pgx.Identifier{nudgeChannel}.Sanitize()); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	for {
		notification, err := connection.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("wait for news: %w", err)
		}
		s.nudges.publish(notification.Payload)
	}
}
