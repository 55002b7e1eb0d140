package orchestrator

import "time"

// Execution is one run of a workflow on a deployment.
type Execution struct {
	ID            string // UUID
	Team          string
	DeploymentUID string
	DeploymentID  string
	BlueprintID   string
	Workflow      string
	Parameters    map[string]Value // sealed at rest
	Status        ExecutionStatus
	// Reason says, in a sentence for people, why a status that is not final
	// lasts: what it waits for, which retry, because of which message.
	Reason string
	Error  string // filled when Status is Failed
	// RootID is the execution that no other started; its own ID for a root.
	// Events of a tree share one sequence, kept by the root.
	RootID     string
	ParentID   string // the execution whose component step started this one
	ParentStep string // that step's ID
	// Generation counts how often the parent step asked for a new child
	// execution; (ParentID, ParentStep, Generation) is unique.
	Generation         int
	Rehearsal          bool
	Force              bool
	DryRun             bool
	WaitAfterFail      time.Duration
	TotalOperations    int
	FinishedOperations int
	CreatedBy          string
	CreatedAt          time.Time
	StartedAt          time.Time // zero before it starts
	EndedAt            time.Time // zero until it ends
	// Epoch counts leases: whoever writes for the execution proves that it
	// still holds this number (fence).
	Epoch int64
	// Server holds the lease; empty when nobody does.
	Server string
}

// StepKind says what a step does when its turn comes.
type StepKind string

// The kinds. Only operation steps touch the outside world; the others are
// decided inside the engine's loop.
const (
	KindOperation StepKind = "operation" // run Operation through its provider
	KindState     StepKind = "state"     // set the instance's state to State
	KindEvent     StepKind = "event"     // write Message as a workflow_node_event
)

// Step is one scheduled act of an execution, as the workflow lays it out. It is
// immutable; what became of it is a StepRecord.
type Step struct {
	ID   string   `json:"id"`   // unique within the execution, stable, "<lane>/<n>"
	Lane string   `json:"lane"` // name of the instance's subgraph: "install_vm_a1b2c3"
	Kind StepKind `json:"kind"`
	// After lists the steps of the same graph that must be done first.
	After []string `json:"after,omitempty"`
	// InstanceID is the instance the step is about; for a relationship
	// operation the side that the operation belongs to.
	InstanceID string        `json:"instance"`
	State      InstanceState `json:"state,omitempty"`   // KindState
	Message    string        `json:"message,omitempty"` // KindEvent
	// Operation is the full name, resolved in the node's (or relationship's)
	// operations when the step starts, not copied here.
	Operation string `json:"operation,omitempty"`
	// SourceID and TargetID are set for relationship operations; RelationshipIndex
	// is the place in the source node's relationships and OnTarget tells the side.
	SourceID          string `json:"source,omitempty"`
	TargetID          string `json:"target,omitempty"`
	RelationshipIndex int    `json:"relationship,omitempty"`
	OnTarget          bool   `json:"on_target,omitempty"`
	// Subgraph is the extra level of events around relationship operations,
	// "…relationship_lifecycle.establish_subgraph"; empty elsewhere.
	Subgraph string `json:"subgraph,omitempty"`
	// IgnoreFailure turns a failure into an event "Ignoring task … failure":
	// tried once, never fails the lane.
	IgnoreFailure bool `json:"ignore_failure,omitempty"`
	// Kwargs are overlaid on the operation's inputs.
	Kwargs map[string]Value `json:"kwargs,omitempty"`
}

// Graph is a workflow laid out: steps in a stable order, and the lanes (one per
// instance) that they belong to. It is stored with the execution as one
// versioned document.
type Graph struct {
	Format int    `json:"format"` // GraphFormat when written
	Name   string `json:"name"`   // "install", "uninstall", …
	Steps  []Step `json:"steps"`
}

// GraphFormat is the version of the stored Graph document. A newer binary
// resumes executions laid out by an older one.
const GraphFormat = 1

// StepRecord is what became of a step; rows exist only for touched steps.
type StepRecord struct {
	ExecutionID string
	StepID      string
	State       StepState
	Attempt     int       // number of the current or, while retrying, the next try; 0 for the first
	IntentAt    time.Time // when the intent of the current attempt was journaled
	// NotBefore is when a rescheduled or retried step may start again, and when
	// a waiting one gives up (zero: never).
	NotBefore time.Time
	// ChildID is the component execution that a waiting step waits for.
	ChildID string
	// Polls counts "ask again" answers, which do not use up retries.
	Polls  int
	Reason string // why it is where it is, for people
	// Result is what the operation returned, as text; of a failed step the
	// traceback, if there was one.
	Result    string
	StartedAt time.Time
	EndedAt   time.Time
}

// Event is one line of what happened: a log line or a state change. Seq numbers
// the events of a root execution and everything below it.
type Event struct {
	RootID        string
	Seq           int64 // 1, 2, … per RootID, assigned by the journal
	ExecutionID   string
	Team          string
	DeploymentUID string
	DeploymentID  string
	BlueprintID   string
	WorkflowID    string
	Type          string // see EventType…; empty for logs
	Level         string // for logs: debug, info, warning, error; empty for events
	Logger        string
	Message       string // valid UTF-8, without NUL, redacted
	NodeID        string
	InstanceID    string
	SourceID      string // relationship operations
	TargetID      string
	Operation     string // full name
	StepID        string
	Causes        []ErrorCause
	At            time.Time
}

// ErrorCause is one cause of a failure, in the REST contract's shape.
type ErrorCause struct {
	Type      string `json:"type"`
	Message   string `json:"message"`
	Traceback string `json:"traceback"`
}

// The event types (engine-semantics.md 19).
const (
	EventWorkflowStarted   = "workflow_started"
	EventWorkflowSucceeded = "workflow_succeeded"
	EventWorkflowFailed    = "workflow_failed"
	EventWorkflowCancelled = "workflow_cancelled"
	EventWorkflowNode      = "workflow_node_event"
	EventWorkflowStage     = "workflow_stage"
	EventSendingTask       = "sending_task"
	EventTaskStarted       = "task_started"
	EventTaskSucceeded     = "task_succeeded"
	EventTaskRescheduled   = "task_rescheduled"
	EventTaskFailed        = "task_failed"
	EventPlugin            = "plugin_event"
)
