package control_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/store"
)

// TestArchives follows what lies in the blob store: an archive for each version
// of a blueprint, and nothing else for long.
func TestArchives(t *testing.T) {
	onBothDatabases(t, map[string]func(*testing.T, bundle){
		"DeletedWithBlueprint": archiveDeletedWithBlueprint,
		"SameBytes":            archiveOfSameBytes,
		"UploadAgainstDelete":  archiveUploadAgainstDelete,
		"RefusedLate":          archiveRefusedLate,
		"NotRemovable":         archiveNotRemovable,
		"DiedInUpload":         archiveDiedInUpload,
		"SlowUpload":           archiveSlowUpload,
	})
}

// wantArchives fails unless every blueprint's archive can be read and nothing
// else lies in the blob store.
func wantArchives(t *testing.T, c bundle) {
	t.Helper()
	list, _, err := c.ListBlueprints(t.Context(), as(orchestrator.Viewer), control.ListBlueprints{})
	must(t, err)
	var want []string
	for _, newest := range list {
		versions, err := c.BlueprintVersions(t.Context(), as(orchestrator.Viewer), newest.ID)
		must(t, err)
		for _, version := range versions {
			want = append(want, version.Archive)
		}
		if _, err := c.BlueprintArchive(t.Context(), as(orchestrator.Viewer), newest.ID); err != nil {
			t.Errorf("the archive of %s: %v", newest.ID, err)
		}
	}
	slices.Sort(want)
	got := c.archives.names(t)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("archives (-want +got):\n%s", diff)
	}
}

func archiveDeletedWithBlueprint(t *testing.T, c bundle) {
	for range 3 {
		_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: "small", NewVersion: true})
		must(t, err)
	}
	wantArchives(t, c)
	must(t, createSmall(t.Context(), c, "env"))
	wantError(t, c.DeleteBlueprint(t.Context(), as(orchestrator.Operator), "small"), orchestrator.Conflict)
	wantArchives(t, c)
	must(t, c.DeleteDeployment(t.Context(), as(orchestrator.Operator), "env", false))
	must(t, c.DeleteBlueprint(t.Context(), as(orchestrator.Operator), "small"))
	wantArchives(t, c)
}

func archiveOfSameBytes(t *testing.T, c bundle) {
	for _, id := range []string{"one", "two"} {
		_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: id})
		must(t, err)
	}
	must(t, c.DeleteBlueprint(t.Context(), as(orchestrator.Operator), "one"))
	wantArchives(t, c)
	_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: "one"})
	must(t, err)
	wantArchives(t, c)
}

func archiveUploadAgainstDelete(t *testing.T, c bundle) {
	for round := range 6 {
		id := fmt.Sprint("small", round)
		_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: id})
		must(t, err)
		errs := atOnce(
			func() error { return c.DeleteBlueprint(t.Context(), as(orchestrator.Operator), id) },
			func() error {
				_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: id + "again"})
				return err
			},
			func() error {
				_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: id, NewVersion: true})
				return err
			},
		)
		wantCodes(t, errs, map[orchestrator.Code]int{"": 3})
		wantArchives(t, c)
	}
}

// The id is taken while the archive is on its way.
func archiveRefusedLate(t *testing.T, c bundle) {
	c.archives.onPut = func() error {
		c.archives.onPut = func() error { return nil }
		_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: "small"})
		return err
	}
	_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: "small"})
	wantError(t, err, orchestrator.Conflict, "already exists")
	wantArchives(t, c)

	ctx, cancel := context.WithCancel(t.Context())
	c.archives.onPut = func() error { cancel(); return ctx.Err() }
	if _, err := uploadSmall(ctx, t, c, control.UploadBlueprint{ID: "given_up"}); err == nil {
		t.Error("an upload that was given up succeeds")
	}
	wantArchives(t, c)
}

// The blob store is down, or the server dies, between the deletion of the rows
// and that of the archive.
func archiveNotRemovable(t *testing.T, c bundle) {
	_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: "small"})
	must(t, err)
	c.archives.onDelete = func() error { return errors.New("the bucket does not answer") }
	before := len(c.archives.names(t))
	must(t, c.DeleteBlueprint(t.Context(), as(orchestrator.Operator), "small"))
	if after := len(c.archives.names(t)); after != before {
		t.Errorf("%d archives became %d", before, after)
	}
	c.archives.onDelete = func() error { return nil }
	_, err = c.Begin(t.Context(), control.FirstStart{})
	must(t, err)
	wantArchives(t, c)
}

// died is a server's end: nothing after it runs.
type died struct{}

func archiveDiedInUpload(t *testing.T, c bundle) {
	c.archives.onPut = func() error { panic(died{}) }
	func() {
		defer func() { _ = recover().(died) }()
		_, _ = uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: "small"})
	}()
	before := len(c.archives.names(t))
	_, err := c.Begin(t.Context(), control.FirstStart{})
	must(t, err)
	if after := len(c.archives.names(t)); after != before {
		t.Error("a start removes what another server may be about to keep")
	}
	c.clock.advance(2 * time.Hour)
	_, err = c.Begin(t.Context(), control.FirstStart{})
	must(t, err)
	wantArchives(t, c)
	left := 0
	must(t, c.store.View(t.Context(), func(tx *store.Tx) error {
		return tx.SQL().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM stray_archives").Scan(&left)
	}))
	if left != 0 {
		t.Errorf("%d rows of stray archives stay", left)
	}
}

// A server that was stopped for hours in an upload wakes up after others have
// swept: it must not insert a blueprint without an archive.
func archiveSlowUpload(t *testing.T, c bundle) {
	c.archives.onPut = func() error {
		c.archives.onPut = func() error { return nil }
		c.clock.advance(2 * time.Hour)
		_, err := c.Begin(t.Context(), control.FirstStart{})
		return err
	}
	_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: "small"})
	wantError(t, err, orchestrator.Unavailable, "upload it once more")
	wantArchives(t, c)
}
