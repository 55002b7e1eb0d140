package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/archive"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/workflow"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/pgtest"
	"github.com/slipwayhq/slipway/store/storetest"
)

// patience is how long a test waits for a signal before it calls it lost.
const patience = 30 * time.Second

// cases are the engine's tests; each runs on a fresh database of both kinds.
var cases = []struct {
	name string
	run  func(t *testing.T, h *harness)
}{
	{"InstallThenUninstall", testInstallThenUninstall},
	{"NothingToDoEndsAtOnce", testNothingToDoEndsAtOnce},
	{"RetriesThenSucceeds", testRetriesThenSucceeds},
	{"FatalErrorEndsAtOnce", testFatalErrorEndsAtOnce},
	{"CallsAreToldValues", testCallsAreToldValues},
	{"MissingSecretEndsAtOnce", testMissingSecretEndsAtOnce},
	{"MissingSecretIsNoCapability", testMissingSecretIsNoCapability},
	{"RedactsSecretsFromTheLog", testRedactsSecretsFromTheLog},
	{"CancelAwaitsWhatIsInFlight", testCancelAwaitsWhatIsInFlight},
	{"ParentWaitsWithoutSlot", testParentWaitsWithoutSlot},
	{"TakeoverResumesWithoutReplay", testTakeoverResumesWithoutReplay},
	{"FencedServerWritesNothing", testFencedServerWritesNothing},
	{"PanicFailsItsStep", testPanicFailsItsStep},
	{"ReasonFromTheFirstMoment", testReasonFromTheFirstMoment},
	{"DeletedChildHasEnded", testDeletedChildHasEnded},
	{"UnreadableExecutionIsGivenBack", testUnreadableExecutionIsGivenBack},
	{"ResidentPlacesAreKept", testResidentPlacesAreKept},
	{"TimersOutliveTheServer", testTimersOutliveTheServer},
	{"HostIsAskedUntilItIsUp", testHostIsAskedUntilItIsUp},
	{"QueuedSaysWhatFor", testQueuedSaysWhatFor},
	{"CancelAtEveryMoment", testCancelAtEveryMoment},
	{"StopLetsStepsFinish", testStopLetsStepsFinish},
	{"StopDoesNotHang", testStopDoesNotHang},
}

func TestSQLite(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, newHarness(t, filepath.Join(t.TempDir(), "slipway.db")))
		})
	}
}

func TestPostgreSQL(t *testing.T) {
	server := pgtest.Start(t) // skips by name where there is none
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, newHarness(t, server.Database(t))) })
	}
}

// harness is a database with one deployment to run, and the engines on it.
type harness struct {
	t      testing.TB
	store  *store.Store
	plan   *orchestrator.Plan
	acts   *acts
	server int
}

func newHarness(t testing.TB, url string) *harness {
	t.Helper()
	h := &harness{t: t, store: storetest.Open(t, url), acts: &acts{does: map[string]act{}}}
	if err := engine.Migrate(t.Context(), h.store); err != nil {
		t.Fatal(err)
	}
	return h
}

// act is what the scripted provider does for one operation of one node.
type act func(ctx context.Context, call *provider.Call) (provider.Result, error)

// acts is the scripted provider: it answers done unless told otherwise, and
// counts calls by "node.operation".
type acts struct {
	mu    sync.Mutex
	does  map[string]act
	calls []string
}

func (a *acts) on(what string, do act) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.does[what] = do
}

// reset forgets what to do and what was called.
func (a *acts) reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.does)
	a.calls = nil
}

// all returns what was called so far.
func (a *acts) all() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.calls)
}

func (a *acts) Run(ctx context.Context, call *provider.Call) (provider.Result, error) {
	what := call.Self.NodeID + call.Operation[strings.LastIndex(call.Operation, "."):]
	a.mu.Lock()
	a.calls = append(a.calls, what)
	do := a.does[what]
	a.mu.Unlock()
	if do == nil {
		return provider.Result{}, nil
	}
	return do(ctx, call)
}

func (a *acts) count(what string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, call := range a.calls {
		if call == what {
			n++
		}
	}
	return n
}

