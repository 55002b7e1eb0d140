package database

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/slipwayhq/slipway/orchestrator"
)

// defaultConnections bounds what one server holds open: three servers, each with
// a rehearsed world and listeners beside it, share PostgreSQL's default of 100.
const defaultConnections = 20

// frozenAfter is how long a transaction may do nothing, in milliseconds. Ours
// never wait for anything but the database; a takeover comes after 12 s.
const frozenAfter = "5000"

func (d *DB) openPostgres(ctx context.Context, options Options) error {
	d.dialect = Postgres
	config, err := pgx.ParseConfig(options.URL)
	if err != nil {
		// The parser's message may repeat the URL with its password.
		return orchestrator.Errorf(orchestrator.Invalid,
			"the database URL cannot be understood: it should read postgres://user:password@host:port/database")
	}
	d.name = fmt.Sprintf("%s on %s", config.Database, config.Host)
	// A server that freezes in the middle of a transaction must not keep its
	// locks from those who take over from it.
	config.RuntimeParams["idle_in_transaction_session_timeout"] = frozenAfter
	if options.Schema != "" {
		config.RuntimeParams["search_path"] = options.Schema
	}
	d.writer = stdlib.OpenDB(*config)
	connections := cmp.Or(options.Connections, defaultConnections)
	d.writer.SetMaxOpenConns(connections)
	d.writer.SetMaxIdleConns(connections)
	d.writer.SetConnMaxIdleTime(5 * time.Minute)
	d.reader = d.writer
	if err := d.writer.PingContext(ctx); err != nil {
		return orchestrator.Errorf(orchestrator.Unavailable,
			"the PostgreSQL database %s does not answer: check that it runs and that SLIPWAY_DATABASE_URL names its host, user and password", d.name).Wrap(err)
	}
	if options.Schema != "" {
		return d.createSchema(ctx, options.Schema)
	}
	return nil
}

// createSchema forgives that another server creates the same at this moment.
func (d *DB) createSchema(ctx context.Context, schema string) error {
	_, err := d.writer.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{schema}.Sanitize())
	if err != nil && Classify(err) != FailureUnique {
		return fmt.Errorf("create schema %s: %w", schema, err)
	}
	return nil
}
