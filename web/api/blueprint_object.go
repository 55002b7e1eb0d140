package api

import "github.com/slipwayhq/slipway/orchestrator"

// blueprintObject is a blueprint as the contract shows it.
type blueprintObject struct {
	common
	ID              string                     `json:"id"`
	Description     string                     `json:"description"`
	MainFileName    string                     `json:"main_file_name"`
	CreatedAt       moment                     `json:"created_at"`
	UpdatedAt       moment                     `json:"updated_at"`
	Plan            *planObject                `json:"plan"`
	State           string                     `json:"state"`
	Error           *string                    `json:"error"`
	ErrorTraceback  *string                    `json:"error_traceback"`
	IsHidden        bool                       `json:"is_hidden"`
	Labels          []labelObject              `json:"labels"`
	Requirements    *orchestrator.Requirements `json:"requirements"`
	UploadExecution executionObject            `json:"upload_execution"`
	// Version is ours: the number of this version of the id.
	Version int `json:"version"`
}

func blueprintOf(b orchestrator.Blueprint) blueprintObject {
	object := blueprintObject{
		common: commonOf(b.Team, b.CreatedBy),
		ID:     b.ID, Description: b.Description, MainFileName: b.MainFile,
		CreatedAt: moment(b.CreatedAt), UpdatedAt: moment(b.CreatedAt),
		State: b.State, Labels: labelObjects(b.Labels), Version: b.Version,
		UploadExecution: uploadExecutionOf(b),
	}
	if b.Plan != nil {
		object.Plan, object.Requirements = planOf(b.Plan), &b.Plan.Requirements
	}
	return object
}

// uploadExecutionOf is the execution that clients expect behind an upload. Here
// an upload is compiled before it is answered, so it is one that has ended.
func uploadExecutionOf(b orchestrator.Blueprint) executionObject {
	return executionOf(orchestrator.Execution{
		ID: b.UID, Team: b.Team, BlueprintID: b.ID, Workflow: "upload_blueprint", Status: orchestrator.Terminated,
		CreatedBy: b.CreatedBy, CreatedAt: b.CreatedAt, StartedAt: b.CreatedAt, EndedAt: b.CreatedAt,
	})
}

// planObject is the part of a plan that clients read.
type planObject struct {
	Description  string                        `json:"description"`
	Metadata     map[string]orchestrator.Value `json:"metadata"`
	Inputs       map[string]inputObject        `json:"inputs"`
	Outputs      map[string]outputObject       `json:"outputs"`
	Capabilities map[string]outputObject       `json:"capabilities"`
	Workflows    map[string]workflowObject     `json:"workflows"`
	Nodes        []planNode                    `json:"nodes"`
}

type planNode struct {
	ID            string   `json:"id"`
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	TypeHierarchy []string `json:"type_hierarchy"`
	HostID        *string  `json:"host_id"`
}

func planOf(p *orchestrator.Plan) *planObject {
	object := &planObject{
		Description: p.Description, Metadata: values(p.Metadata), Inputs: inputObjects(p.Inputs),
		Outputs: outputObjects(p.Outputs), Capabilities: outputObjects(p.Capabilities),
		Workflows: map[string]workflowObject{}, Nodes: []planNode{},
	}
	for _, workflow := range workflowObjects(p.Workflows) {
		object.Workflows[workflow.Name] = workflow
	}
	for _, node := range p.Nodes {
		object.Nodes = append(object.Nodes, planNode{node.ID, node.ID, node.Type, node.TypeHierarchy, text(node.HostID)})
	}
	return object
}
