// Package storetest holds the conformance suite that the store passes on every
// database, and opens throwaway stores for the tests of other packages. It is
// imported by tests only.
package storetest

import (
	"path/filepath"
	"testing"

	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/keeper/file"
)

// OpenSQLite returns a migrated store on a new file, closed when the test ends.
func OpenSQLite(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, filepath.Join(t.TempDir(), "slipway.db"))
}

// Open returns a migrated store on the database of the URL, closed when the
// test ends.
func Open(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: url, Sealer: Sealer(t)})
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatalf("migrate store: %v", err)
	}
	return s
}

// Sealer returns the sealer of a running server, with a new key.
func Sealer(t testing.TB) *store.Envelope {
	t.Helper()
	keeper, err := file.Open("file://" + filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatalf("open keeper: %v", err)
	}
	envelope, err := store.NewEnvelope(t.Context(), keeper)
	if err != nil {
		t.Fatalf("make sealer: %v", err)
	}
	return envelope
}
