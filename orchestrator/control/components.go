package control

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/archive"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/orchestrator/provider/component"
	"github.com/slipwayhq/slipway/store"
)

// parentNode is the component node that a deployment is created for.
type parentNode struct {
	deployment orchestrator.Deployment
	instanceID string
}

// Components answers component nodes. It is Control as a parent execution sees
// it: each change is opened with the parent's fence.
type Components struct{ c *Control }

var _ component.Components = Components{}

// Components returns the view of c that component nodes use.
func (c *Control) Components() Components { return Components{c} }

// actorOf is the parent execution as an actor. It acts within its own team, for
// the owner of the parent deployment.
func (p Components) actorOf(ctx context.Context, tx *store.Tx, parent component.Parent) (orchestrator.Actor, orchestrator.Deployment, error) {
	d, err := tx.DeploymentByUID(ctx, parent.DeploymentUID)
	return orchestrator.Actor{
		Kind: orchestrator.ActorExecution, Name: d.CreatedBy, Team: parent.Team, Role: orchestrator.Operator,
		Execution: parent.ExecutionID, Epoch: parent.Epoch,
	}, d, err
}

// change runs one fenced and audited transaction for a parent execution.
func (p Components) change(ctx context.Context, parent component.Parent, audit orchestrator.Audit, write func(*store.Tx, orchestrator.Actor, orchestrator.Deployment) error) error {
	return p.c.inTx(ctx, func(tx *store.Tx) error {
		actor, d, err := p.actorOf(ctx, tx, parent)
		if err != nil {
			return err
		}
		if err := fence(ctx, tx, actor); err != nil {
			return err
		}
		if err := write(tx, actor, d); err != nil {
			return err
		}
		return p.c.writeAudit(ctx, tx, actor, audit)
	})
}

// BlueprintExists implements component.Components.
func (p Components) BlueprintExists(ctx context.Context, parent component.Parent, id string) (bool, error) {
	var exists bool
	err := p.c.view(ctx, func(tx *store.Tx) error {
		_, err := tx.NewestBlueprint(ctx, parent.Team, id)
		exists = err == nil
		return unlessMissing(err)
	})
	return exists, err
}

// UploadBlueprint implements component.Components.
func (p Components) UploadBlueprint(ctx context.Context, parent component.Parent, id, mainFile string, files fs.FS) error {
	packed, err := archive.Pack(files)
	if err != nil {
		return orchestrator.Errorf(orchestrator.Invalid, "pack blueprint %q: %v", id, err)
	}
	var actor orchestrator.Actor
	if err := p.c.view(ctx, func(tx *store.Tx) (err error) {
		actor, _, err = p.actorOf(ctx, tx, parent)
		return err
	}); err != nil {
		return err
	}
	_, _, err = p.c.upload(ctx, actor, UploadBlueprint{ID: id, Archive: packed, MainFile: mainFile}, false)
	if orchestrator.ErrorCode(err) == orchestrator.Conflict {
		return nil // a lost race is as good as an existing one
	}
	return err
}

// DeleteBlueprint implements component.Components.
func (p Components) DeleteBlueprint(ctx context.Context, parent component.Parent, id string) error {
	var actor orchestrator.Actor
	if err := p.c.view(ctx, func(tx *store.Tx) (err error) {
		actor, _, err = p.actorOf(ctx, tx, parent)
		return err
	}); err != nil {
		return err
	}
	return p.c.DeleteBlueprint(ctx, actor, id)
}

// Create implements component.Components.
func (p Components) Create(ctx context.Context, parent component.Parent, spec component.Spec) (string, error) {
	var id string
	err := p.change(ctx, parent, audited("deployment.create", spec.ID), func(tx *store.Tx, actor orchestrator.Actor, d orchestrator.Deployment) (err error) {
		id, err = p.create(ctx, tx, actor, parentNode{d, parent.InstanceID}, spec)
		return err
	})
	return id, err
}

func (p Components) create(ctx context.Context, tx *store.Tx, actor orchestrator.Actor, parent parentNode, spec component.Spec) (string, error) {
	id, exists, err := freeID(ctx, tx, actor.Team, parent, spec)
	if err != nil || exists {
		return id, err
	}
	child, err := p.c.create(ctx, tx, actor, CreateDeployment{
		ID: id, BlueprintID: spec.BlueprintID, Inputs: spec.Inputs, Labels: spec.Labels,
	}, &parent)
	if err != nil {
		return "", err
	}
	if err := tx.InsertDependency(ctx, orchestrator.Dependency{
		Creator: "component." + parent.instanceID, SourceUID: parent.deployment.UID,
		TargetID: child.ID, Team: actor.Team, CreatedAt: p.c.now(),
	}); err != nil {
		return "", err
	}
	record := map[string]orchestrator.Value{"deployment": map[string]orchestrator.Value{"id": child.ID}}
	return child.ID, tx.MergeRuntime(ctx, parent.deployment.UID, parent.instanceID, record, nil, false)
}

