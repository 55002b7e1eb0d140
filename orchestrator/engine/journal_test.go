package engine

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/storetest"
)

// newTestJournal returns a journal on a store that holds the executions.
func newTestJournal(t *testing.T, executions ...string) *journal {
	t.Helper()
	s, ctx, now := storetest.OpenSQLite(t), t.Context(), time.Unix(1_000_000, 0)
	err := s.InTx(ctx, func(tx *store.Tx) error {
		if err := tx.InsertBlueprint(ctx, orchestrator.Blueprint{UID: "b", Team: "t", ID: "b", Version: 1, Plan: &orchestrator.Plan{}, CreatedAt: now}); err != nil {
			return err
		}
		if err := tx.InsertDeployment(ctx, orchestrator.Deployment{UID: "d", Team: "t", ID: "d", BlueprintUID: "b", BlueprintID: "b", CreatedAt: now, UpdatedAt: now}); err != nil {
			return err
		}
		for _, id := range executions {
			x := orchestrator.Execution{ID: id, RootID: id, Team: "t", DeploymentUID: "d", DeploymentID: "d", BlueprintID: "b", Workflow: "install", Status: orchestrator.Pending, CreatedAt: now}
			if err := tx.InsertExecution(ctx, x, orchestrator.Graph{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return newJournal(s, slog.New(slog.DiscardHandler))
}

// says is an entry of one event.
func says(execution, message string) *entry {
	return &entry{
		lease:  store.Lease{ExecutionID: execution, RootID: execution},
		events: []orchestrator.Event{{RootID: execution, ExecutionID: execution, Level: "info", Message: message, At: time.UnixMicro(1_000_000)}},
		done:   make(chan error, 1),
	}
}

func told(t *testing.T, j *journal, execution string) []string {
	t.Helper()
	var messages []string
	if err := j.store.View(t.Context(), func(tx *store.Tx) error {
		events, err := tx.Events(t.Context(), store.EventQuery{RootID: execution, IncludeLogs: true})
		for i, e := range events {
			if e.Seq != int64(i+1) {
				t.Errorf("event %d of %s has the number %d", i+1, execution, e.Seq)
			}
			messages = append(messages, e.Message)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return messages
}

// What is wrong with one execution's entry harms no other in the same commit,
// and leaves no gap in anybody's numbers.
func TestBadEntryHarmsNobodyElse(t *testing.T) {
	j := newTestJournal(t, "x", "y")
	bad := says("x", "never written")
	bad.runtime = []runtimeChange{{deploymentUID: "d", instanceID: "nobody", set: map[string]orchestrator.Value{"a": "b"}}}
	stale := says("y", "of an earlier holder")
	stale.lease.Epoch = 7
	batch := []*entry{says("x", "one"), says("y", "one"), bad, stale, says("y", "two"), says("x", "two")}
	j.commit(batch)
	var answers []string
	for _, e := range batch {
		answer := "done"
		if err := <-e.done; err != nil {
			answer, _, _ = strings.Cut(err.Error(), ":")
		}
		answers = append(answers, answer)
	}
	if diff := cmp.Diff([]string{"done", "done", "journal execution x", "the lease is lost", "done", "done"}, answers); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	for _, execution := range []string{"x", "y"} {
		if diff := cmp.Diff([]string{"one", "two"}, told(t, j, execution)); diff != "" {
			t.Errorf("events of %s (-want +got):\n%s", execution, diff)
		}
	}
}

// A commit whose answer was lost with the connection is offered again: what the
// database has taken is not told twice, what it has not is told once.
func TestLostAnswerIsNotToldTwice(t *testing.T) {
	j := newTestJournal(t, "x")
	taken, refused := says("x", "taken"), says("x", "refused")
	if _, err := j.attempt([]*entry{taken}); err != nil {
		t.Fatal(err)
	}
	refused.events[0].Seq = 2 // an attempt gave it this number, and was rolled back
	if _, err := j.attempt([]*entry{says("x", "another in its place")}); err != nil {
		t.Fatal(err)
	}
	if _, err := j.attempt([]*entry{taken, refused}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"taken", "another in its place", "refused"}, told(t, j, "x")); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// A journal that is given up answers everybody, also while the database is away.
func TestJournalGivenUpAnswers(t *testing.T) {
	j := newTestJournal(t, "x")
	if err := j.store.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go j.run(ctx)
	j.giveUp()
	if err := j.write(says("x", "too late")); err == nil {
		t.Error("a closed database has taken an entry")
	}
	cancel()
	<-j.stopped
	if err := j.write(says("x", "too late")); err == nil {
		t.Error("a stopped journal has taken an entry")
	}
}
