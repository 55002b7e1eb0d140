package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

func testDeployments(t *testing.T, s *store.Store) {
	d := seed(t, s, "env")
	got := read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Deployment, error) {
		return tx.Deployment(ctx, team(), "env")
	})
	diff(t, "a deployment comes back whole, marks included", d, got)

	again := d
	again.UID = "another-uid"
	refused(t, "the same id again", orchestrator.Conflict,
		s.InTx(t.Context(), func(tx *store.Tx) error { return tx.InsertDeployment(t.Context(), again) }))
	orphan := sampleDeployment("orphan", sampleBlueprint("nope", 1))
	refused(t, "a blueprint that is not there", orchestrator.NotFound,
		s.InTx(t.Context(), func(tx *store.Tx) error { return tx.InsertDeployment(t.Context(), orphan) }))

	later := noon.Add(time.Hour)
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SetDeploymentLabels(ctx, d.UID, []orchestrator.Label{{Key: "owner", Value: "bob"}}, later); err != nil {
			return err
		}
		return tx.SetDeploymentStatus(ctx, d.UID, orchestrator.Active, orchestrator.Good, "e1", later)
	})
	d.Labels = []orchestrator.Label{{Key: "owner", Value: "bob"}}
	d.InstallationStatus, d.DeploymentStatus, d.LatestExecution, d.UpdatedAt = orchestrator.Active, orchestrator.Good, "e1", later
	got = read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Deployment, error) {
		return tx.DeploymentByUID(ctx, d.UID)
	})
	diff(t, "with its new status and labels", d, got)
	var names []string
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		return tx.EachDeploymentName(ctx, func(team, id string) { names = append(names, team+"/"+id) })
	})
	diff(t, "every deployment's name is visited", []string{team() + "/env"}, names)
	for _, impossible := range []string{"a\x00b", "a\xffb"} {
		refused(t, "a name that no row can have is not found, and no trouble", orchestrator.NotFound, s.View(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Deployment(t.Context(), team(), impossible)
			return err
		}))
	}
	refused(t, "the status of what is not there", orchestrator.NotFound, s.InTx(t.Context(), func(tx *store.Tx) error {
		return tx.SetDeploymentStatus(t.Context(), "nope", orchestrator.Active, orchestrator.Good, "", later)
	}))
}