// maxSuffix bounds the search for a free id.
const maxSuffix = 1000

// freeID returns the id to create, or that of the child which an earlier asking
// of the same node created.
func freeID(ctx context.Context, tx *store.Tx, team string, parent parentNode, spec component.Spec) (id string, mine bool, err error) {
	children, _, err := tx.ListDeployments(ctx, store.DeploymentQuery{Team: team, ParentUID: parent.deployment.UID})
	if err != nil {
		return "", false, err
	}
	for _, child := range children {
		if child.ParentNode == parent.instanceID {
			return child.ID, true, nil
		}
	}
	for n := 0; n < maxSuffix; n++ {
		id = spec.ID
		if spec.Suffix {
			id = fmt.Sprintf("%s-%d", spec.ID, n+1)
		}
		_, err := tx.Deployment(ctx, team, id)
		switch {
		case orchestrator.ErrorCode(err) == orchestrator.NotFound:
			return id, false, nil
		case err != nil:
			return "", false, err
		case !spec.Suffix:
			return "", false, orchestrator.Errorf(orchestrator.Conflict, "deployment %q exists and is not this node's; delete it, or derive the id in eaas_params from the environment's", id)
		}
	}
	return "", false, orchestrator.Errorf(orchestrator.Conflict, "no free id found for %s-N up to %d", spec.ID, maxSuffix)
}

// Start implements component.Components.
func (p Components) Start(ctx context.Context, parent component.Parent, start component.Start) (string, error) {
	var id string
	audit := audited("execution.start", start.Workflow+" on "+start.DeploymentID)
	err := p.change(ctx, parent, audit, func(tx *store.Tx, actor orchestrator.Actor, _ orchestrator.Deployment) (err error) {
		id, err = p.start(ctx, tx, actor, parent, start)
		return err
	})
	if err == nil && id != "" {
		p.c.queue.Poke(id)
	}
	return id, err
}

func (p Components) start(ctx context.Context, tx *store.Tx, actor orchestrator.Actor, parent component.Parent, start component.Start) (string, error) {
	before, found, err := tx.ChildExecution(ctx, parent.ExecutionID, parent.StepID, start.Generation)
	if err != nil || found {
		return before.ID, err
	}
	d, err := tx.Deployment(ctx, parent.Team, start.DeploymentID)
	if orchestrator.ErrorCode(err) == orchestrator.NotFound && start.Workflow == "uninstall" {
		return "", nil // absent counts as uninstalled
	}
	if err != nil {
		return "", err
	}
	done, err := p.alreadyDone(ctx, tx, d, start.Workflow)
	if err != nil || done {
		return "", err
	}
	running, err := tx.ActiveExecutions(ctx, d.UID)
	if err != nil {
		return "", err
	}
	if len(running) > 0 {
		return "", orchestrator.Errorf(orchestrator.Unavailable, "%s of %s still runs (execution %s)", running[0].Workflow, d.ID, running[0].ID)
	}
	own, err := tx.Execution(ctx, parent.ExecutionID)
	if err != nil {
		return "", err
	}
	if own.Status.Cancelling() {
		return "", orchestrator.Errorf(orchestrator.Unavailable, "execution %s is being cancelled; it starts nothing more", own.ID)
	}
	root := own.RootID
	if start.OwnLog {
		root = "" // its own
	}
	execution, err := p.c.start(ctx, tx, actor, d, StartExecution{
		DeploymentID: d.ID, Workflow: start.Workflow, Parameters: inherited(d, start), Force: own.Force,
		WaitAfterFail: &own.WaitAfterFail,
	}, orchestrator.Execution{RootID: root, ParentID: own.ID, ParentStep: parent.StepID, Generation: start.Generation})
	return execution.ID, err
}

