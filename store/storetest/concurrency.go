package storetest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

// testConcurrency lets many change the same rows at once.
func testConcurrency(t *testing.T, s *store.Store) {
	const workers, rounds = 8, 10
	group, ctx := errgroup.WithContext(t.Context())
	for worker := range workers {
		group.Go(func() error {
			for range rounds {
				err := s.InTx(ctx, func(tx *store.Tx) error {
					text, _, err := tx.Setting(ctx, "count")
					if err != nil {
						return err
					}
					count, _ := strconv.Atoi(text) // 0 before the first
					if err := tx.SetSetting(ctx, "count", strconv.Itoa(count+1)); err != nil {
						return err
					}
					return tx.AppendAudit(ctx, orchestrator.Audit{At: noon, Actor: fmt.Sprint("user ", worker)})
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	got := read(t, s, func(ctx context.Context, tx *store.Tx) (string, error) {
		count, _, err := tx.Setting(ctx, "count")
		return count, err
	})
	diff(t, "no change is lost", strconv.Itoa(workers*rounds), got)
	if err := verify(t, s); err != nil {
		t.Errorf("the audit chain is whole: %v", err)
	}
}

// testTransactions checks that a change is whole or not at all, and that a view
// stands still.
func testTransactions(t *testing.T, s *store.Store) {
	failure := orchestrator.Errorf(orchestrator.Invalid, "no")
	err := s.InTx(t.Context(), func(tx *store.Tx) error {
		if err := tx.SetSetting(t.Context(), "a", "1"); err != nil {
			return err
		}
		return failure
	})
	refused(t, "the function's own error comes back", orchestrator.Invalid, err)
	err = s.View(t.Context(), func(tx *store.Tx) error {
		_, ok, err := tx.Setting(t.Context(), "a")
		diff(t, "a change that failed leaves nothing", false, ok)
		if err != nil {
			return err
		}
		change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.SetSetting(ctx, "a", "2") })
		_, ok, err = tx.Setting(t.Context(), "a")
		diff(t, "a view does not see what comes after it", false, ok)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.View(t.Context(), func(tx *store.Tx) error { return tx.SetSetting(t.Context(), "a", "3") }); err == nil {
		t.Error("a view could write")
	}
}

// testNudges checks that who listens hears of commits, and only of commits.
func testNudges(t *testing.T, s *store.Store) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	first, err := s.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string)
	go func() {
		defer close(heard)
		for root := range second {
			heard <- root
		}
	}()
	// Listening may begin a moment later, and nudges may be lost: whoever
	// listens polls. So nudge until the first one is heard.
	for got := ""; got == ""; {
		change(t, s, func(_ context.Context, tx *store.Tx) error { tx.Notify("warm-up"); return nil })
		select {
		case got = <-first:
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("nobody heard anything")
		}
	}
	_ = s.InTx(ctx, func(tx *store.Tx) error { tx.Notify("rolled back"); return context.Canceled })
	change(t, s, func(_ context.Context, tx *store.Tx) error {
		tx.Notify("root-1")
		tx.Notify("root-1")
		tx.Notify("root-2")
		return nil
	})
	for name, listener := range map[string]<-chan string{"first": first, "second": heard} {
		want := map[string]bool{"root-1": true, "root-2": true}
		for len(want) > 0 {
			root, open := <-listener
			if !open {
				t.Fatalf("the %s listener missed %v", name, want)
			}
			if root != "warm-up" && !want[root] {
				t.Errorf("the %s listener heard %q, which was not committed or was said twice", name, root)
			}
			delete(want, root)
		}
	}
	if err := s.Close(); err != nil { // although somebody listens
		t.Fatal(err)
	}
	for range first { // closes when the store does
	}
}

// testFenceRace lets servers take an execution from each other while all of
// them write for it as if it were theirs.
func testFenceRace(t *testing.T, s *store.Store) {
	insertExecutions(t, s, sampleExecution("root", seed(t, s, "env")))
	const servers, claims = 4, 6
	group, ctx := errgroup.WithContext(t.Context())
	for server := range servers {
		group.Go(func() error {
			name := fmt.Sprint("server-", server)
			for range claims {
				epoch, err := takeOver(ctx, s, name)
				if err != nil {
					return err
				}
				for held := true; held; {
					if held, err = writeFor(ctx, s, epoch); err != nil {
						return err
					}
				}
			}
			return nil
		})
		// The last holder is never taken from; let it stop.
	}
	done := make(chan error, 1)
	go func() { done <- group.Wait() }()
	for finished := false; !finished; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			finished = true
		case <-time.After(20 * time.Millisecond):
			if _, err := takeOver(t.Context(), s, "nobody"); err != nil {
				t.Fatal(err)
			}
		}
	}
	events := read(t, s, func(ctx context.Context, tx *store.Tx) ([]orchestrator.Event, error) {
		return tx.Events(ctx, store.EventQuery{RootID: "root", IncludeLogs: true})
	})
	last := 0
	for i, e := range events {
		if e.Seq != int64(i)+1 {
			t.Fatalf("event %d has the number %d: a gap", i+1, e.Seq)
		}
		epoch, err := strconv.Atoi(e.Message)
		if err != nil {
			t.Fatal(err)
		}
		if epoch < last {
			t.Fatalf("event %d was written under lease %d, after lease %d had begun", e.Seq, epoch, last)
		}
		last = epoch
	}
	if len(events) == 0 {
		t.Error("nobody wrote anything")
	}
}

func takeOver(ctx context.Context, s *store.Store, server string) (epoch int64, err error) {
	for ok := false; !ok; {
		err = s.InTx(ctx, func(tx *store.Tx) error {
			e, err := tx.Execution(ctx, "root")
			if err != nil {
				return err
			}
			epoch, ok, err = tx.ClaimExecution(ctx, "root", server, e.Epoch)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return epoch, nil
}

// writeFor writes two events under a lease, if it still holds.
func writeFor(ctx context.Context, s *store.Store, epoch int64) (held bool, err error) {
	err = s.InTx(ctx, func(tx *store.Tx) error {
		grants, err := tx.Fence(ctx, []store.Lease{{ExecutionID: "root", RootID: "root", Epoch: epoch, Events: 2}})
		if err != nil {
			return err
		}
		if held = grants[0].OK; !held {
			return nil
		}
		message := strconv.FormatInt(epoch, 10)
		return tx.InsertEvents(ctx, []orchestrator.Event{
			{RootID: "root", Seq: grants[0].FirstSeq, ExecutionID: "root", Level: "info", Message: message, At: noon},
			{RootID: "root", Seq: grants[0].FirstSeq + 1, ExecutionID: "root", Level: "info", Message: message, At: noon},
		})
	})
	return held, err
}

// testStaleOwner holds a stale owner's transaction open while another server
// takes the execution over: the stale one must not get through, although all it
// had read until then was still true.
func testStaleOwner(t *testing.T, s *store.Store) {
	if s.Dialect() == store.SQLite {
		t.Skip("SQLite runs one change at a time: none can be overtaken")
	}
	insertExecutions(t, s, sampleExecution("root", seed(t, s, "env")))
	began, taken := make(chan struct{}), make(chan struct{})
	attempts := 0
	var grants []store.Grant
	group, ctx := errgroup.WithContext(t.Context())
	group.Go(func() error {
		return s.InTx(ctx, func(tx *store.Tx) (err error) {
			if _, err := tx.Execution(ctx, "root"); err != nil { // fixes the snapshot
				return err
			}
			if attempts++; attempts == 1 {
				close(began)
				<-taken
			}
			grants, err = tx.Fence(ctx, []store.Lease{lease("root", "root", 0, 1)})
			return err
		})
	})
	<-began
	epoch, err := takeOver(ctx, s, "b")
	close(taken)
	if err != nil {
		t.Fatal(err)
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	diff(t, "the takeover holds", int64(1), epoch)
	diff(t, "the stale owner writes nothing", []store.Grant{denied}, grants)
}
