package azure_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/azure"
	"github.com/slipwayhq/slipway/orchestrator/provider/providertest"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	arm "github.com/slipwayhq/slipway/orchestrator/rehearsal/azure"
)

// newSlowBench is a bench in which things take their time: each time that the
// engine asks, a step has passed.
func newSlowBench(t *testing.T, step time.Duration, faults ...rehearsal.Fault) *bench {
	t.Helper()
	clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := func() time.Time { return clock }
	world := rehearsal.New(rehearsal.Config{Speed: 1, Now: now, Faults: faults})
	b := &bench{T: t, world: world}
	b.engine = providertest.New(newProvider(world))
	b.engine.Now = func() time.Time { clock = clock.Add(step); return clock }
	return b
}

func newProvider(world *rehearsal.World) provider.Provider {
	return azure.New(azure.Options{
		Rehearsal: rehearsal.InProcess(arm.New(world)), Scale: withoutBackOff,
	})
}

// withoutBackOff spares the SDK its waits, which are under a second and real; the
// others pass on the bench's clock.
func withoutBackOff(d time.Duration) time.Duration {
	if d < time.Second {
		return 0
	}
	return d
}

// environment installs and uninstalls blocks zG, zP, zK, zR and zB.
type environment struct {
	*bench
	installed []*provider.Instance
}

func (e *environment) up() {
	e.Helper()
	add := func(nodes ...*provider.Instance) {
		e.Helper()
		e.install(nodes...)
		e.installed = append(e.installed, nodes...)
	}
	base := baseNetwork()
	add(base...)
	add(e.productionNetwork(base)...)
	add(cluster(base[2]))
	add(database(e.bench, "Tell-nobody-a9"))
	account := node("blob", "storage.StorageAccount", values{"name": "abcblob", "resource_group_name": "abcrg"})
	add(account, node("container", "storage.Container", values{"name": "bucket", "resource_group_name": "abcrg"}, "contained_in_storage_account", account))
}

func (e *environment) down() {
	e.Helper()
	e.uninstall(e.installed...)
}

// check holds what must hold after any trouble: each create and each delete was
// effective once, and nothing is left.
func (e *environment) check(reason string) {
	e.Helper()
	for id, n := range e.effective() {
		if n != 1 {
			e.Errorf("%s: %s was effective %d times", reason, id, n)
		}
	}
	if diff := cmp.Diff([]string(nil), e.listed()); diff != "" {
		e.Errorf("%s: resources left (-want +got):\n%s", reason, diff)
	}
}

func (b *bench) calls() []string {
	b.Helper()
	found := map[string]bool{}
	providertest.Must(b, b.world.State.View(b.Context(), func(tx rehearsal.Tx) error {
		calls, err := tx.Calls(rehearsal.CallQuery{})
		for _, call := range calls {
			found[call.Call] = true
		}
		return err
	}))
	return slices.Sorted(maps.Keys(found))
}

func TestAnEnvironmentTakesItsTime(t *testing.T) {
	e := &environment{bench: newSlowBench(t, 20*time.Second)}
	e.up()
	e.down()
	e.check("the plain way")
	asked := map[string]int{}
	providertest.Must(t, e.world.State.View(t.Context(), func(tx rehearsal.Tx) error {
		calls, err := tx.Calls(rehearsal.CallQuery{})
		for _, call := range calls {
			if call.Call == "DELETE Microsoft.ContainerService/managedClusters" || call.Call == "PUT Microsoft.ContainerService/managedClusters" {
				asked[call.Call]++
			}
		}
		return err
	}))
	want := map[string]int{"PUT Microsoft.ContainerService/managedClusters": 1, "DELETE Microsoft.ContainerService/managedClusters": 1}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("what takes minutes is asked for once (-want +got):\n%s", diff)
	}
}

func TestEveryCallMayFail(t *testing.T) {
	plain := &environment{bench: newSlowBench(t, 20*time.Second)}
	plain.up()
	plain.down()
	calls := plain.calls()
	if len(calls) < 30 {
		t.Fatalf("only %d kinds of call: %v", len(calls), calls)
	}
	for _, call := range calls {
		for _, kind := range []string{rehearsal.FaultLost, rehearsal.FaultError, rehearsal.FaultThrottle, rehearsal.FaultLate} {
			t.Run(call+"/"+kind, func(t *testing.T) {
				// More often than the SDK tries by itself.
				e := &environment{bench: newSlowBench(t, 20*time.Second, rehearsal.Fault{Call: call, Kind: kind, Times: 5})}
				e.up()
				e.down()
				e.check("five faults in a row")
			})
		}
	}
}

func TestTheServerMayDieAtAnyWrite(t *testing.T) {
	total := 0
	plain := &environment{bench: newSlowBench(t, 20*time.Second)}
	plain.engine.Crash = func(values) bool { total++; return false }
	plain.up()
	plain.down()
	if total < 50 {
		t.Fatalf("only %d journal writes", total)
	}
	for at := 1; at <= total; at++ {
		for _, moment := range []string{"Before", "After"} {
			t.Run(fmt.Sprint(moment, at), func(t *testing.T) {
				e := &environment{bench: newSlowBench(t, 20*time.Second)}
				writes := 0
				dies := func(values) bool {
					writes++
					if writes == at {
						// Another server goes on: it remembers nothing.
						e.engine.Provider = newProvider(e.world)
					}
					return writes == at
				}
				if moment == "Before" {
					e.engine.CrashBefore = dies
				} else {
					e.engine.Crash = dies
				}
				e.up()
				e.down()
				e.check("one death")
			})
		}
	}
}

func TestSubnetsTakeTurns(t *testing.T) {
	b := newSlowBench(t, 100*time.Millisecond)
	base := baseNetwork()
	b.install(base[:2]...)
	// Two steps at once: each is asked once in turn, as the engine does.
	b.engine.Tries = 1
	first := b.do(base[2], "create")
	second := b.do(base[3], "create")
	for _, err := range []error{first, second} {
		if err == nil || !strings.Contains(err.Error(), "still asking") {
			t.Fatalf("a create that takes its time answered %v", err)
		}
	}
	if got := b.effective()["PUT /providers/Microsoft.Network/virtualNetworks/abcrg-vnet/subnets/abcrg-subnet-2"]; got != 0 {
		t.Error("the second subnet was sent while the first was being made")
	}
	// Another server does not see the turn; Azure itself turns it away.
	b.engine.Provider = newProvider(b.world)
	b.engine.Retries = 0
	if err := b.do(base[3], "create"); err == nil || !strings.Contains(err.Error(), "AnotherOperationInProgress") {
		t.Errorf("a second server's create answered %v", err)
	}
	b.engine.Tries, b.engine.Retries = 200, 20
	b.install(base[2:4]...)
}

// resumed repeats an operation that a crash cut short.
func (b *bench) resumed(self *provider.Instance, operation string, err error) error {
	for errors.Is(err, providertest.ErrCrashed) {
		err = b.engine.Run(b.Context(), self, providertest.Operation{
			Name: operation, Function: "cloudify_azure.resources." + operation, Resumed: true,
			Inputs: map[string]orchestrator.Value{},
		})
	}
	return err
}
