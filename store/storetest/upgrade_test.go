package storetest

import (
	"context"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/database"
	"github.com/slipwayhq/slipway/store/migrations"
	"github.com/slipwayhq/slipway/store/pgtest"
)

// TestUpgrade brings a database of the first schema, with rows in it, up to date.
func TestUpgrade(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { testUpgrade(t, filepath.Join(t.TempDir(), "slipway.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { testUpgrade(t, pgtest.Start(t).Database(t)) })
}

func testUpgrade(t *testing.T, url string) {
	db, err := database.Open(t.Context(), database.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	all, err := migrations.For(string(db.Dialect()))
	if err != nil {
		t.Fatal(err)
	}
	const name = "00001_init.sql"
	text, err := fs.ReadFile(all, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context(), fstest.MapFS{name: {Data: text}}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		"INSERT INTO blueprints (uid, team, id, version, main_file, description, digest, plan, labels, state, bundled, created_by, created_at) VALUES ('u', 'default_tenant', 'app', 1, 'b', '', 'abc', '{}', '[]', 'uploaded', FALSE, 'ann', 1)",
		"INSERT INTO deployments SELECT 'd', 'default_tenant', 'env', '', '', 'u', 'app', 1, 1, '', '{}', '[]', '[]', FALSE, '', '', '', '', '', '[]', 'inactive', 'good', '', 'ann', 1, 1",
		"INSERT INTO dependencies (creator, source_uid, target_uid, target_id, team, created_at) VALUES ('x.get_capability', 'd', 'gone', 'other', 'default_tenant', 1)",
	} {
		if _, err := db.Writer().ExecContext(t.Context(), row); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := Open(t, url)
	blueprint := read(t, s, func(ctx context.Context, tx *store.Tx) (string, error) {
		bp, err := tx.NewestBlueprint(ctx, "default_tenant", "app")
		return bp.Archive, err
	})
	diff(t, "archives so far are named by their digest", "abc", blueprint)
	on := read(t, s, func(ctx context.Context, tx *store.Tx) (int, error) {
		found, err := tx.DependenciesOn(ctx, "default_tenant", "other")
		return len(found), err
	})
	diff(t, "dependencies stay", 1, on)
}
