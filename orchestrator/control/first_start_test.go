package control_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/pgtest"
	"github.com/slipwayhq/slipway/store/storetest"
)

// fullDisk takes a few archives and then no more, until there is room.
type fullDisk struct {
	*archives
	room int
}

func (d *fullDisk) Put(ctx context.Context, name string, content io.Reader) error {
	if d.room == 0 {
		return errors.New("no space left on device")
	}
	d.room--
	return d.archives.Put(ctx, name, content)
}

// TestFirstStartThatFails starts on a disk that is full, and again when it is
// not: the second start is the first one still, and tells the admin's password.
// An account made by the start that failed would have one that nobody knows.
func TestFirstStartThatFails(t *testing.T) {
	s := storetest.OpenSQLite(t)
	if err := engine.Migrate(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	queue, err := engine.NewQueue(s)
	if err != nil {
		t.Fatal(err)
	}
	disk := &fullDisk{newArchives(t), 3}
	c, err := control.New(control.Config{
		Store: s, Queue: queue, Archives: disk, Catalogue: catalogue{}, Rehearsal: compose.Auto,
		World: rehearsal.NewMemory(), Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	first := control.FirstStart{HashPassword: func(password string) (string, error) { return "hash of " + password, nil }}
	if _, err := c.Begin(t.Context(), first); err == nil {
		t.Fatal("the first start did not notice that the disk is full")
	}
	if _, err := c.Account(t.Context(), "admin"); orchestrator.ErrorCode(err) != orchestrator.NotFound {
		t.Errorf("the start that failed made the account admin: %v", err)
	}
	disk.room = 100
	begun, err := c.Begin(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	if !begun.First || begun.Password == "" {
		t.Errorf("the start after it tells no password: %+v", begun)
	}
	account, err := c.Account(t.Context(), "admin")
	if err != nil || account.PasswordHash != "hash of "+begun.Password {
		t.Errorf("the password told is not the account's: %v", err)
	}
	if begun, err = c.Begin(t.Context(), first); err != nil || begun.First || begun.Password != "" {
		t.Errorf("the next start is no first one: %+v, %v", begun, err)
	}
}

// Several servers start at once on an empty database: one of them makes what the
// first start makes, and the catalogue is there once.
func TestServersStartAtOnce(t *testing.T) {
	url := pgtest.Start(t).Database(t)
	kept, sealer := newArchives(t), storetest.Sealer(t)
	stores := make([]*store.Store, 3)
	errs := atOnce(times(len(stores), func(i int) (err error) {
		if stores[i], err = store.Open(t.Context(), store.Options{URL: url, Sealer: sealer}); err != nil {
			return err
		}
		t.Cleanup(func() { must(t, stores[i].Close()) })
		if err := stores[i].Migrate(t.Context()); err != nil {
			return err
		}
		return engine.Migrate(t.Context(), stores[i])
	})...)
	must(t, errors.Join(errs...))
	servers := make([]bundle, len(stores))
	for i, s := range stores {
		servers[i] = build(t, s, compose.Auto, kept)
	}
	begun := make([]control.Begun, len(servers))
	errs = atOnce(times(len(servers), func(i int) (err error) {
		begun[i], err = servers[i].Begin(t.Context(), firstStart)
		return err
	})...)
	wantCodes(t, errs, map[orchestrator.Code]int{"": len(servers)})
	firsts := 0
	for _, b := range begun {
		if b.First {
			firsts++
		}
		if (b.Password != "") != b.First || b.Installation != begun[0].Installation {
			t.Errorf("one server was told %+v, another %+v", begun[0], b)
		}
	}
	if firsts != 1 {
		t.Errorf("%d starts were the first", firsts)
	}
	list, _, err := servers[0].ListBlueprints(t.Context(), as(orchestrator.Viewer), control.ListBlueprints{})
	must(t, err)
	for _, blueprint := range list {
		if blueprint.Version != 1 {
			t.Errorf("%s is there %d times", blueprint.ID, blueprint.Version)
		}
	}
	wantArchives(t, servers[0])
	auditActions(t, servers[0])
}
