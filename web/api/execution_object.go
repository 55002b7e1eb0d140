package api

import "github.com/slipwayhq/slipway/orchestrator"

// executionObject is an execution as the contract shows it.
type executionObject struct {
	common
	ID                    string                        `json:"id"`
	WorkflowID            string                        `json:"workflow_id"`
	DeploymentID          string                        `json:"deployment_id"`
	DeploymentDisplayName string                        `json:"deployment_display_name"`
	BlueprintID           string                        `json:"blueprint_id"`
	Status                string                        `json:"status"`
	StatusDisplay         string                        `json:"status_display"`
	CreatedAt             moment                        `json:"created_at"`
	StartedAt             moment                        `json:"started_at"`
	EndedAt               moment                        `json:"ended_at"`
	ScheduledFor          *string                       `json:"scheduled_for"`
	Error                 string                        `json:"error"`
	Parameters            map[string]orchestrator.Value `json:"parameters"`
	IsSystemWorkflow      bool                          `json:"is_system_workflow"`
	IsDryRun              bool                          `json:"is_dry_run"`
	Resume                bool                          `json:"resume"`
	Force                 bool                          `json:"force"`
	TotalOperations       int                           `json:"total_operations"`
	FinishedOperations    int                           `json:"finished_operations"`
	AllowCustomParameters bool                          `json:"allow_custom_parameters"`
	ExecutionGroupID      *string                       `json:"execution_group_id"`
	// Rehearsal is ours.
	Rehearsal bool `json:"rehearsal"`
}

func executionOf(x orchestrator.Execution) executionObject {
	object := executionObject{
		common: commonOf(x.Team, x.CreatedBy),
		ID:     x.ID, WorkflowID: x.Workflow, DeploymentID: x.DeploymentID, DeploymentDisplayName: x.DeploymentID, BlueprintID: x.BlueprintID,
		Status: string(x.Status), StatusDisplay: x.Status.Display(),
		CreatedAt: moment(x.CreatedAt), StartedAt: moment(x.StartedAt), EndedAt: moment(x.EndedAt),
		Error: x.Error, Parameters: values(x.Parameters), IsDryRun: x.DryRun, Force: x.Force,
		TotalOperations: x.TotalOperations, FinishedOperations: x.FinishedOperations, Rehearsal: x.Rehearsal,
	}
	if x.Status == orchestrator.Failed && object.Error == "" {
		// Clients take an execution without an error for a success.
		object.Error = "the workflow failed; its events say why"
	}
	return object
}
