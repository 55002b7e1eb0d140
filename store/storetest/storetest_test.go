package storetest

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/pgtest"
)

func TestSQLite(t *testing.T) {
	Run(t, func(t *testing.T) *store.Store { return OpenSQLite(t) })
}

func TestPostgreSQL(t *testing.T) {
	server := pgtest.Start(t)
	Run(t, func(t *testing.T) *store.Store { return Open(t, server.Database(t)) })
}

// TestSQLiteFilesAreSealed searches the files themselves, after a value was
// written, replaced and deleted.
func TestSQLiteFilesAreSealed(t *testing.T) {
	folder := t.TempDir()
	s := Open(t, filepath.Join(folder, "slipway.db"))
	writeSensitive(t, s)
	searchFiles(t, folder, sensitiveText)
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteDeployment(ctx, "uid-env") })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	searchFiles(t, folder, sensitiveText)
}
