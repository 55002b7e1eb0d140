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