// start runs another engine on the database and returns it; it is stopped when
// the test ends.
func (h *harness) start(change ...func(*engine.Config)) (*engine.Engine, *engine.Queue) {
	h.t.Helper()
	queue, err := engine.NewQueue(h.store)
	if err != nil {
		h.t.Fatal(err)
	}
	h.server++
	cfg := engine.Config{
		Store: h.store, Queue: queue, Providers: provider.Registry{"scripted": h.acts},
		Resources: func(context.Context, orchestrator.Blueprint) (archive.Resources, error) {
			return archive.Resources{Own: archive.Folder{Files: archive.Files{}}}, nil
		},
		Installation: "installation", Server: fmt.Sprintf("server-%d", h.server),
		QueueWorkers: 4, OperationSlots: 8, ResidentExecutions: 8,
		RehearsalSpeed: math.Inf(1), Clock: engine.SystemClock{}, Logger: slog.New(slog.DiscardHandler),
	}
	for _, each := range change {
		each(&cfg)
	}
	e, err := engine.New(cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := e.Start(context.WithoutCancel(h.t.Context())); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if err := e.Stop(context.Background()); err != nil {
			h.t.Errorf("stop engine: %v", err)
		}
	})
	return e, queue
}

// lifecycle lists the operations that every node of a test has.
var lifecycle = []string{"create", "configure", "start", "stop", "delete"}

// deploy stores a deployment whose nodes form a chain: each depends on the one
// before it.
func (h *harness) deploy(id string, nodes ...string) orchestrator.Deployment {
	h.t.Helper()
	return h.deployPlan(id, planOf(nodes), nodes...)
}

// deployPlan is deploy with a plan that the test has changed.
func (h *harness) deployPlan(id string, plan *orchestrator.Plan, nodes ...string) orchestrator.Deployment {
	h.t.Helper()
	h.plan = plan
	blueprint := orchestrator.Blueprint{
		UID: uuid.NewString(), Team: orchestrator.DefaultTeam, ID: "b-" + id, Version: 1, MainFile: "blueprint.yaml",
		Digest: "digest", Plan: h.plan, State: "uploaded", CreatedBy: "test", CreatedAt: time.Now(),
	}
	d := orchestrator.Deployment{
		UID: uuid.NewString(), Team: orchestrator.DefaultTeam, ID: id, DisplayName: id,
		BlueprintUID: blueprint.UID, BlueprintID: blueprint.ID, BlueprintVersion: 1, Rehearsal: true,
		Workflows: h.plan.Workflows, Capabilities: h.plan.Capabilities,
		InstallationStatus: orchestrator.Inactive, DeploymentStatus: orchestrator.RequiresAttention,
		CreatedBy: "test", CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}
	h.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertBlueprint(ctx, blueprint); err != nil {
			return err
		}
		if err := tx.InsertDeployment(ctx, d); err != nil {
			return err
		}
		return tx.InsertInstances(ctx, instancesOf(d, nodes))
	})
	return d
}

// dependsOnPrevious chains nodes up; a name that begins with "first" begins a
// chain of its own.
func dependsOnPrevious(i int, name string) bool { return i > 0 && !strings.HasPrefix(name, "first") }

func planOf(nodes []string) *orchestrator.Plan {
	plan := &orchestrator.Plan{
		Version: "cloudify_dsl_1_3",
		Plugins: map[string]orchestrator.Plugin{"p": {Name: "p", PackageName: "scripted"}},
	}
	for i, name := range nodes {
		node := orchestrator.Node{ID: name, Type: "test.Node", TypeHierarchy: []string{"cloudify.nodes.Root", "test.Node"}, Operations: map[string]orchestrator.Operation{}}
		for _, operation := range lifecycle {
			if strings.HasPrefix(name, "idle") {
				break // a node without operations
			}
			full := "cloudify.interfaces.lifecycle." + operation
			node.Operations[full] = orchestrator.Operation{Name: full, Plugin: "p", Function: "p." + operation}
		}
		if dependsOnPrevious(i, name) {
			node.Relationships = []orchestrator.Relationship{{Type: "cloudify.relationships.depends_on", TypeHierarchy: []string{"cloudify.relationships.depends_on"}, Target: nodes[i-1]}}
		}
		plan.Nodes = append(plan.Nodes, node)
	}
	return plan
}

func instancesOf(d orchestrator.Deployment, nodes []string) []orchestrator.NodeInstance {
	var instances []orchestrator.NodeInstance
	for i, name := range nodes {
		instance := orchestrator.NodeInstance{ID: name + "_1", DeploymentUID: d.UID, NodeID: name, State: orchestrator.Uninitialized}
		if dependsOnPrevious(i, name) {
			instance.Relationships = []orchestrator.InstanceRelationship{{Type: "cloudify.relationships.depends_on", TargetNode: nodes[i-1], TargetID: nodes[i-1] + "_1"}}
		}
		instances = append(instances, instance)
	}
	return instances
}

