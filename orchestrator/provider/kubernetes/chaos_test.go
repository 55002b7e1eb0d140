package kubernetes_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator/provider/kubernetes"
	"github.com/slipwayhq/slipway/orchestrator/provider/providertest"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	cluster "github.com/slipwayhq/slipway/orchestrator/rehearsal/kubernetes"
)

// wholeLife installs and uninstalls the workload, going on after each death of
// the server.
func (b *bench) wholeLife() {
	b.Helper()
	run := func(id int, operation string) {
		b.Helper()
		node := b.website()[id]
		node.Runtime = b.runtimes[id]
		err := b.do(node, operation)
		for errors.Is(err, providertest.ErrCrashed) {
			err = b.engine.Run(b.Context(), node, providertest.Operation{
				Name: operation, Function: "cloudify_kubernetes.tasks.resource_" + operation, Resumed: true,
			})
		}
		providertest.Must(b, err)
		b.runtimes[id] = node.Runtime
	}
	count := len(b.website())
	b.runtimes = make([]values, count)
	for id := range count {
		run(id, "create")
		run(id, "read")
	}
	for id := range count {
		run(count-1-id, "delete")
	}
}

// wantOnce holds that each object was made once and deleted once, and that
// nothing is left.
func (b *bench) wantOnce(reason string) {
	b.Helper()
	got := b.effective()
	want := []string{
		"PATCH v1/Namespace", "PATCH v1/ConfigMap", "PATCH v1/Secret", "PATCH apps/v1/Deployment", "PATCH v1/Service",
		"DELETE v1/Service", "DELETE apps/v1/Deployment", "DELETE v1/Secret", "DELETE v1/ConfigMap", "DELETE v1/Namespace",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		b.Errorf("%s: effective calls (-want +got):\n%s", reason, diff)
	}
	if diff := cmp.Diff([]string(nil), b.listed()); diff != "" {
		b.Errorf("%s: objects left (-want +got):\n%s", reason, diff)
	}
}

func TestEveryCallMayFail(t *testing.T) {
	plain := newBench(t)
	plain.wholeLife()
	plain.wantOnce("the plain way")
	var calls []string
	providertest.Must(t, plain.world.State.View(t.Context(), func(tx rehearsal.Tx) error {
		all, err := tx.Calls(rehearsal.CallQuery{})
		for _, call := range all {
			calls = append(calls, call.Call)
		}
		return err
	}))
	slices.Sort(calls)
	for _, call := range slices.Compact(calls) {
		for _, kind := range []string{rehearsal.FaultLost, rehearsal.FaultError, rehearsal.FaultThrottle} {
			t.Run(call+"/"+kind, func(t *testing.T) {
				b := newBench(t, rehearsal.Fault{Call: call, Kind: kind, Times: 2})
				b.wholeLife()
				b.wantOnce("two faults in a row")
			})
		}
	}
}

// TestLateEffects holds that reads which lag behind are waited for: after a
// create, and after a delete.
func TestLateEffects(t *testing.T) {
	for _, kind := range []string{"v1/Namespace", "v1/ConfigMap", "v1/Secret", "apps/v1/Deployment", "v1/Service"} {
		for _, method := range []string{"PATCH", "DELETE"} {
			t.Run(method+" "+kind, func(t *testing.T) {
				b := newSlowBench(t, rehearsal.Fault{Call: method + " " + kind, Kind: rehearsal.FaultLate, Times: 1})
				began := b.engine.Now()
				b.wholeLife()
				b.wantOnce("a late effect")
				if b.engine.Now().Sub(began) < rehearsal.LateEffect {
					t.Error("nothing was waited for")
				}
			})
		}
	}
}

// TestNamespaceOfAnEarlierLife makes a namespace while the one before of that
// name is still being deleted.
func TestNamespaceOfAnEarlierLife(t *testing.T) {
	b := newSlowBench(t)
	before := b.website()[0]
	providertest.Must(t, b.do(before, "create"))
	b.engine.Tries = 1
	wantError(t, b.do(before, "delete"), "still asking again")
	b.engine.Tries = 200
	next := b.website()
	providertest.Must(t, b.do(next[0], "create"))
	providertest.Must(t, b.do(next[1], "create"))
	if diff := cmp.Diff([]string{"PATCH v1/Namespace", "DELETE v1/Namespace", "PATCH v1/Namespace", "PATCH v1/ConfigMap"}, b.effective()); diff != "" {
		t.Errorf("effective calls (-want +got):\n%s", diff)
	}
}

// newSlowBench is a bench in which things take their time, on a clock that moves
// as the engine waits.
func newSlowBench(t *testing.T, faults ...rehearsal.Fault) *bench {
	t.Helper()
	b := newBench(t, faults...)
	clock := time.Now()
	b.world.Speed, b.world.Now = 1, func() time.Time { return clock }
	b.engine.Now = b.world.Now
	b.engine.Wait = func(d time.Duration) { clock = clock.Add(d) }
	b.engine.Provider = kubernetes.New(kubernetes.Options{Rehearsal: rehearsal.InProcess(cluster.New(b.world)), Scale: b.world.Speed.Scale})
	return b
}

func TestTheServerMayDieAtAnyWrite(t *testing.T) {
	writes := 0
	plain := newBench(t)
	plain.engine.Crash = func(values) bool { writes++; return false }
	plain.wholeLife()
	if writes < 5 {
		t.Fatalf("only %d journal writes", writes)
	}
	for at := 1; at <= writes; at++ {
		for _, moment := range []string{"Before", "After"} {
			t.Run(fmt.Sprint(moment, at), func(t *testing.T) {
				b := newBench(t)
				n := 0
				dies := func(values) bool { n++; return n == at }
				if moment == "Before" {
					b.engine.CrashBefore = dies
				} else {
					b.engine.Crash = dies
				}
				b.wholeLife()
				b.wantOnce("one death")
			})
		}
	}
}
