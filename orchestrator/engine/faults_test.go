package engine_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/store"
)

// testPanicFailsItsStep: a defect in a provider ends one step, tells the user
// who is to blame and the operator where, and nobody a secret.
func testPanicFailsItsStep(t *testing.T, h *harness) {
	log := &lines{}
	_, queue := h.start(func(cfg *engine.Config) { cfg.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	h.acts.on("vm.configure", func(ctx context.Context, call *provider.Call) (provider.Result, error) {
		if err := call.Journal.Set(ctx, values{"password": "s3cret-Passw0rd"}); err != nil {
			return provider.Result{}, err
		}
		panic("cannot log in with s3cret-Passw0rd")
	})
	x := h.await(h.dispatch(queue, h.deploy("d", "vm"), "install"))
	if x.Status != orchestrator.Failed || !strings.Contains(x.Error, "defect of Slipway") {
		t.Errorf("ended %s with %q", x.Status, x.Error)
	}
	if said := log.String(); !strings.Contains(said, "faults_test.go") || strings.Contains(said, "s3cret") {
		t.Errorf("the log must say where it happened, and no secret:\n%s", said)
	}
	if y := h.await(h.dispatch(queue, h.deploy("e", "network"), "install")); y.Status != orchestrator.Terminated {
		t.Errorf("the next execution ended %s with %q", y.Status, y.Error)
	}
}

// testReasonFromTheFirstMoment: an execution that opens while all slots are
// taken says what it waits for.
func testReasonFromTheFirstMoment(t *testing.T, h *harness) {
	_, queue := h.start(func(cfg *engine.Config) { cfg.OperationSlots = 1 })
	begun, finish := make(chan struct{}), make(chan struct{})
	h.acts.on("slow.create", func(context.Context, *provider.Call) (provider.Result, error) {
		close(begun)
		<-finish
		return provider.Result{}, nil
	})
	first := h.dispatch(queue, h.deploy("d", "slow"), "install")
	h.signal("the create call", begun)
	second := h.dispatch(queue, h.deploy("e", "vm"), "install")
	h.until("the execution has opened", func() bool { return h.execution(second).Status == orchestrator.Started })
	if got, want := h.execution(second).Reason, "waits for a free operation slot: "+create+" of vm"; got != want {
		t.Errorf("its reason is %q, want %q", got, want)
	}
	close(finish)
	h.await(first)
	h.await(second)
}

// testDeletedChildHasEnded: a child that was deleted with its deployment ends
// the wait for it, or its parent would wait for ever.
func testDeletedChildHasEnded(t *testing.T, h *harness) {
	_, queue := h.start()
	asked := 0
	h.acts.on("component.start", func(_ context.Context, call *provider.Call) (provider.Result, error) {
		if asked++; asked > 1 {
			return provider.Result{}, nil
		}
		return provider.Result{Wait: &provider.Wait{ExecutionID: uuid.NewString()}}, nil
	})
	if x := h.await(h.dispatch(queue, h.deploy("d", "component"), "install")); x.Status != orchestrator.Terminated || asked != 2 {
		t.Errorf("ended %s with %q, asked %d times", x.Status, x.Error, asked)
	}
}

// testUnreadableExecutionIsGivenBack: what this version cannot read is left to
// one that can, says so, and can be cancelled; others are not hindered.
func testUnreadableExecutionIsGivenBack(t *testing.T, h *harness) {
	_, queue := h.start()
	id := h.dispatchGraph(queue, h.deploy("d", "vm"), func(g *orchestrator.Graph) { g.Format = orchestrator.GraphFormat + 1 })
	h.until("the execution is given back with a reason", func() bool {
		x := h.execution(id)
		return x.Server == "" && strings.Contains(x.Reason, "newer")
	})
	if y := h.await(h.dispatch(queue, h.deploy("e", "vm"), "install")); y.Status != orchestrator.Terminated {
		t.Errorf("another execution ended %s with %q", y.Status, y.Error)
	}
	h.cancel(queue, id)
	if x := h.await(id); x.Status != orchestrator.Cancelled {
		t.Errorf("ended %s with %q", x.Status, x.Error)
	}
	if events := h.events(id); len(events) != 1 || events[0].Type != orchestrator.EventWorkflowCancelled {
		t.Errorf("its events are %+v", events)
	}
}

// testResidentPlacesAreKept: no more executions run at once than there are
// places, however many are dispatched at the same moment.
func testResidentPlacesAreKept(t *testing.T, h *harness) {
	const places, all = 2, 8
	var mu sync.Mutex
	running, most := 0, 0
	h.acts.on("vm.create", func(context.Context, *provider.Call) (provider.Result, error) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		time.Sleep(20 * time.Millisecond) // time for the others to come too early
		mu.Lock()
		running--
		mu.Unlock()
		return provider.Result{}, nil
	})
	queue, err := engine.NewQueue(h.store)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range all {
		ids = append(ids, h.dispatch(queue, h.deploy(string(rune('a'+i)), "vm"), "install"))
	}
	h.start(func(cfg *engine.Config) { cfg.ResidentExecutions, cfg.QueueWorkers = places, all })
	for _, id := range ids {
		h.await(id)
	}
	if most > places {
		t.Errorf("%d executions ran at once in %d places", most, places)
	}
}

// testQueuedSaysWhatFor: an execution without a resident place says so, until it
// has one.
func testQueuedSaysWhatFor(t *testing.T, h *harness) {
	_, queue := h.start(func(cfg *engine.Config) { cfg.ResidentExecutions = 1 })
	begun, finish := make(chan struct{}), make(chan struct{})
	h.acts.on("slow.create", func(context.Context, *provider.Call) (provider.Result, error) {
		close(begun)
		<-finish
		return provider.Result{}, nil
	})
	first := h.dispatch(queue, h.deploy("d", "slow"), "install")
	h.signal("the create call", begun)
	second := h.dispatch(queue, h.deploy("e", "vm"), "install")
	h.until("the second says what it waits for", func() bool { return strings.HasPrefix(h.execution(second).Reason, "waits its turn") })
	close(finish)
	h.await(first)
	if x := h.await(second); x.Status != orchestrator.Terminated || x.Reason != "" {
		t.Errorf("ended %s with the reason %q", x.Status, x.Reason)
	}
}

// testHostIsAskedUntilItIsUp: "no" is neither done nor a failure.
func testHostIsAskedUntilItIsUp(t *testing.T, h *harness) {
	_, queue := h.start()
	plan := planOf([]string{"vm"})
	plan.Nodes[0].TypeHierarchy = append(plan.Nodes[0].TypeHierarchy, "cloudify.nodes.Compute")
	none := int64(0)
	plan.Nodes[0].Operations["cloudify.interfaces.host.get_state"] = orchestrator.Operation{Plugin: "p", Function: "p.get_state", MaxRetries: &none}
	answers := []orchestrator.Value{false, nil, true}
	h.acts.on("vm.get_state", func(_ context.Context, call *provider.Call) (provider.Result, error) {
		return provider.Result{Value: answers[call.Polls]}, nil
	})
	if x := h.await(h.dispatch(queue, h.deployPlan("d", plan, "vm"), "install")); x.Status != orchestrator.Terminated || h.acts.count("vm.get_state") != len(answers) {
		t.Errorf("ended %s with %q after %d answers", x.Status, x.Error, h.acts.count("vm.get_state"))
	}
}

// testTimersOutliveTheServer: "ask again" and retries keep their time, count
// and reason over a restart, and nothing is told twice.
func testTimersOutliveTheServer(t *testing.T, h *harness) {
	const pause = 2 * time.Second
	first, queue := h.start(func(cfg *engine.Config) { cfg.RehearsalSpeed = 1 })
	var mu sync.Mutex
	var calls []provider.Call
	var at []time.Time
	h.acts.on("vm.create", func(_ context.Context, call *provider.Call) (provider.Result, error) {
		mu.Lock()
		defer mu.Unlock()
		calls, at = append(calls, *call), append(at, time.Now())
		if call.Polls == 0 {
			return provider.Result{Again: &provider.Again{After: pause, Reason: "instance i-1 is pending"}}, nil
		}
		return provider.Result{}, nil
	})
	id := h.dispatch(queue, h.deploy("d", "vm"), "install")
	h.until("the step waits for its time", func() bool { return strings.Contains(h.execution(id).Reason, "i-1 is pending") })
	if err := first.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if x := h.execution(id); x.Server != "" || x.Status != orchestrator.Started {
		t.Errorf("after the stop it is %s, held by %q", x.Status, x.Server)
	}
	h.start(func(cfg *engine.Config) { cfg.RehearsalSpeed = 1 })
	if x := h.await(id); x.Status != orchestrator.Terminated {
		t.Fatalf("ended %s with %q", x.Status, x.Error)
	}
	if len(calls) != 2 || calls[1].Polls != 1 || calls[1].Resumed || !calls[1].IntentAt.Equal(calls[0].IntentAt) || at[1].Sub(at[0]) < pause {
		t.Errorf("asked at %v with %+v", at, calls)
	}
}

// cancel asks an execution to end, as control does, and reports whether it was
// told that it will.
func (h *harness) cancel(queue *engine.Queue, id string) (promised bool) {
	h.t.Helper()
	h.write(func(ctx context.Context, tx *store.Tx) error {
		asked, err := tx.RequestCancel(ctx, id, time.Now())
		if err != nil {
			return err
		}
		promised = len(asked) > 0
		return queue.Wake(ctx, tx.SQL(), id)
	})
	queue.Poke(id)
	return promised
}

// lines is a log that tests read.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// testCancelAtEveryMoment: whoever was told that an execution is being cancelled
// finds it cancelled, whatever it did at that moment, and no step begun later.
func testCancelAtEveryMoment(t *testing.T, h *harness) {
	_, queue := h.start(func(cfg *engine.Config) { cfg.RehearsalSpeed = 1 })
	for i, tc := range []struct {
		moment string
		last   string // the last operation that may be called
		at     string // the operation in which the cancel is asked for; empty: right after the dispatch
		answer provider.Result
		err    error
	}{
		{moment: "right after the dispatch", last: "vm.start"},
		{moment: "in the first operation", at: "vm.create", last: "vm.create"},
		{moment: "in the middle", at: "vm.configure", last: "vm.configure"},
		{moment: "in the last operation", at: "vm.start", last: "vm.start"},
		{moment: "before it would be asked again", at: "vm.create", last: "vm.create", answer: provider.Result{Again: &provider.Again{After: time.Hour}}},
		{moment: "before a retry", at: "vm.create", last: "vm.create", err: errors.New("busy")},
		{moment: "before a failure", at: "vm.create", last: "vm.create", err: provider.Fatal(errors.New("no such region"))},
	} {
		h.acts.reset()
		var id string
		known := make(chan struct{})
		if tc.at != "" {
			h.acts.on(tc.at, func(context.Context, *provider.Call) (provider.Result, error) {
				<-known
				h.cancel(queue, id)
				return tc.answer, tc.err
			})
		}
		id = h.dispatch(queue, h.deploy(string(rune('a'+i)), "vm"), "install")
		close(known)
		if tc.at == "" && !h.cancel(queue, id) {
			continue // it was faster
		}
		x := h.await(id)
		if x.Status != orchestrator.Cancelled && (tc.err == nil || x.Status != orchestrator.Failed) {
			t.Errorf("cancelled %s it ended %s with %q", tc.moment, x.Status, x.Error)
		}
		events := h.events(id)
		if last := events[len(events)-1].Type; last != orchestrator.EventWorkflowCancelled && last != orchestrator.EventWorkflowFailed {
			t.Errorf("cancelled %s its last event is %s", tc.moment, last)
		}
		if called := h.acts.all(); tc.at != "" && called[len(called)-1] != tc.last {
			t.Errorf("cancelled %s it called %v", tc.moment, called)
		}
	}
}

// testStopLetsStepsFinish: a server that stops awaits what is in flight, writes
// down what came of it, begins nothing more, and gives the lease back.
func testStopLetsStepsFinish(t *testing.T, h *harness) {
	stopping, queue := h.start()
	begun, finish := make(chan struct{}), make(chan struct{})
	h.acts.on("vm.create", func(ctx context.Context, _ *provider.Call) (provider.Result, error) {
		close(begun)
		<-finish
		return provider.Result{Set: values{"id": "i-1"}}, ctx.Err()
	})
	d := h.deploy("d", "vm")
	id := h.dispatch(queue, d, "install")
	h.signal("the create call", begun)
	waits, stopped := &noticed{Context: context.Background(), asked: make(chan struct{})}, make(chan error, 1)
	go func() { stopped <- stopping.Stop(waits) }()
	h.signal("the server awaiting its steps", waits.asked)
	close(finish)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if x := h.execution(id); x.Status != orchestrator.Started || x.Server != "" {
		t.Errorf("after the stop it is %s, held by %q", x.Status, x.Server)
	}
	if diff := cmp.Diff(values{"id": "i-1"}, h.runtime(d, "vm_1")); diff != "" {
		t.Errorf("what the step made (-want +got):\n%s", diff)
	}
	h.start()
	if x := h.await(id); x.Status != orchestrator.Terminated {
		t.Errorf("ended %s with %q", x.Status, x.Error)
	}
	if diff := cmp.Diff([]string{"vm.create", "vm.configure", "vm.start"}, h.acts.all()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// noticed tells when somebody begins to wait for the context.
type noticed struct {
	context.Context
	once  sync.Once
	asked chan struct{}
}

func (n *noticed) Done() <-chan struct{} {
	n.once.Do(func() { close(n.asked) })
	return n.Context.Done()
}

// testStopDoesNotHang: an operation that does not heed the end of its context
// cannot hold the server; its intent is asked again.
func testStopDoesNotHang(t *testing.T, h *harness) {
	stopping, queue := h.start()
	begun, never := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(never) })
	h.acts.on("vm.create", func(_ context.Context, call *provider.Call) (provider.Result, error) {
		if !call.Resumed {
			close(begun)
			<-never
		}
		return provider.Result{}, nil
	})
	id := h.dispatch(queue, h.deploy("d", "vm"), "install")
	h.signal("the create call", begun)
	now, cancel := context.WithCancel(context.Background())
	cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- stopping.Stop(now) }()
	select {
	case err := <-stopped:
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("the server does not stop")
	}
	h.start(func(cfg *engine.Config) { cfg.Server = "server-1" })
	if x := h.await(id); x.Status != orchestrator.Terminated {
		t.Errorf("ended %s with %q", x.Status, x.Error)
	}
}
