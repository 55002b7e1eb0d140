package api

import "github.com/slipwayhq/slipway/orchestrator"

// deploymentObject is a deployment as the contract shows it. What this version
// does not count is null.
type deploymentObject struct {
	common
	ID                    string                        `json:"id"`
	DisplayName           string                        `json:"display_name"`
	BlueprintID           string                        `json:"blueprint_id"`
	Description           string                        `json:"description"`
	CreatedAt             moment                        `json:"created_at"`
	UpdatedAt             moment                        `json:"updated_at"`
	Inputs                map[string]orchestrator.Value `json:"inputs"`
	Outputs               map[string]outputObject       `json:"outputs"`
	Capabilities          map[string]outputObject       `json:"capabilities"`
	Groups                map[string]any                `json:"groups"`
	ScalingGroups         map[string]any                `json:"scaling_groups"`
	PolicyTypes           map[string]any                `json:"policy_types"`
	PolicyTriggers        map[string]any                `json:"policy_triggers"`
	Permalink             *string                       `json:"permalink"`
	Workflows             []workflowObject              `json:"workflows"`
	Labels                []labelObject                 `json:"labels"`
	SiteName              *string                       `json:"site_name"`
	RuntimeOnlyEvaluation bool                          `json:"runtime_only_evaluation"`
	InstallationStatus    string                        `json:"installation_status"`
	DeploymentStatus      string                        `json:"deployment_status"`
	LatestExecution       *string                       `json:"latest_execution"`
	LatestStatus          *string                       `json:"latest_execution_status"`
	LatestTotal           *int                          `json:"latest_execution_total_operations"`
	LatestFinished        *int                          `json:"latest_execution_finished_operations"`
	LatestWorkflow        *string                       `json:"latest_execution_workflow_id"`
	CreateExecution       *string                       `json:"create_execution"`
	SubServicesCount      *int                          `json:"sub_services_count"`
	SubServicesStatus     *string                       `json:"sub_services_status"`
	SubEnvironmentsCount  *int                          `json:"sub_environments_count"`
	SubEnvironmentsStatus *string                       `json:"sub_environments_status"`
	HasSubDeployments     *bool                         `json:"has_sub_deployments"`
	EnvironmentType       string                        `json:"environment_type"`
	UnavailableInstances  *int                          `json:"unavailable_instances"`
	DriftedInstances      *int                          `json:"drifted_instances"`
	ResourceTags          map[string]any                `json:"resource_tags"`
	DeploymentGroups      []string                      `json:"deployment_groups"`
	// Rehearsal is ours.
	Rehearsal bool `json:"rehearsal"`
}

func deploymentOf(d orchestrator.Deployment) deploymentObject {
	none := map[string]any{}
	object := deploymentObject{
		common: commonOf(d.Team, d.CreatedBy),
		ID:     d.ID, DisplayName: d.DisplayName, BlueprintID: d.BlueprintID, Description: d.Description,
		CreatedAt: moment(d.CreatedAt), UpdatedAt: moment(d.UpdatedAt),
		Inputs: values(d.Inputs), Outputs: outputObjects(d.Outputs), Capabilities: outputObjects(d.Capabilities),
		Groups: none, ScalingGroups: none, PolicyTypes: none, PolicyTriggers: none, ResourceTags: none,
		Workflows: workflowObjects(d.Workflows), Labels: labelObjects(d.Labels),
		InstallationStatus: string(d.InstallationStatus), DeploymentStatus: string(d.DeploymentStatus),
		LatestExecution: text(d.LatestExecution), DeploymentGroups: []string{}, Rehearsal: d.Rehearsal,
	}
	for _, label := range d.Labels {
		if label.Key == "csys-env-type" {
			object.EnvironmentType = label.Value
		}
	}
	return object
}

// show fills in the newest execution.
func (o *deploymentObject) show(latest orchestrator.Execution) {
	status := latest.Status.Display()
	o.LatestStatus, o.LatestWorkflow = &status, &latest.Workflow
	o.LatestTotal, o.LatestFinished = &latest.TotalOperations, &latest.FinishedOperations
}
