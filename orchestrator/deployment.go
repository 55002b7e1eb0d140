package orchestrator

import "time"

// Deployment is one use of a blueprint with inputs. Pages call a top-level one
// an Environment.
type Deployment struct {
	UID              string // random; survives nothing, so a reused ID is another deployment
	Team             string
	ID               string
	DisplayName      string
	Description      string
	BlueprintUID     string
	BlueprintID      string
	BlueprintVersion int
	// ExpectedNodes counts the nodes of this deployment and of the components
	// that it leads to, as far as they were known at its creation.
	ExpectedNodes int
	Inputs        map[string]Value // values after creation; sealed at rest
	Workflows     map[string]Workflow
	Capabilities  []Output // definitions; values are evaluated when asked for
	Outputs       []Output
	// Rehearsal says that every far end of this deployment is a rehearsal
	// cloud. Fixed at creation, inherited by components.
	Rehearsal bool
	// RehearsalReason is the sentence that explains the mode, for people.
	RehearsalReason string
	// Cell is what the page shows as "aws × dev-small"; empty when the
	// blueprint has no such inputs.
	CloudType, EnvType string
	Parent             string // UID of the deployment whose component this is; empty at top level
	ParentNode         string // instance id of the component node in the parent
	Labels             []Label
	InstallationStatus InstallationStatus
	DeploymentStatus   DeploymentStatus
	LatestExecution    string // id; empty before the first
	CreatedBy          string
	CreatedAt          time.Time
	UpdatedAt          time.Time
}

// InstallationStatus says whether everything of a deployment is started.
type InstallationStatus string

// The installation statuses (engine-semantics.md 2).
const (
	Active   InstallationStatus = "active"
	Inactive InstallationStatus = "inactive"
)

// DeploymentStatus sums up a deployment and what is below it.
type DeploymentStatus string

// The deployment statuses, from best to worst.
const (
	Good              DeploymentStatus = "good"
	InProgress        DeploymentStatus = "in_progress"
	RequiresAttention DeploymentStatus = "requires_attention"
)

// NodeInstance is what runs: one of the 1..n instances of a node.
type NodeInstance struct {
	ID            string // <node>_<6 of a-z0-9>
	DeploymentUID string
	NodeID        string
	HostID        string // instance id of the outermost host; empty when hostless
	Index         int
	State         InstanceState
	Version       int
	Runtime       map[string]Value // runtime properties; sealed at rest
	Relationships []InstanceRelationship
	ScalingGroups []ScalingGroupInstance
}

// InstanceRelationship binds an instance to a target instance, in template order.
type InstanceRelationship struct {
	Type       string `json:"type"`
	TargetNode string `json:"target_name"`
	TargetID   string `json:"target_id"`
	// Index is the relationship's place in the node's list of relationships.
	Index int `json:"index"`
}

// ScalingGroupInstance names a group instance that an instance belongs to,
// innermost first.
type ScalingGroupInstance struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

// Dependency records that one deployment needs another (an inter-deployment
// dependency of the REST contract).
type Dependency struct {
	// Creator is component.<instance>, sharedresource.<instance>, or the path
	// of a function in the plan ending in its name.
	Creator   string
	SourceUID string
	TargetID  string // deployment id as written; there need not be one yet
	Team      string
	CreatedAt time.Time
}
