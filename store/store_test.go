package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/storetest"
)

// refusal opens a store, expects an error, and returns its sentence.
func refusal(t *testing.T, code orchestrator.Code, options store.Options) string {
	t.Helper()
	s, err := store.Open(t.Context(), options)
	if err == nil {
		err = s.Migrate(t.Context())
		t.Cleanup(func() { _ = s.Close() })
	}
	if orchestrator.ErrorCode(err) != code {
		t.Fatalf("got %v, want code %s", err, code)
	}
	return orchestrator.ErrorMessage(err)
}

func mention(t *testing.T, sentence string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(sentence, part) {
			t.Errorf("the sentence does not mention %q: %s", part, sentence)
		}
	}
}

func TestOpenRefusesFileInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "slipway.db")
	sealer := storetest.Sealer(t)
	first, err := store.Open(t.Context(), store.Options{URL: path, Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	mention(t, refusal(t, orchestrator.Unavailable, store.Options{URL: path, Sealer: sealer}), path, "stop the other")
	for range 2 { // forgives being called twice
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
	}
	second, err := store.Open(t.Context(), store.Options{URL: path, Sealer: sealer})
	if err != nil {
		t.Fatalf("closing gives back the lock: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesNewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "slipway.db")
	sealer := storetest.Sealer(t)
	s, err := store.Open(t.Context(), store.Options{URL: path, Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Writer().ExecContext(t.Context(), "INSERT INTO slipway_schema (version_id, is_applied) VALUES (9000, TRUE)"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mention(t, refusal(t, orchestrator.Unavailable, store.Options{URL: path, Sealer: sealer}), "version 9000", "start the newer slipway")
}

func TestMigrateRefusesOtherKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "slipway.db")
	s, err := store.Open(t.Context(), store.Options{URL: path, Sealer: storetest.Sealer(t)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // migrating again changes nothing
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mention(t, refusal(t, orchestrator.Unavailable, store.Options{URL: path, Sealer: storetest.Sealer(t)}), "sealed with the key file:", "SLIPWAY_KEEPER_URL")
}

func TestOpenRefusesReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	mention(t, refusal(t, orchestrator.Unavailable, store.Options{URL: filepath.Join(folder, "slipway.db"), Sealer: storetest.Sealer(t)}),
		"cannot be written", "SLIPWAY_DATA_DIR")
}

func TestOpenNeverTellsPassword(t *testing.T) {
	for name, url := range map[string]string{
		"NobodyAnswers": "postgres://ann:hunter22@127.0.0.1:1/slipway?connect_timeout=5",
		"NotAURL":       "postgres://ann:hunter22@127.0.0.1:port/slipway",
		"BadSetting":    "postgres://ann:hunter22@127.0.0.1/slipway?sslmode=odd",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := store.Open(t.Context(), store.Options{URL: url, Sealer: storetest.Sealer(t)})
			if err == nil {
				t.Fatal("it opened")
			}
			if strings.Contains(err.Error(), "hunter22") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func TestFilesArePrivate(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data dir?#%")
	s := storetest.Open(t, filepath.Join(folder, "slipway.db"))
	err := s.InTx(t.Context(), func(tx *store.Tx) error { return tx.SetSetting(t.Context(), "a", "b") })
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, entry := range entries {
		names[entry.Name()] = true
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %04o: others can read it", entry.Name(), info.Mode().Perm())
		}
	}
	for _, want := range []string{"slipway.db", "slipway.db-wal", "slipway.db.lock"} {
		if !names[want] {
			t.Errorf("there is no %s among %v", want, names)
		}
	}
}

// TestSettingsOfWriter holds the engine's assumptions about durability.
func TestSettingsOfWriter(t *testing.T) {
	s := storetest.OpenSQLite(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1"} {
		var got string
		if err := s.Writer().QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s is %s, want %s", pragma, got, want)
		}
	}
	if got := s.Writer().Stats().MaxOpenConnections; got != 1 {
		t.Errorf("the writer has %d connections, want 1", got)
	}
}

func TestListenEndsWithStore(t *testing.T) {
	s := storetest.OpenSQLite(t)
	heard, err := s.Listen(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if root, open := <-heard; open {
		t.Errorf("heard %q after the end", root)
	}
	late, err := s.Listen(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if root, open := <-late; open {
		t.Errorf("who comes late heard %q", root)
	}
}
