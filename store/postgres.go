package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/slipwayhq/slipway/orchestrator"
)

// postgresConnections bounds what one server holds open; several servers share
// PostgreSQL's default of 100.
const postgresConnections = 25

func (s *Store) openPostgres(ctx context.Context, url string) error {
	s.dialect = Postgres
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// The parser's message may repeat the URL with its password.
		return orchestrator.Errorf(orchestrator.Invalid,
			"the database URL cannot be understood: it should read postgres://user:password@host:port/database")
	}
	s.name = fmt.Sprintf("%s on %s", config.Database, config.Host)
	s.writer = stdlib.OpenDB(*config)
	s.writer.SetMaxOpenConns(postgresConnections)
	s.writer.SetMaxIdleConns(postgresConnections)
	s.writer.SetConnMaxIdleTime(5 * time.Minute)
	if err := s.writer.PingContext(ctx); err != nil {
		return orchestrator.Errorf(orchestrator.Unavailable,
			"the PostgreSQL database %s does not answer: check that it runs and that SLIPWAY_DATABASE_URL names its host, user and password", s.name).Wrap(err)
	}
	pool, err := pgxpool.ParseConfig(url)
	if err != nil {
		return errors.New("parse database URL for listening")
	}
	pool.MinConns, pool.MaxConns = 0, 2
	if s.listener, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		return fmt.Errorf("open listening connections: %w", err)
	}
	s.nudges = newNudges()
	return nil
}
