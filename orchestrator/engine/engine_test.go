package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/store"
)

func testInstallThenUninstall(t *testing.T, h *harness) {
	_, queue := h.start()
	d := h.deploy("d", "network", "vm", "app")
	h.acts.on("vm.create", func(_ context.Context, call *provider.Call) (provider.Result, error) {
		return provider.Result{Set: map[string]orchestrator.Value{"ip": "10.0.0.1", "password": orchestrator.Mark("correct horse battery")}}, nil
	})
	x := h.await(h.dispatch(queue, d, "install"))
	if x.Status != orchestrator.Terminated || x.Error != "" {
		t.Fatalf("install ended %s %q", x.Status, x.Error)
	}
	want := []string{"network.create", "network.configure", "network.start", "vm.create", "vm.configure", "vm.start", "app.create", "app.configure", "app.start"}
	if diff := cmp.Diff(want, h.acts.calls); diff != "" {
		t.Errorf("a chain installs in order (-want +got):\n%s", diff)
	}
	got := h.runtime(d, "vm_1")
	if got["ip"] != "10.0.0.1" || orchestrator.Reveal(got["password"]) != "correct horse battery" || !orchestrator.IsSensitive(got["password"]) {
		t.Errorf("runtime properties are %v", got)
	}
	if last := h.events(x.ID); last[len(last)-1].Message != "'install' workflow execution succeeded" {
		t.Errorf("the last event is %q", last[len(last)-1].Message)
	}
	h.acts.on("vm.delete", func(context.Context, *provider.Call) (provider.Result, error) {
		return provider.Result{DropAll: true}, nil
	})
	if y := h.await(h.dispatch(queue, d, "uninstall")); y.Status != orchestrator.Terminated {
		t.Fatalf("uninstall ended %s %q", y.Status, y.Error)
	}
	if left := h.runtime(d, "vm_1"); len(left) != 0 {
		t.Errorf("after delete runtime properties are %v", left)
	}
}

// An execution whose nodes have no operations opens and ends in one decision.
func testNothingToDoEndsAtOnce(t *testing.T, h *harness) {
	_, queue := h.start()
	d := h.deploy("d", "idle_a", "idle_b")
	for _, workflow := range []string{"install", "uninstall"} {
		x := h.await(h.dispatch(queue, d, workflow))
		if x.Status != orchestrator.Terminated || x.StartedAt.IsZero() || x.EndedAt.IsZero() {
			t.Errorf("%s ended %s, started %v, ended %v", workflow, x.Status, x.StartedAt, x.EndedAt)
		}
	}
}

func testRetriesThenSucceeds(t *testing.T, h *harness) {
	_, queue := h.start()
	d := h.deploy("d", "vm")
	h.acts.on("vm.create", func(_ context.Context, call *provider.Call) (provider.Result, error) {
		if call.Attempt < 2 {
			return provider.Result{Set: map[string]orchestrator.Value{"tried": int64(call.Attempt)}}, errors.New("the cloud is busy")
		}
		return provider.Result{}, nil
	})
	x := h.await(h.dispatch(queue, d, "install"))
	if x.Status != orchestrator.Terminated || h.acts.count("vm.create") != 3 {
		t.Fatalf("ended %s after %d tries", x.Status, h.acts.count("vm.create"))
	}
	if got := h.runtime(d, "vm_1")["tried"]; got != int64(1) {
		t.Errorf("what a failed try set is kept: tried = %v", got)
	}
}

func testFatalErrorEndsAtOnce(t *testing.T, h *harness) {
	_, queue := h.start()
	d := h.deploy("d", "network", "vm")
	h.acts.on("network.create", func(context.Context, *provider.Call) (provider.Result, error) {
		return provider.Result{}, provider.Fatal(errors.New("no such region"))
	})
	x := h.await(h.dispatch(queue, d, "install"))
	if x.Status != orchestrator.Failed || !strings.Contains(x.Error, "no such region") {
		t.Fatalf("ended %s with %q", x.Status, x.Error)
	}
	if n := h.acts.count("vm.create"); n != 0 {
		t.Errorf("a node that waits for a failed one was created %d times", n)
	}
}

