package schedule

import (
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Decision is what shall happen next. Records, States, Events and Finish are
// written in one commit, together with what came with the outcomes (runtime
// properties); only after it may Starts be acted on.
type Decision struct {
	// Records are the rows of steps that changed, each at most once and whole:
	// insert or replace.
	Records []orchestrator.StepRecord
	// States are instance states to set, in this order.
	States []SetState
	// Events are to be written in this order. Type, Message, InstanceID,
	// SourceID, TargetID, Operation, StepID and Causes are filled; who commits
	// adds the rest (NodeID, identity of the execution, time, number).
	Events []orchestrator.Event
	// Starts are steps that may start now, at most as many at once as there
	// are operation slots. Each is handed out once per try.
	Starts []Start
	// Finish is set in the last decision of a run.
	Finish *Finish
	// Wake is when to call Advance again if nothing else happens; zero for
	// never. It always holds the next time, also when a decision is otherwise
	// empty.
	Wake time.Time
	// Progress counts operation steps, for the execution's row.
	Progress Progress
}

// SetState sets a node instance's state, unconditionally.
type SetState struct {
	InstanceID string
	State      orchestrator.InstanceState
}

// Start permits a try of an operation step: have a slot, call Begin, commit
// its decision, run.
type Start struct {
	StepID  string
	Attempt int
	// Polls counts the "ask again" answers so far.
	Polls int
	// IntentAt is when this attempt was first begun; zero when Begin will be
	// the first to say so.
	IntentAt time.Time
	// Resumed says that this try was under way when an earlier server stopped:
	// it may have had effects whose outcome is lost.
	Resumed bool
	// ChildID is the child execution that the step waited for; empty for steps
	// that never waited. Hand its outcome to the operation if it has ended.
	ChildID string
}

// Finish ends the execution.
type Finish struct {
	Status orchestrator.ExecutionStatus // Terminated, Failed or Cancelled
	Error  string                       // with Failed: the text for Execution.Error
	// LeftBehind lists steps still in flight when the time after the first
	// failure ran out. End their contexts; their outcomes no longer count.
	LeftBehind []string
}

// Progress counts the operation steps of a run; Finished are those that ended
// in one way or another.
type Progress struct{ Finished, Total int }
