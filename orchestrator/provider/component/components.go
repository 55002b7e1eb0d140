package component

import (
	"context"
	"io/fs"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// Parent says on whose behalf a request is made: control fences each
// transaction by the execution's epoch.
type Parent struct {
	Team          string
	DeploymentUID string
	InstanceID    string
	ExecutionID   string
	StepID        string
	Epoch         int64
	Rehearsal     bool
}

// Spec describes the child deployment to create.
type Spec struct {
	ID          string
	BlueprintID string
	Inputs      map[string]orchestrator.Value
	Labels      []orchestrator.Label
	Suffix      bool // append "-N" until the id is free
}

// Start describes the child execution to start. Asking again with the same
// Generation returns the execution that the first asking started.
type Start struct {
	DeploymentID string
	Workflow     string
	Generation   int
	// Parameters are the parent's own, handed on when the workflow is the same.
	Parameters map[string]orchestrator.Value
	// OwnLog begins a sequence of events of its own, as if nobody had started
	// the child; else its events are part of the parent's.
	OwnLog bool
}

// Components is what control offers to nodes that stand for deployments. Errors
// are *orchestrator.Error; NotFound, Invalid, Conflict and Forbidden are final.
type Components interface {
	// BlueprintExists reports whether the team has a blueprint of that id.
	BlueprintExists(ctx context.Context, parent Parent, id string) (bool, error)
	// UploadBlueprint stores an archive out of the parent's own files.
	UploadBlueprint(ctx context.Context, parent Parent, id, mainFile string, files fs.FS) error
	DeleteBlueprint(ctx context.Context, parent Parent, id string) error
	// Create writes the child deployment, the parent's label, the dependency
	// component.<instance> and the runtime property deployment.id in one
	// transaction, and returns the id. Asking again returns the same child.
	Create(ctx context.Context, parent Parent, spec Spec) (string, error)
	// Start returns the child execution; an empty id says that there is nothing
	// to do (installed already, uninstalled already, or no such deployment when
	// the workflow is uninstall).
	Start(ctx context.Context, parent Parent, start Start) (string, error)
	// Capabilities evaluates what a deployment offers, marks kept.
	Capabilities(ctx context.Context, parent Parent, deploymentID string) (map[string]orchestrator.Value, error)
	// Delete removes the child and its dependency; absent is done.
	Delete(ctx context.Context, parent Parent, deploymentID string) error
	// Connect records sharedresource.<instance> on an installed deployment and
	// returns its capabilities; Disconnect drops the record.
	Connect(ctx context.Context, parent Parent, deploymentID string) (map[string]orchestrator.Value, error)
	Disconnect(ctx context.Context, parent Parent) error
}

func parentOf(call *provider.Call) Parent {
	return Parent{
		Team: call.Team, DeploymentUID: call.Deployment.UID, InstanceID: call.Self.ID,
		ExecutionID: call.Execution.ID, StepID: call.StepID, Epoch: call.Execution.Epoch,
		Rehearsal: call.Rehearsal,
	}
}
