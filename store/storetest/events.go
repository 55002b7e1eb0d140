package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// numbers returns the numbers of the events that match.
func numbers(t testing.TB, s *store.Store, q store.EventQuery) (seqs []int64) {
	t.Helper()
	events := read(t, s, func(ctx context.Context, tx *store.Tx) ([]orchestrator.Event, error) { return tx.Events(ctx, q) })
	for _, e := range events {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

func lease(execution, root string, epoch int64, events int) store.Lease {
	return store.Lease{ExecutionID: execution, RootID: root, Epoch: epoch, Events: events}
}

func granted(first int64) store.Grant { return store.Grant{OK: true, FirstSeq: first} }

// denied is the answer to a lease that holds no more.
var denied = store.Grant{}

func testFence(t *testing.T, s *store.Store) {
	d := seed(t, s, "env")
	// Sorted by id the root stands between its children.
	root := sampleExecution("m-root", d)
	before, after := childOf(root, sampleExecution("a-child", d)), childOf(root, sampleExecution("z-child", d))
	after.Generation = 1
	root.Epoch, before.Epoch, after.Epoch = 4, 5, 6
	lone := sampleExecution("lone", d)
	lone.Epoch = 7
	insertExecutions(t, s, root, before, after, lone)

	// The steps run one after the other; each starts where the last one ended.
	steps := []struct {
		reason string
		leases []store.Lease
		want   []store.Grant
	}{
		{"a root alone counts from 1", []store.Lease{lease("lone", "lone", 7, 3)}, []store.Grant{granted(1)}},
		{"and goes on", []store.Lease{lease("lone", "lone", 7, 2)}, []store.Grant{granted(4)}},
		{"a moved epoch gets nothing", []store.Lease{lease("lone", "lone", 6, 2)}, []store.Grant{denied}},
		{"and leaves no gap", []store.Lease{lease("lone", "lone", 7, 1)}, []store.Grant{granted(6)}},
		{"no events, no numbers", []store.Lease{lease("lone", "lone", 7, 0)}, []store.Grant{granted(0)}},
		{"nor a root needed", []store.Lease{lease("a-child", "", 5, 0)}, []store.Grant{granted(0)}},
		{"a tree shares one sequence, in the order of the batch",
			[]store.Lease{lease("z-child", "m-root", 6, 2), lease("m-root", "m-root", 4, 1), lease("a-child", "m-root", 5, 3)}, []store.Grant{granted(1), granted(3), granted(4)}},
		{"one stale part drops out, without a gap, and the rest stands",
			[]store.Lease{lease("a-child", "m-root", 4, 9), lease("z-child", "m-root", 6, 1), lease("lone", "lone", 7, 1)}, []store.Grant{denied, granted(7), granted(7)}},
		{"children whose root another server runs",
			[]store.Lease{lease("m-root", "m-root", 3, 1), lease("a-child", "m-root", 5, 1)}, []store.Grant{denied, granted(8)}},
		{"an execution that is gone", []store.Lease{lease("nope", "nope", 0, 1), lease("nope2", "m-root", 0, 1)}, []store.Grant{denied, denied}},
		{"the same execution twice", []store.Lease{lease("lone", "lone", 7, 1), lease("lone", "lone", 7, 2), lease("lone", "lone", 8, 2)}, []store.Grant{granted(8), granted(9), denied}},
		{"nothing asked", nil, []store.Grant{}},
	}
	for _, step := range steps {
		var got []store.Grant
		change(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
			got, err = tx.Fence(ctx, step.leases)
			return err
		})
		diff(t, step.reason, step.want, got)
	}
}

func testEvents(t *testing.T, s *store.Store) {
	d, other := seed(t, s, "env"), seed(t, s, "component")
	root := sampleExecution("root", d)
	child := childOf(root, sampleExecution("child", other))
	grandchild := childOf(child, sampleExecution("grandchild", other))
	quiet := childOf(child, sampleExecution("quiet", other)) // a sequence of its own
	quiet.Generation, quiet.RootID = 1, "quiet"
	insertExecutions(t, s, root, child, grandchild, quiet)

	full := orchestrator.Event{
		RootID: "root", Seq: 1, ExecutionID: "root", Team: d.Team, DeploymentUID: d.UID, DeploymentID: d.ID, BlueprintID: d.BlueprintID, WorkflowID: "install",
		Type: orchestrator.EventTaskFailed, Logger: "ctx", Message: "Task failed", NodeID: "vm", InstanceID: "vm_a1b2c3", SourceID: "vm_a1b2c3", TargetID: "net_d4e5f6",
		Operation: "cloudify.interfaces.lifecycle.create", StepID: "install_vm/1", Causes: []orchestrator.ErrorCause{{Type: "RuntimeError", Message: "no", Traceback: "line 1"}}, At: noon,
	}
	log := func(root string, seq int64, execution, level, message string) orchestrator.Event {
		return orchestrator.Event{RootID: root, Seq: seq, ExecutionID: execution, Level: level, Message: message, At: noon.Add(time.Duration(seq) * time.Second)}
	}
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertEvents(ctx, []orchestrator.Event{
			full,
			log("root", 2, "root", "info", "hello"),
			log("root", 3, "child", "warning", "Careful: 100%"),
			{RootID: "root", Seq: 4, ExecutionID: "grandchild", Type: orchestrator.EventWorkflowStarted, NodeID: "net", TargetID: "net_d4e5f6", At: noon.Add(4 * time.Second)},
			log("root", 5, "grandchild", "error", "broken \xff\x00"),
			{RootID: "quiet", Seq: 1, ExecutionID: "quiet", Type: orchestrator.EventWorkflowStarted, At: noon.Add(2500 * time.Millisecond)},
		})
	})
	got := read(t, s, func(ctx context.Context, tx *store.Tx) ([]orchestrator.Event, error) {
		return tx.Events(ctx, store.EventQuery{RootID: "root", Size: 1})
	})
	diff(t, "an event comes back whole, with what its execution knows", []orchestrator.Event{full}, got)
	got = read(t, s, func(ctx context.Context, tx *store.Tx) ([]orchestrator.Event, error) {
		return tx.Events(ctx, store.EventQuery{RootID: "root", AfterSeq: 4, IncludeLogs: true})
	})
	diff(t, "bytes that PostgreSQL would refuse are replaced", "broken \uFFFD\uFFFD", got[0].Message)

	tests := map[string]struct {
		reason string
		query  store.EventQuery
		want   []int64
	}{
		"EventsOnly":    {"logs only when asked for", store.EventQuery{RootID: "root"}, []int64{1, 4}},
		"WithLogs":      {"one sequence", store.EventQuery{RootID: "root", IncludeLogs: true}, []int64{1, 2, 3, 4, 5}},
		"LogsOnly":      {"without events", store.EventQuery{RootID: "root", LogsOnly: true}, []int64{2, 3, 5}},
		"After":         {"a cursor", store.EventQuery{RootID: "root", IncludeLogs: true, AfterSeq: 3}, []int64{4, 5}},
		"Page":          {"offset paging", store.EventQuery{RootID: "root", IncludeLogs: true, Offset: 1, Size: 2}, []int64{2, 3}},
		"Descending":    {"the last ones", store.EventQuery{RootID: "root", IncludeLogs: true, Descending: true, Size: 2}, []int64{5, 4}},
		"OfRoot":        {"it and below", store.EventQuery{ExecutionID: "root", IncludeLogs: true}, []int64{1, 2, 3, 4, 5}},
		"OfChild":       {"it and below, but not what counts for itself", store.EventQuery{ExecutionID: "child", IncludeLogs: true}, []int64{3, 4, 5}},
		"OfQuiet":       {"its own sequence", store.EventQuery{ExecutionID: "quiet"}, []int64{1}},
		"OfDeployment":  {"several roots, by time", store.EventQuery{DeploymentUID: other.UID, IncludeLogs: true}, []int64{1, 3, 4, 5}},
		"Types":         {"of events only", store.EventQuery{RootID: "root", Types: []string{orchestrator.EventWorkflowStarted}}, []int64{4}},
		"TypesAndLogs":  {"logs have no type", store.EventQuery{RootID: "root", Types: []string{orchestrator.EventWorkflowStarted}, IncludeLogs: true}, []int64{2, 3, 4, 5}},
		"Levels":        {"events have no level", store.EventQuery{RootID: "root", Levels: []string{"warning", "error"}, IncludeLogs: true}, []int64{1, 3, 4, 5}},
		"LevelsOfLogs":  {"logs of a level", store.EventQuery{RootID: "root", Levels: []string{"info"}, LogsOnly: true}, []int64{2}},
		"Node":          {"by node", store.EventQuery{RootID: "root", NodeID: "net"}, []int64{4}},
		"Instance":      {"as either end of a relationship too", store.EventQuery{RootID: "root", InstanceID: "net_d4e5f6"}, []int64{1, 4}},
		"Operation":     {"by operation", store.EventQuery{RootID: "root", Operation: full.Operation}, []int64{1}},
		"Search":        {"text as it is", store.EventQuery{RootID: "root", IncludeLogs: true, Search: "CAREFUL: 100%"}, []int64{3}},
		"Time":          {"from and until", store.EventQuery{RootID: "root", IncludeLogs: true, From: noon.Add(2 * time.Second), Until: noon.Add(4 * time.Second)}, []int64{2, 3, 4}},
		"OtherTeam":     {"teams do not see each other", store.EventQuery{RootID: "root", Team: "other"}, nil},
		"AllRootsPaged": {"by time over all roots", store.EventQuery{Size: 2, Offset: 1}, []int64{1, 4}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			diff(t, test.reason, test.want, numbers(t, s, test.query))
			unpaged := test.query
			unpaged.Size, unpaged.Offset = 0, 0
			count := read(t, s, func(ctx context.Context, tx *store.Tx) (int, error) { return tx.CountEvents(ctx, test.query) })
			diff(t, "the count is that of all pages", len(numbers(t, s, unpaged)), count)
		})
	}
	refused(t, "an unknown execution", orchestrator.NotFound, s.View(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Events(t.Context(), store.EventQuery{ExecutionID: "nope"})
		return err
	}))
}

// testManyEvents writes more than one statement carries.
func testManyEvents(t *testing.T, s *store.Store) {
	insertExecutions(t, s, sampleExecution("root", seed(t, s, "env")))
	const total = 500
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		grants, err := tx.Fence(ctx, []store.Lease{lease("root", "root", 0, total)})
		if err != nil {
			return err
		}
		var events []orchestrator.Event
		for i := range int64(total) {
			events = append(events, orchestrator.Event{RootID: "root", Seq: grants[0].FirstSeq + i, ExecutionID: "root", Level: "info", Message: fmt.Sprint("line ", i+1), At: noon})
		}
		return tx.InsertEvents(ctx, events)
	})
	got := numbers(t, s, store.EventQuery{RootID: "root", IncludeLogs: true})
	want := make([]int64, total)
	for i := range want {
		want[i] = int64(i) + 1
	}
	diff(t, "all of them, in order", want, got)
}
