package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/migrations"
)

// schemaTable records which migrations a database has seen.
const schemaTable = "slipway_schema"

// Migrate brings the schema up to this binary's and, at the first time, notes
// which key seals the database; later it refuses another key. Several servers
// may call it at once.
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.refuseNewer(ctx); err != nil {
		return err
	}
	provider, err := s.migrations()
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s: %w", s.name, err)
	}
	return s.checkKey(ctx)
}

func (s *Store) migrations() (*goose.Provider, error) {
	steps, err := migrations.For(string(s.dialect))
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectSQLite3
	options := []goose.ProviderOption{
		goose.WithTableName(schemaTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()),
	}
	if s.dialect == Postgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, fmt.Errorf("prepare migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, s.writer, steps, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}

// refuseNewer keeps an older binary away from a newer schema.
func (s *Store) refuseNewer(ctx context.Context) error {
	provider, err := s.migrations()
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	known := sources[len(sources)-1].Version
	current, err := s.schemaVersion(ctx)
	if err != nil {
		return fmt.Errorf("read schema version of %s: %w", s.name, err)
	}
	if current > known {
		return orchestrator.Errorf(orchestrator.Unavailable,
			"the database %s has schema version %d, and this slipway knows versions up to %d: start the newer slipway that wrote it, or restore a backup made before the upgrade",
			s.name, current, known)
	}
	return nil
}

// schemaVersion answers 0 for a database without tables.
func (s *Store) schemaVersion(ctx context.Context) (int64, error) {
	catalogue := "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1"
	if s.dialect == Postgres {
		catalogue = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA AND table_name = $1"
	}
	var tables int
	if err := s.writer.QueryRowContext(ctx, catalogue, schemaTable).Scan(&tables); err != nil || tables == 0 {
		return 0, err
	}
	var version sql.NullInt64
	err := s.writer.QueryRowContext(ctx, "SELECT MAX(version_id) FROM "+schemaTable+" WHERE is_applied").Scan(&version)
	return version.Int64, err
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
				s.name, theirs, ours).Wrap(errors.New("key fingerprints differ"))
		}
		return nil
	})
}