// inherited hands on those of the parent's parameters that make sense for the
// child: not the filters, which name the parent's own nodes.
func inherited(d orchestrator.Deployment, start component.Start) map[string]orchestrator.Value {
	parameters := map[string]orchestrator.Value{}
	for _, declared := range d.Workflows[start.Workflow].Parameters {
		switch declared.Name {
		case "type_names", "node_ids", "node_instance_ids":
			continue
		}
		if value, ok := start.Parameters[declared.Name]; ok {
			parameters[declared.Name] = value
		}
	}
	return parameters
}

// alreadyDone says that a workflow has nothing to do on a component.
func (p Components) alreadyDone(ctx context.Context, tx *store.Tx, d orchestrator.Deployment, workflow string) (bool, error) {
	switch workflow {
	case "install":
		return d.InstallationStatus == orchestrator.Active, nil
	case "uninstall":
		return isBlank(ctx, tx, d.UID)
	}
	return false, nil
}

// Capabilities implements component.Components.
func (p Components) Capabilities(ctx context.Context, parent component.Parent, deploymentID string) (map[string]orchestrator.Value, error) {
	var capabilities map[string]orchestrator.Value
	err := p.c.view(ctx, func(tx *store.Tx) error {
		d, err := tx.Deployment(ctx, parent.Team, deploymentID)
		if err != nil {
			return err
		}
		capabilities, err = p.read(ctx, tx, parent, d)
		return err
	})
	return capabilities, err
}

func (p Components) read(ctx context.Context, tx *store.Tx, parent component.Parent, d orchestrator.Deployment) (map[string]orchestrator.Value, error) {
	if d.Rehearsal != parent.Rehearsal {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "deployment %s and its reader are not both real or both rehearsals; they never share capabilities", d.ID)
	}
	values, err := engine.Capabilities(ctx, tx, p.c.plans, d)
	if err != nil {
		return nil, err
	}
	capabilities := make(map[string]orchestrator.Value, len(values))
	for _, v := range values {
		if v.Err != nil {
			return nil, fmt.Errorf("capability %s of %s: %w", v.Definition.Name, d.ID, v.Err)
		}
		capabilities[v.Definition.Name] = v.Value
	}
	return capabilities, nil
}

// Delete implements component.Components.
func (p Components) Delete(ctx context.Context, parent component.Parent, deploymentID string) error {
	return p.change(ctx, parent, audited("deployment.delete", deploymentID), func(tx *store.Tx, _ orchestrator.Actor, own orchestrator.Deployment) error {
		d, err := tx.Deployment(ctx, parent.Team, deploymentID)
		if orchestrator.ErrorCode(err) == orchestrator.NotFound {
			return tx.DeleteDependency(ctx, "component."+parent.InstanceID, own.UID)
		}
		if err != nil {
			return err
		}
		if d.Parent != own.UID || d.ParentNode != parent.InstanceID {
			return orchestrator.Errorf(orchestrator.Conflict, "deployment %s belongs to somebody else and stays", d.ID)
		}
		if err := tx.DeleteDependency(ctx, "component."+parent.InstanceID, own.UID); err != nil {
			return err
		}
		if err := p.c.deletable(ctx, tx, d, false); err != nil {
			return err
		}
		return p.c.remove(ctx, tx, d)
	})
}

// Connect implements component.Components.
func (p Components) Connect(ctx context.Context, parent component.Parent, deploymentID string) (map[string]orchestrator.Value, error) {
	var capabilities map[string]orchestrator.Value
	err := p.change(ctx, parent, audited("deployment.connect", deploymentID), func(tx *store.Tx, _ orchestrator.Actor, own orchestrator.Deployment) error {
		d, err := tx.Deployment(ctx, parent.Team, deploymentID)
		if err != nil {
			return err
		}
		if d.InstallationStatus != orchestrator.Active {
			return orchestrator.Errorf(orchestrator.Unavailable, "deployment %s is not installed; the shared resource waits for it", d.ID)
		}
		if capabilities, err = p.read(ctx, tx, parent, d); err != nil {
			return err
		}
		return tx.InsertDependency(ctx, orchestrator.Dependency{
			Creator: "sharedresource." + parent.InstanceID, SourceUID: own.UID, TargetID: d.ID, Team: parent.Team, CreatedAt: p.c.now(),
		})
	})
	return capabilities, err
}

// Disconnect implements component.Components.
func (p Components) Disconnect(ctx context.Context, parent component.Parent) error {
	return p.change(ctx, parent, audited("deployment.disconnect", parent.InstanceID), func(tx *store.Tx, _ orchestrator.Actor, own orchestrator.Deployment) error {
		return tx.DeleteDependency(ctx, "sharedresource."+parent.InstanceID, own.UID)
	})
}
