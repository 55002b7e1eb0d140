package control_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/orchestrator/provider/component"
	"github.com/slipwayhq/slipway/store"
)

// family is an environment whose install has been asked for, and its nodes as
// parents.
type family struct {
	bundle
	t          *testing.T
	deployment orchestrator.Deployment
	execution  orchestrator.Execution
}

func newFamily(t *testing.T) family {
	t.Helper()
	return familyOn(t, setup(t, compose.Auto), "env")
}

func familyOn(t *testing.T, c bundle, id string) family {
	t.Helper()
	actor := as(orchestrator.Operator)
	d, err := c.CreateDeployment(t.Context(), actor, control.CreateDeployment{ID: id, BlueprintID: "app", Inputs: map[string]orchestrator.Value{"cloud_type": "aws", "env_type": "dev-small"}})
	if err != nil {
		t.Fatal(err)
	}
	x, err := c.StartExecution(t.Context(), actor, control.StartExecution{DeploymentID: id, Workflow: "install"})
	if err != nil {
		t.Fatal(err)
	}
	return family{c, t, d, x}
}

// parent is the instance of a node of the environment.
func (f family) parent(node string) component.Parent {
	f.t.Helper()
	parent := component.Parent{
		Team: f.deployment.Team, DeploymentUID: f.deployment.UID, ExecutionID: f.execution.ID, StepID: node + "/start",
		Epoch: f.execution.Epoch, Rehearsal: f.deployment.Rehearsal,
	}
	err := f.store.View(f.t.Context(), func(tx *store.Tx) error {
		instances, err := tx.Instances(f.t.Context(), f.deployment.UID)
		for _, instance := range instances {
			if instance.NodeID == node {
				parent.InstanceID = instance.ID
			}
		}
		return err
	})
	if err != nil || parent.InstanceID == "" {
		f.t.Fatalf("no instance of %s: %v", node, err)
	}
	return parent
}

// rg needs least of the bundled components.
func rg(id string) component.Spec {
	return component.Spec{ID: id, BlueprintID: "rg", Inputs: map[string]orchestrator.Value{"name": "abcdef", "azure_location_name": "westeurope"}}
}

func (f family) create(node string, spec component.Spec) string {
	f.t.Helper()
	id, err := f.Components().Create(f.t.Context(), f.parent(node), spec)
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

func (f family) refused(err error, code orchestrator.Code, words string) {
	f.t.Helper()
	if orchestrator.ErrorCode(err) != code || !strings.Contains(err.Error(), words) {
		f.t.Errorf("got %v, want %s with %q", err, code, words)
	}
}

func TestComponentIDs(t *testing.T) {
	f := newFamily(t)
	suffixed := rg("shared")
	suffixed.Suffix = true
	got := []string{
		f.create("network", rg("env-network")),
		f.create("network", rg("env-network")), // asked again after a crash
		f.create("database", suffixed),
		f.create("database", suffixed),
		f.create("s3", suffixed),
	}
	if diff := cmp.Diff([]string{"env-network", "env-network", "shared-1", "shared-1", "shared-2"}, got); diff != "" {
		t.Error(diff)
	}
	_, err := f.Components().Create(t.Context(), f.parent("kubernetes"), rg("env-network"))
	f.refused(err, orchestrator.Conflict, `deployment "env-network" exists and is not this node's`)
	f.refused(f.Components().Delete(t.Context(), f.parent("kubernetes"), "env-network"), orchestrator.Conflict, "belongs to somebody else")
}

func TestComponentsAreFenced(t *testing.T) {
	f := newFamily(t)
	late := f.parent("network")
	late.Epoch--
	_, err := f.Components().Create(t.Context(), late, rg("env-network"))
	f.refused(err, orchestrator.Unavailable, "another server has taken over")
	err = f.store.View(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Deployment(t.Context(), f.deployment.Team, "env-network")
		return err
	})
	if orchestrator.ErrorCode(err) != orchestrator.NotFound {
		t.Errorf("a server that lost its lease made a deployment: %v", err)
	}
}