func testRedactsSecretsFromTheLog(t *testing.T, h *harness) {
	_, queue := h.start()
	d := h.deploy("d", "db")
	h.acts.on("db.create", func(ctx context.Context, call *provider.Call) (provider.Result, error) {
		return provider.Result{}, call.Journal.Set(ctx, map[string]orchestrator.Value{"master_password": "s3cret-Passw0rd"})
	})
	h.acts.on("db.start", func(_ context.Context, call *provider.Call) (provider.Result, error) {
		call.Log.Output("stdout", "password is s3cret-Passw0rd, base64 czNjcmV0LVBhc3N3MHJk\x00")
		return provider.Result{}, provider.Fatal(errors.New("login s3cret-Passw0rd refused"))
	})
	x := h.await(h.dispatch(queue, d, "install"))
	warned := false
	for _, event := range h.events(x.ID) {
		if strings.Contains(event.Message, "s3cret") || strings.Contains(event.Message, "czNjcmV0") {
			t.Errorf("event %d holds the password: %q", event.Seq, event.Message)
		}
		warned = warned || event.Logger == "redaction"
	}
	if strings.Contains(x.Error, "s3cret") {
		t.Errorf("the execution's error holds the password: %q", x.Error)
	}
	if !warned {
		t.Error("no tripwire event tells that something was redacted")
	}
}

func testCancelAwaitsWhatIsInFlight(t *testing.T, h *harness) {
	_, queue := h.start()
	d := h.deploy("d", "network", "vm")
	begun, finish := make(chan struct{}), make(chan struct{})
	h.acts.on("network.create", func(context.Context, *provider.Call) (provider.Result, error) {
		close(begun)
		<-finish
		return provider.Result{Set: map[string]orchestrator.Value{"id": "net-1"}}, nil
	})
	id := h.dispatch(queue, d, "install")
	h.signal("the create call", begun)
	h.write(func(ctx context.Context, tx *store.Tx) error {
		asked, err := tx.RequestCancel(ctx, id, time.Now())
		if err != nil || len(asked) != 1 {
			t.Errorf("RequestCancel: %v, %v", asked, err)
		}
		return queue.Wake(ctx, tx.SQL(), id)
	})
	queue.Poke(id)
	h.until("the loop hears of the cancel", func() bool { return strings.HasPrefix(h.execution(id).Reason, "cancelling") })
	close(finish)
	if x := h.await(id); x.Status != orchestrator.Cancelled {
		t.Fatalf("ended %s %q", x.Status, x.Error)
	}
	if h.runtime(d, "network_1")["id"] != "net-1" {
		t.Error("what the operation in flight made was lost")
	}
	if n := h.acts.count("network.configure"); n != 0 {
		t.Error("a step began after the cancel")
	}
}

// A parent's step that waits for a child must hold no slot: with one slot and
// one resident place, parent and child still end.
func testParentWaitsWithoutSlot(t *testing.T, h *harness) {
	_, queue := h.start(func(cfg *engine.Config) {
		cfg.OperationSlots, cfg.ResidentExecutions, cfg.QueueWorkers = 1, 1, 1
	})
	inner := h.deploy("inner", "vm")
	outer := h.deploy("outer", "component")
	var once sync.Once
	var child string
	h.acts.on("component.start", func(_ context.Context, call *provider.Call) (provider.Result, error) {
		if call.Child != nil {
			return provider.Result{Set: map[string]orchestrator.Value{"ended": string(call.Child.Status)}}, nil
		}
		once.Do(func() {
			child = h.dispatch(queue, inner, "install", orchestrator.Execution{
				RootID: call.Execution.RootID, ParentID: call.Execution.ID, ParentStep: call.StepID,
			})
		})
		return provider.Result{Wait: &provider.Wait{ExecutionID: child, Reason: "waits for install of inner"}}, nil
	})
	x := h.await(h.dispatch(queue, outer, "install"))
	if x.Status != orchestrator.Terminated {
		t.Fatalf("ended %s %q", x.Status, x.Error)
	}
	if got := h.runtime(outer, "component_1")["ended"]; got != "terminated" {
		t.Errorf("the step was told that its child ended %v", got)
	}
	h.events(x.ID) // one sequence over both, without a gap
}