func testDeploymentLists(t *testing.T, s *store.Store) {
	bp := sampleBlueprint("app", 1)
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertBlueprint(ctx, bp); err != nil {
			return err
		}
		for i, id := range []string{"Shop_dev", "shop%prod", "blog", "infra"} {
			d := sampleDeployment(id, bp)
			d.CreatedAt = noon.Add(time.Duration(i) * time.Minute)
			switch id {
			case "infra":
				d.Parent = "uid-blog"
			case "blog":
				d.DisplayName = "Über uns"
			}
			if err := tx.InsertDeployment(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	tests := map[string]struct {
		reason string
		query  store.DeploymentQuery
		want   listed
	}{
		"All":        {"oldest first unless asked otherwise", store.DeploymentQuery{}, listed{[]string{"Shop_dev", "shop%prod", "blog", "infra"}, 4}},
		"Descending": {"newest first", store.DeploymentQuery{Descending: true}, listed{[]string{"infra", "blog", "shop%prod", "Shop_dev"}, 4}},
		"ByID":       {"capitals sort before the others on both databases", store.DeploymentQuery{Sort: "id"}, listed{[]string{"Shop_dev", "blog", "infra", "shop%prod"}, 4}},
		"TopLevel":   {"components are not environments", store.DeploymentQuery{TopLevel: true}, listed{[]string{"Shop_dev", "shop%prod", "blog"}, 3}},
		"Parent":     {"components of one", store.DeploymentQuery{ParentUID: "uid-blog"}, listed{[]string{"infra"}, 1}},
		"Search":     {"whatever the case", store.DeploymentQuery{Search: "SHOP"}, listed{[]string{"Shop_dev", "shop%prod"}, 2}},
		"Umlaut":     {"letters beyond ASCII as they are", store.DeploymentQuery{Search: "Ü"}, listed{[]string{"blog"}, 1}},
		"Percent":    {"a percent sign is just one", store.DeploymentQuery{Search: "%"}, listed{[]string{"shop%prod"}, 1}},
		"Underscore": {"an underscore is just one", store.DeploymentQuery{Search: "p_d"}, listed{[]string{"Shop_dev"}, 1}},
		"IDs":        {"any of these", store.DeploymentQuery{IDs: []string{"blog", "infra", "nope"}}, listed{[]string{"blog", "infra"}, 2}},
		"Page":       {"the total counts all pages", store.DeploymentQuery{Offset: 1, Size: 2}, listed{[]string{"shop%prod", "blog"}, 4}},
		"Rest":       {"an offset without a size", store.DeploymentQuery{Offset: 3}, listed{[]string{"infra"}, 4}},
		"PastTheEnd": {"an empty page, not an error", store.DeploymentQuery{Offset: 9, Size: 5}, listed{nil, 4}},
		"Status":     {"none is active", store.DeploymentQuery{InstallationStatus: []orchestrator.InstallationStatus{orchestrator.Active}}, listed{nil, 0}},
		"Cell":       {"by cloud and type", store.DeploymentQuery{CloudType: "aws", EnvType: "dev-small", Size: 1}, listed{[]string{"Shop_dev"}, 4}},
		"OtherTeam":  {"teams do not see each other", store.DeploymentQuery{Team: "other"}, listed{nil, 0}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := read(t, s, func(ctx context.Context, tx *store.Tx) (listed, error) {
				return list(tx.ListDeployments(ctx, test.query))
			})
			diff(t, test.reason, test.want, got)
		})
	}
	refused(t, "a sort key that could be SQL", orchestrator.Invalid, s.View(t.Context(), func(tx *store.Tx) error {
		_, _, err := tx.ListDeployments(t.Context(), store.DeploymentQuery{Sort: "id; DROP TABLE deployments"})
		return err
	}))
}

// testDeploymentDeletion deletes a component and then its parent.
func testDeploymentDeletion(t *testing.T, s *store.Store) {
	parent, component := seed(t, s, "env"), seed(t, s, "component")
	root := sampleExecution("root", parent)
	child := childOf(root, sampleExecution("child", component))
	own := sampleExecution("own", component)
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		for _, e := range []orchestrator.Execution{root, child, own} {
			if err := tx.InsertExecution(ctx, e, orchestrator.Graph{Format: 1}); err != nil {
				return err
			}
			if err := tx.UpsertSteps(ctx, []orchestrator.StepRecord{{ExecutionID: e.ID, StepID: "a/1", State: orchestrator.StepSucceeded}}); err != nil {
				return err
			}
		}
		if err := tx.InsertInstances(ctx, []orchestrator.NodeInstance{sampleInstance(component, "vm_a1b2c3")}); err != nil {
			return err
		}
		if err := tx.InsertDependency(ctx, orchestrator.Dependency{Creator: "component.x", SourceUID: parent.UID, TargetID: component.ID, Team: component.Team}); err != nil {
			return err
		}
		return tx.InsertEvents(ctx, []orchestrator.Event{
			{RootID: "root", Seq: 1, ExecutionID: "root", Type: orchestrator.EventWorkflowStarted, At: noon},
			{RootID: "root", Seq: 2, ExecutionID: "child", Type: orchestrator.EventWorkflowStarted, At: noon},
			{RootID: "own", Seq: 1, ExecutionID: "own", Type: orchestrator.EventWorkflowStarted, At: noon},
		})
	})

	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteDeployment(ctx, component.UID) })
	diff(t, "what ran in the parent's tree stays in its log", []int64{1, 2}, numbers(t, s, store.EventQuery{RootID: "root"}))
	diff(t, "what the component ran itself is gone", []int64(nil), numbers(t, s, store.EventQuery{RootID: "own"}))
	instances := read(t, s, func(ctx context.Context, tx *store.Tx) ([]orchestrator.NodeInstance, error) {
		return tx.Instances(ctx, component.UID)
	})
	diff(t, "instances go", 0, len(instances))

	left := sampleDeployment("left", sampleBlueprint("bp-env", 1))
	left.Parent, left.ParentNode = parent.UID, "x_a1b2c3"
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertDeployment(ctx, left) })
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteDeployment(ctx, parent.UID) })
	diff(t, "the tree goes with its root", []int64(nil), numbers(t, s, store.EventQuery{RootID: "root"}))
	released := read(t, s, func(ctx context.Context, tx *store.Tx) (listed, error) {
		return list(tx.ListDeployments(ctx, store.DeploymentQuery{Team: team(), TopLevel: true}))
	})
	diff(t, "a component left behind is listed by itself", listed{[]string{"left"}, 1}, released)
	steps := read(t, s, func(ctx context.Context, tx *store.Tx) ([]orchestrator.StepRecord, error) {
		return tx.Steps(ctx, "child")
	})
	diff(t, "with the steps of children", 0, len(steps))
	dependencies := read(t, s, func(ctx context.Context, tx *store.Tx) ([]orchestrator.Dependency, error) {
		return tx.DependenciesOn(ctx, component.Team, component.ID)
	})
	diff(t, "and what it depended on", 0, len(dependencies))
	refused(t, "deleting it twice", orchestrator.NotFound,
		s.InTx(t.Context(), func(tx *store.Tx) error { return tx.DeleteDeployment(t.Context(), parent.UID) }))
}