func (h *harness) write(change func(ctx context.Context, tx *store.Tx) error) {
	h.t.Helper()
	ctx := context.Background()
	if err := h.store.InTx(ctx, func(tx *store.Tx) error { return change(ctx, tx) }); err != nil {
		h.t.Fatal(err)
	}
}

// dispatch stores an execution of the workflow and dispatches it.
func (h *harness) dispatch(queue *engine.Queue, d orchestrator.Deployment, name string, below ...orchestrator.Execution) string {
	h.t.Helper()
	x := orchestrator.Execution{}
	if len(below) > 0 {
		x = below[0]
	}
	return h.dispatchExecution(queue, d, name, x, func(*orchestrator.Graph) {})
}

// dispatchGraph dispatches an install whose graph the test has changed.
func (h *harness) dispatchGraph(queue *engine.Queue, d orchestrator.Deployment, change func(*orchestrator.Graph)) string {
	h.t.Helper()
	return h.dispatchExecution(queue, d, "install", orchestrator.Execution{}, change)
}

func (h *harness) dispatchExecution(queue *engine.Queue, d orchestrator.Deployment, name string, x orchestrator.Execution, change func(*orchestrator.Graph)) string {
	h.t.Helper()
	x.ID = uuid.NewString()
	if x.RootID == "" {
		x.RootID = x.ID
	}
	x.Team, x.DeploymentUID, x.DeploymentID, x.BlueprintID = d.Team, d.UID, d.ID, d.BlueprintID
	x.Workflow, x.Status, x.Rehearsal = name, orchestrator.Pending, true
	x.WaitAfterFail, x.CreatedBy, x.CreatedAt = time.Minute, "test", time.Now()
	h.write(func(ctx context.Context, tx *store.Tx) error {
		blueprint, err := tx.Blueprint(ctx, d.BlueprintUID)
		if err != nil {
			return err
		}
		instances, err := tx.Instances(ctx, d.UID)
		if err != nil {
			return err
		}
		graph, err := workflow.Build(name, blueprint.Plan, instances, nil)
		if err != nil {
			return err
		}
		change(&graph)
		if err := tx.InsertExecution(ctx, x, graph); err != nil {
			return err
		}
		return queue.Dispatch(ctx, tx.SQL(), x.ID)
	})
	queue.Poke(x.ID)
	return x.ID
}

// await waits until the execution has ended.
func (h *harness) await(id string) orchestrator.Execution {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	nudges, err := h.store.Listen(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	for {
		x := h.execution(id)
		if x.Status.Final() {
			return x
		}
		select {
		case <-nudges:
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			h.t.Fatalf("execution %s is still %s: %s", id, x.Status, x.Reason)
		}
	}
}

// until waits until rows say so; every commit nudges.
func (h *harness) until(what string, holds func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	nudges, err := h.store.Listen(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	for !holds() {
		select {
		case <-nudges:
		case <-time.After(50 * time.Millisecond): // a nudge may be lost
		case <-ctx.Done():
			h.t.Fatalf("never: %s", what)
		}
	}
}

func (h *harness) execution(id string) (x orchestrator.Execution) {
	h.t.Helper()
	if err := h.store.View(context.Background(), func(tx *store.Tx) (err error) {
		x, err = tx.Execution(context.Background(), id)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return x
}

// events returns the root's events, and checks that their numbers are 1, 2, ….
func (h *harness) events(root string) []orchestrator.Event {
	h.t.Helper()
	var events []orchestrator.Event
	if err := h.store.View(context.Background(), func(tx *store.Tx) (err error) {
		events, err = tx.Events(context.Background(), store.EventQuery{RootID: root, IncludeLogs: true})
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	for i, event := range events {
		if event.Seq != int64(i+1) {
			h.t.Fatalf("event %d has number %d: the sequence must have no gap", i+1, event.Seq)
		}
	}
	return events
}

func (h *harness) runtime(d orchestrator.Deployment, instance string) map[string]orchestrator.Value {
	h.t.Helper()
	var n orchestrator.NodeInstance
	if err := h.store.View(context.Background(), func(tx *store.Tx) (err error) {
		n, err = tx.Instance(context.Background(), d.UID, instance)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return n.Runtime
}

// signal returns when the channel is closed, or fails the test.
func (h *harness) signal(what string, c <-chan struct{}) {
	h.t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		h.t.Fatalf("no sign of %s", what)
	}
}