// A server that dies in the middle of a step leaves its intent; whoever takes
// over asks again, told that it is a resumption, and repeats nothing else.
func testTakeoverResumesWithoutReplay(t *testing.T, h *harness) {
	dying, queue := h.start()
	d := h.deploy("d", "network", "vm")
	begun := make(chan struct{})
	var resumed bool
	var mu sync.Mutex
	h.acts.on("vm.create", func(ctx context.Context, call *provider.Call) (provider.Result, error) {
		mu.Lock()
		first := !resumed && !call.Resumed
		resumed = call.Resumed
		mu.Unlock()
		if first {
			close(begun)
			<-ctx.Done() // the process dies here: no outcome
			return provider.Result{}, ctx.Err()
		}
		return provider.Result{}, nil
	})
	id := h.dispatch(queue, d, "install")
	h.signal("the create call", begun)
	now, cancel := context.WithCancel(context.Background())
	cancel()
	if err := dying.Stop(now); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	h.start(func(cfg *engine.Config) { cfg.Server = "server-1" }) // the same data folder starts again
	if x := h.await(id); x.Status != orchestrator.Terminated {
		t.Fatalf("ended %s %q", x.Status, x.Error)
	}
	if !resumed {
		t.Error("the second try was not told that it resumes")
	}
	want := map[string]int{"network.create": 1, "network.start": 1, "vm.create": 2, "vm.start": 1}
	for what, n := range want {
		if h.acts.count(what) != n {
			t.Errorf("%s ran %d times, want %d", what, h.acts.count(what), n)
		}
	}
	seen := map[string]int{}
	for _, event := range h.events(id) {
		if event.Type == orchestrator.EventTaskSucceeded && event.StepID != "" {
			seen[event.StepID]++
		}
	}
	for step, n := range seen {
		if n != 1 {
			t.Errorf("step %s succeeded %d times in the log", step, n)
		}
	}
}

// A server whose lease passed to another writes nothing any more.
func testFencedServerWritesNothing(t *testing.T, h *harness) {
	_, queue := h.start()
	d := h.deploy("d", "vm")
	begun, finish, refused := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var once sync.Once
	h.acts.on("vm.create", func(ctx context.Context, call *provider.Call) (provider.Result, error) {
		once.Do(func() {
			close(begun)
			<-finish
			refused <- call.Journal.Set(ctx, map[string]orchestrator.Value{"late": true})
		})
		return provider.Result{Set: map[string]orchestrator.Value{"stale": true}}, nil
	})
	id := h.dispatch(queue, d, "install")
	h.signal("the create call", begun)
	x := h.execution(id)
	h.write(func(ctx context.Context, tx *store.Tx) error {
		_, ok, err := tx.ClaimExecution(ctx, id, "somebody-else", x.Epoch)
		if !ok {
			t.Error("the takeover was refused")
		}
		return err
	})
	before := len(h.events(id))
	close(finish)
	select {
	case err := <-refused:
		if err == nil {
			t.Error("a write under a lost lease was accepted")
		}
	case <-time.After(patience):
		t.Fatal("the write under the lost lease never returned")
	}
	if got := h.runtime(d, "vm_1"); len(got) != 0 {
		t.Errorf("the fenced server wrote %v", got)
	}
	if after := len(h.events(id)); after != before {
		t.Errorf("the fenced server wrote %d events", after-before)
	}
}
