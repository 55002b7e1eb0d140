package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/store"
)

type values = map[string]orchestrator.Value

const create = "cloudify.interfaces.lifecycle.create"

// tell gives the create operation of a plan's first node its inputs.
func tell(plan *orchestrator.Plan, inputs values) {
	operation := plan.Nodes[0].Operations[create]
	operation.Inputs = inputs
	plan.Nodes[0].Operations[create] = operation
}

// Inputs and properties are maps of values, also when their only key is named
// like a function; properties of a plugin are what they say, not how they are
// declared.
func testCallsAreToldValues(t *testing.T, h *harness) {
	plan := planOf([]string{"vm", "app"})
	tell(plan, values{"concat": values{"concat": []orchestrator.Value{"a", "b"}}})
	plan.Nodes[0].Properties = values{"get_attribute": values{"concat": []orchestrator.Value{"c", "d"}}}
	plan.Nodes[1].Relationships[0].Properties = values{"port": values{"concat": []orchestrator.Value{"80", "80"}}}
	plugin := plan.Plugins["p"]
	plugin.Properties = values{
		"region": values{"type": "string", "default": "north", "value": values{"concat": []orchestrator.Value{"so", "uth"}}},
		"zone":   values{"type": "string", "default": "one"},
		"unset":  values{"type": "string"},
	}
	plan.Plugins["p"] = plugin
	told := make(chan *provider.Call, 2)
	tellBack := func(_ context.Context, call *provider.Call) (provider.Result, error) {
		told <- call
		return provider.Result{}, nil
	}
	h.acts.on("vm.create", tellBack)
	h.acts.on("app.create", tellBack)
	_, queue := h.start()
	if x := h.await(h.dispatch(queue, h.deployPlan("d", plan, "vm", "app"), "install")); x.Status != orchestrator.Terminated {
		t.Fatalf("ended %s %q", x.Status, x.Error)
	}
	vm, app := <-told, <-told
	got := []values{vm.Inputs, vm.Self.Properties, vm.PluginProperties, app.Self.Relationships[0].Properties, app.Self.Relationships[0].Target.Properties}
	want := []values{{"concat": "ab"}, {"get_attribute": "cd"}, {"region": "south", "zone": "one"}, {"port": "8080"}, {"get_attribute": "cd"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("inputs, properties, plugin's, relationship's, target's (-want +got):\n%s", diff)
	}
}

func testMissingSecretEndsAtOnce(t *testing.T, h *harness) {
	plan := planOf([]string{"vm"})
	tell(plan, values{"token": values{"get_secret": "absent"}})
	_, queue := h.start()
	x := h.await(h.dispatch(queue, h.deployPlan("d", plan, "vm"), "install"))
	if x.Status != orchestrator.Failed || !strings.Contains(x.Error, "slipway secrets create absent") {
		t.Errorf("ended %s with %q, want failed with the way out", x.Status, x.Error)
	}
	for _, event := range h.events(x.ID) {
		if event.Type == orchestrator.EventTaskRescheduled || strings.Contains(event.Message, "retry") {
			t.Errorf("another try cannot end otherwise, yet: %q", event.Message)
		}
	}
}

// A capability that is nothing but a secret is left out while there is none; in
// one that holds more the error is kept.
func testMissingSecretIsNoCapability(t *testing.T, h *harness) {
	plan := planOf([]string{"vm"})
	secret := values{"get_secret": "absent"}
	plan.Capabilities = []orchestrator.Output{
		{Name: "text", Value: "plain"},
		{Name: "secret", Value: secret},
		{Name: "joined", Value: values{"concat": []orchestrator.Value{"a", secret}}},
	}
	d := h.deployPlan("d", plan, "vm")
	var got []engine.CapabilityValue
	h.write(func(ctx context.Context, tx *store.Tx) (err error) {
		got, err = engine.Capabilities(ctx, tx, engine.NewPlans(), d)
		return err
	})
	if len(got) != 2 || got[0].Value != "plain" || got[1].Definition.Name != "joined" {
		t.Fatalf("%+v", got)
	}
	if code := orchestrator.ErrorCode(got[1].Err); code != orchestrator.NotFound {
		t.Errorf("the joined one has code %q: %v", code, got[1].Err)
	}
}