// TestCancelReachesComponents: those that run are asked to stop with their
// parent, and none starts any more.
func TestCancelReachesComponents(t *testing.T) {
	f := newFamily(t)
	install := func(node, id string) (string, error) {
		return f.Components().Start(t.Context(), f.parent(node), component.Start{DeploymentID: id, Workflow: "install"})
	}
	for _, node := range []string{"network", "database", "s3"} {
		f.create(node, rg("env-"+node))
	}
	child, err := install("network", "env-network")
	if err != nil {
		t.Fatal(err)
	}
	// One that spares its parent's log is its child all the same.
	apart, err := f.Components().Start(t.Context(), f.parent("database"), component.Start{DeploymentID: "env-database", Workflow: "install", OwnLog: true})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := install("network", "env-network"); err != nil || again != child {
		t.Errorf("asked again: got %s, %v, want %s", again, err, child)
	}
	if _, err := f.CancelExecution(t.Context(), as(orchestrator.Operator), f.execution.ID); err != nil {
		t.Fatal(err)
	}
	for id, root := range map[string]string{child: f.execution.ID, apart: apart} {
		x, err := f.GetExecution(t.Context(), as(orchestrator.Operator), id)
		if err != nil || x.Status != orchestrator.Cancelling && x.Status != orchestrator.Cancelled {
			t.Errorf("the child is %s (%v) after its parent was cancelled", x.Status, err)
		}
		if x.RootID != root || x.ParentID != f.execution.ID {
			t.Errorf("child %s of %s logs to %s, want %s", id, x.ParentID, x.RootID, root)
		}
	}
	_, err = install("s3", "env-s3")
	f.refused(err, orchestrator.Unavailable, "is being cancelled")
}

// TestStartOfAComponentAgainstCancel: a child that starts while its parent is
// being cancelled is cancelled with it, or does not start.
func TestStartOfAComponentAgainstCancel(t *testing.T) {
	onBothDatabases(t, map[string]func(*testing.T, bundle){"Race": func(t *testing.T, c bundle) {
		for round := range 10 {
			f := familyOn(t, c, fmt.Sprintf("env%d", round))
			id := f.create("network", rg(f.deployment.ID+"-network"))
			var child string
			errs := atOnce(
				func() (err error) {
					child, err = f.Components().Start(t.Context(), f.parent("network"), component.Start{DeploymentID: id, Workflow: "install"})
					return err
				},
				func() error {
					_, err := f.CancelExecution(t.Context(), as(orchestrator.Operator), f.execution.ID)
					return err
				},
			)
			if errs[1] != nil {
				t.Fatal(errs[1])
			}
			if errs[0] != nil {
				f.refused(errs[0], orchestrator.Unavailable, "is being cancelled")
				continue
			}
			x, err := f.GetExecution(t.Context(), as(orchestrator.Operator), child)
			if err != nil || x.Status != orchestrator.Cancelling {
				t.Fatalf("round %d: the child is %s (%v)", round, x.Status, err)
			}
		}
	}})
}

// An id that came free meanwhile is not taken by a node that has its child.
func TestComponentIDIsKept(t *testing.T) {
	f := newFamily(t)
	suffixed := rg("shared")
	suffixed.Suffix = true
	f.create("database", suffixed)
	if id := f.create("s3", suffixed); id != "shared-2" {
		t.Fatalf("the second is %s", id)
	}
	must(t, f.Components().Delete(t.Context(), f.parent("database"), "shared-1"))
	if again := f.create("s3", suffixed); again != "shared-2" {
		t.Errorf("asked again, the node gets %s and leaves shared-2 behind", again)
	}
}

// What a component node does is done by its execution, whoever began that.
func TestComponentAudits(t *testing.T) {
	f := newFamily(t)
	f.create("network", rg("env-network"))
	must(t, f.Components().UploadBlueprint(t.Context(), f.parent("network"), "small", "", fstest.MapFS{"blueprint.yaml": {Data: []byte(small)}}))
	var actors []string
	must(t, f.store.View(t.Context(), func(tx *store.Tx) error {
		rows, _, err := tx.Audits(t.Context(), store.AuditQuery{Size: 2})
		for _, row := range rows {
			actors = append(actors, row.Action+" by "+row.Actor)
		}
		return err
	}))
	want := []string{"blueprint.upload by execution " + f.execution.ID, "deployment.create by execution " + f.execution.ID}
	if diff := cmp.Diff(want, actors); diff != "" {
		t.Errorf("audit rows (-want +got):\n%s", diff)
	}
}
