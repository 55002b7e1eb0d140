package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// noon is when everything in the samples happens.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

// sensitiveText is a value that must not lie about in clear.
const sensitiveText = "correct-horse-battery-staple"

func team() string { return orchestrator.DefaultTeam }

func sampleBlueprint(id string, version int) orchestrator.Blueprint {
	return orchestrator.Blueprint{
		UID: "uid-" + id + "-" + string(rune('0'+version)), Team: team(), ID: id, Version: version,
		MainFile: "blueprint.yaml", Description: "An application", Digest: "abc123", Archive: "abc123." + id + string(rune('0'+version)), State: "uploaded", CreatedBy: "admin", CreatedAt: noon,
		Labels: []orchestrator.Label{{Key: "kind", Value: "app", CreatedBy: "admin", CreatedAt: noon}},
		Plan: &orchestrator.Plan{
			Version: "cloudify_dsl_1_3",
			Inputs:  []orchestrator.Input{{Name: "size", Type: "integer", HasDefault: true, Default: int64(1 << 60)}},
			Nodes: []orchestrator.Node{{
				ID: "vm", Type: "cloudify.nodes.Compute", TypeHierarchy: []string{"cloudify.nodes.Root", "cloudify.nodes.Compute"},
				Properties: map[string]orchestrator.Value{
					"disks": []orchestrator.Value{int64(10), 2.5, 3.0, map[string]orchestrator.Value{"n": int64(3), "none": nil}},
					"name":  map[string]orchestrator.Value{"get_input": "size"},
				},
				Instances: orchestrator.InstanceCounts{Default: int64(2), Min: int64(0), Max: int64(-1), Current: int64(2), Planned: int64(2)},
			}},
		},
	}
}

func sampleDeployment(id string, bp orchestrator.Blueprint) orchestrator.Deployment {
	return orchestrator.Deployment{
		UID: "uid-" + id, Team: team(), ID: id, DisplayName: "The " + id, BlueprintUID: bp.UID, BlueprintID: bp.ID, BlueprintVersion: bp.Version, ExpectedNodes: 32,
		Inputs:       map[string]orchestrator.Value{"password": orchestrator.Mark(sensitiveText), "count": int64(3), "ratio": 0.5, "version": orchestrator.Mark(1.0)},
		Workflows:    map[string]orchestrator.Workflow{"install": {Function: "install", Parameters: []orchestrator.Input{{Name: "n", Default: int64(7)}}}},
		Capabilities: []orchestrator.Output{{Name: "endpoint", Value: map[string]orchestrator.Value{"get_attribute": []orchestrator.Value{"vm", "ip"}}}},
		Rehearsal:    true, RehearsalReason: "no cloud credentials", CloudType: "aws", EnvType: "dev-small",
		Labels:             []orchestrator.Label{{Key: "owner", Value: "ann", CreatedBy: "ann", CreatedAt: noon}},
		InstallationStatus: orchestrator.Inactive, DeploymentStatus: orchestrator.RequiresAttention, CreatedBy: "ann", CreatedAt: noon, UpdatedAt: noon,
	}
}

func sampleExecution(id string, d orchestrator.Deployment) orchestrator.Execution {
	return orchestrator.Execution{
		ID: id, Team: d.Team, DeploymentUID: d.UID, DeploymentID: d.ID, BlueprintID: d.BlueprintID, Workflow: "install",
		Parameters: map[string]orchestrator.Value{"token": orchestrator.Mark(sensitiveText)}, Status: orchestrator.Pending, RootID: id,
		WaitAfterFail: 600 * time.Second, CreatedBy: "ann", CreatedAt: noon,
	}
}

// childOf makes the execution the child of another, on the other's root.
func childOf(parent orchestrator.Execution, e orchestrator.Execution) orchestrator.Execution {
	e.ParentID, e.ParentStep, e.RootID = parent.ID, "install_app/3", parent.RootID
	return e
}

func sampleInstance(d orchestrator.Deployment, id string) orchestrator.NodeInstance {
	return orchestrator.NodeInstance{
		ID: id, DeploymentUID: d.UID, NodeID: "vm", HostID: id, State: orchestrator.Uninitialized, Version: 1,
		Runtime:       map[string]orchestrator.Value{"kubeconfig": orchestrator.Mark(map[string]orchestrator.Value{"token": sensitiveText}), "port": int64(22), "load": 2.0},
		Relationships: []orchestrator.InstanceRelationship{{Type: "cloudify.relationships.contained_in", TargetNode: "net", TargetID: "net_abc123"}},
		ScalingGroups: []orchestrator.ScalingGroupInstance{{Name: "group", ID: "group_abc123"}},
	}
}

// change runs a change that must succeed.
func change(t testing.TB, s *store.Store, run func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := s.InTx(t.Context(), func(tx *store.Tx) error { return run(t.Context(), tx) }); err != nil {
		t.Fatalf("change: %v", err)
	}
}

// read runs a look that must succeed and returns what it saw.
func read[T any](t testing.TB, s *store.Store, run func(ctx context.Context, tx *store.Tx) (T, error)) (seen T) {
	t.Helper()
	err := s.View(t.Context(), func(tx *store.Tx) (err error) {
		seen, err = run(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return seen
}

// seed stores a blueprint and a deployment of it.
func seed(t testing.TB, s *store.Store, id string) orchestrator.Deployment {
	t.Helper()
	bp := sampleBlueprint("bp-"+id, 1)
	d := sampleDeployment(id, bp)
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertBlueprint(ctx, bp); err != nil {
			return err
		}
		return tx.InsertDeployment(ctx, d)
	})
	return d
}
