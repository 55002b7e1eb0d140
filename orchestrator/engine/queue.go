package engine

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/slipwayhq/slipway/store"
)

// dispatchArgs asks any server to claim an execution, or to look again at one
// that it runs. It carries an id and nothing evaluated: job rows are clear text.
type dispatchArgs struct {
	ExecutionID string `json:"execution_id"`
}

// Kind names the job for River.
func (dispatchArgs) Kind() string { return "dispatch_execution" }

// driverFor returns River's driver for the store's database. listener is for
// PostgreSQL only and may be nil: then jobs are found by polling.
func driverFor(s *store.Store, listener *pgxpool.Pool) riverdriver.Driver[*sql.Tx] {
	switch {
	case s.Dialect() == store.SQLite:
		return riversqlite.New(s.Writer())
	case listener != nil:
		return riverdatabasesql.NewWithPgxListener(s.Writer(), listener)
	default:
		return riverdatabasesql.New(s.Writer())
	}
}

// Migrate brings River's tables up to date. Call it after store.Migrate.
func Migrate(ctx context.Context, s *store.Store) error {
	migrator, err := rivermigrate.New(driverFor(s, nil), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	// River takes no lock of its own.
	return s.Alone(ctx, func() error {
		if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return fmt.Errorf("migrate the queue: %w", err)
		}
		return nil
	})
}

// Queue dispatches executions from inside the caller's transaction.
type Queue struct {
	client *river.Client[*sql.Tx]
	poke   atomic.Pointer[func(executionID string)]
}

// NewQueue returns an insert-only queue on the store's database.
func NewQueue(s *store.Store) (*Queue, error) {
	client, err := river.NewClient(driverFor(s, nil), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("open the queue: %w", err)
	}
	return &Queue{client: client}, nil
}

// Dispatch makes some server claim the execution once tx has committed. A
// second dispatch of the same execution is harmless: it loses the claim.
func (q *Queue) Dispatch(ctx context.Context, tx *sql.Tx, executionID string) error {
	// No unique job: a stale running row would block the next dispatch.
	if _, err := q.client.InsertTx(ctx, tx, dispatchArgs{ExecutionID: executionID}, nil); err != nil {
		return fmt.Errorf("dispatch execution %s: %w", executionID, err)
	}
	return nil
}

// Wake makes the server that runs the execution look again: a child ended, or
// a cancel was asked for.
func (q *Queue) Wake(ctx context.Context, tx *sql.Tx, executionID string) error {
	return q.Dispatch(ctx, tx, executionID)
}

// Poke tells this server's engine, if it runs one, not to wait for the queue's
// next poll. Call it after the commit; losing it loses nothing but time.
func (q *Queue) Poke(executionID string) {
	if poke := q.poke.Load(); poke != nil {
		(*poke)(executionID)
	}
}
