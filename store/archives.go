package store

import (
	"context"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/database"
)

// An archive lies in the blob store, which knows no transactions. So that none
// is ever missing and none stays for good, a row tells of each that may lie
// there without a blueprint: an upload announces its archive before it stores
// it and keeps it in the transaction that inserts the blueprint; deleting the
// blueprint dooms it. What is doomed is never kept again, however slow its
// upload was, so whoever finds it may remove it at leisure.

// AnnounceArchive notes that an archive is about to be stored.
func (t *Tx) AnnounceArchive(ctx context.Context, archive string, at time.Time) error {
	_, err := t.exec(ctx, "announce archive", "INSERT INTO stray_archives (archive, since, doomed) VALUES ($1, $2, FALSE)", archive, database.Micros(at))
	return err
}

// KeepArchive ends the announcement; its blueprint is inserted in the same
// transaction.
func (t *Tx) KeepArchive(ctx context.Context, archive string) error {
	late := orchestrator.Errorf(orchestrator.Unavailable, "the upload took so long that its archive was removed again; upload it once more")
	return t.execOne(ctx, late, "keep archive", "DELETE FROM stray_archives WHERE archive = $1 AND NOT doomed", archive)
}

// DoomArchive gives up an announced archive. One that was kept stays.
func (t *Tx) DoomArchive(ctx context.Context, archive string) error {
	_, err := t.exec(ctx, "doom archive", "UPDATE stray_archives SET doomed = TRUE WHERE archive = $1", archive)
	return err
}

// DoomedArchives dooms what was announced before a time, and returns all that
// is doomed.
func (t *Tx) DoomedArchives(ctx context.Context, announcedBefore time.Time) ([]string, error) {
	if _, err := t.exec(ctx, "doom archives", "UPDATE stray_archives SET doomed = TRUE WHERE since < $1 AND NOT doomed", database.Micros(announcedBefore)); err != nil {
		return nil, err
	}
	return queryAll(ctx, t, "list doomed archives", scanString, "SELECT archive FROM stray_archives WHERE doomed ORDER BY archive")
}

// ForgetArchive notes that a doomed archive is no longer in the blob store.
func (t *Tx) ForgetArchive(ctx context.Context, archive string) error {
	_, err := t.exec(ctx, "forget archive", "DELETE FROM stray_archives WHERE archive = $1 AND doomed", archive)
	return err
}
