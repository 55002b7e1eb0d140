package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/slipwayhq/slipway/orchestrator"
)

// schemaTable records which migrations a database has seen.
const schemaTable = "slipway_schema"

// Migrate brings the schema up to the last of the steps. It refuses a schema
// that is newer than all of them. Several servers may call it at once.
func (d *DB) Migrate(ctx context.Context, steps fs.FS) error {
	if err := d.RefuseNewer(ctx, steps); err != nil {
		return err
	}
	provider, err := d.migrations(steps)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s: %w", d.name, err)
	}
	return nil
}

func (d *DB) migrations(steps fs.FS) (*goose.Provider, error) {
	dialect := goose.DialectSQLite3
	options := []goose.ProviderOption{
		goose.WithTableName(schemaTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()),
	}
	if d.dialect == Postgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, fmt.Errorf("prepare migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, d.writer, steps, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}

// aloneKey names the advisory lock of Alone among all of a PostgreSQL database:
// the bytes of "slipway".
const aloneKey = 0x736c6970776179

// Alone runs do while no other server that asked for the same does. It is for
// work that other libraries do at the start and that two servers must not do at
// once. An SQLite file has one server.
func (d *DB) Alone(ctx context.Context, do func() error) (err error) {
	if d.dialect == SQLite {
		return do()
	}
	connection, err := d.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", d.name, err)
	}
	defer func() { err = errors.Join(err, connection.Close()) }()
	if _, err := connection.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(aloneKey)); err != nil {
		return fmt.Errorf("wait for other servers: %w", err)
	}
	defer func() {
		_, unlockErr := connection.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(aloneKey))
		err = errors.Join(err, unlockErr)
	}()
	return do()
}

// RefuseNewer keeps an older binary away from a newer schema.
func (d *DB) RefuseNewer(ctx context.Context, steps fs.FS) error {
	provider, err := d.migrations(steps)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	known := sources[len(sources)-1].Version
	current, err := d.schemaVersion(ctx)
	if err != nil {
		return fmt.Errorf("read schema version of %s: %w", d.name, err)
	}
	if current > known {
		return orchestrator.Errorf(orchestrator.Unavailable,
			"the database %s has schema version %d, and this slipway knows versions up to %d: start the newer slipway that wrote it, or restore a backup made before the upgrade",
			d.name, current, known)
	}
	return nil
}

// schemaVersion answers 0 for a database without tables.
func (d *DB) schemaVersion(ctx context.Context) (int64, error) {
	catalogue := "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1"
	if d.dialect == Postgres {
		catalogue = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA AND table_name = $1"
	}
	var tables int
	if err := d.writer.QueryRowContext(ctx, catalogue, schemaTable).Scan(&tables); err != nil || tables == 0 {
		return 0, err
	}
	var version sql.NullInt64
	err := d.writer.QueryRowContext(ctx, "SELECT MAX(version_id) FROM "+schemaTable+" WHERE is_applied").Scan(&version)
	return version.Int64, err
}
