package orchestrator

import "slices"

// ExecutionStatus is the state of an execution.
type ExecutionStatus string

// The execution statuses. Success is "terminated"; people read "completed".
const (
	Pending         ExecutionStatus = "pending" // stored and dispatched, not yet running
	Started         ExecutionStatus = "started"
	Terminated      ExecutionStatus = "terminated"
	Failed          ExecutionStatus = "failed"
	Cancelling      ExecutionStatus = "cancelling"
	ForceCancelling ExecutionStatus = "force_cancelling"
	KillCancelling  ExecutionStatus = "kill_cancelling"
	Cancelled       ExecutionStatus = "cancelled"
	Queued          ExecutionStatus = "queued"
	Scheduled       ExecutionStatus = "scheduled"
)

// executionMoves is the transition table; docs/state_machine.md draws it.
var executionMoves = map[ExecutionStatus][]ExecutionStatus{
	Scheduled:       {Queued, Pending, Cancelled},
	Queued:          {Pending, Failed, Cancelled},
	Pending:         {Started, Cancelling, ForceCancelling, KillCancelling, Failed, Cancelled},
	Started:         {Terminated, Failed, Cancelling, ForceCancelling, KillCancelling},
	Cancelling:      {Cancelled, Failed, ForceCancelling, KillCancelling},
	ForceCancelling: {Cancelled, Failed, KillCancelling},
	KillCancelling:  {Cancelled},
}

// Final reports whether the status is an end state.
func (s ExecutionStatus) Final() bool {
	return s == Terminated || s == Failed || s == Cancelled
}

// Active reports whether the execution runs or is about to.
func (s ExecutionStatus) Active() bool {
	return slices.Contains([]ExecutionStatus{Pending, Started, Cancelling, ForceCancelling, KillCancelling}, s)
}

// Cancelling reports whether a cancel was asked for and has not ended the
// execution yet.
func (s ExecutionStatus) Cancelling() bool {
	return s == Cancelling || s == ForceCancelling || s == KillCancelling
}

// Display is the word that pages and tables show.
func (s ExecutionStatus) Display() string {
	if s == Terminated {
		return "completed"
	}
	return string(s)
}

// CanMove reports whether an execution may go from s to next. Staying is fine;
// an end state is final.
func (s ExecutionStatus) CanMove(next ExecutionStatus) bool {
	return s == next || slices.Contains(executionMoves[s], next)
}

// InstanceState is the state of a node instance; only workflows set it.
type InstanceState string

// The instance states in the order of a life.
const (
	Uninitialized   InstanceState = "uninitialized"
	Initializing    InstanceState = "initializing"
	Creating        InstanceState = "creating"
	Created         InstanceState = "created"
	Configuring     InstanceState = "configuring"
	Configured      InstanceState = "configured"
	Starting        InstanceState = "starting"
	InstanceStarted InstanceState = "started"
	Stopping        InstanceState = "stopping"
	Stopped         InstanceState = "stopped"
	Deleting        InstanceState = "deleting"
	Deleted         InstanceState = "deleted"
)

// StepState is the state of a touched step.
type StepState string

// The step states. Waiting is a component step whose child runs: it holds no
// operation slot. Polling and Retrying wait for StepRecord.NotBefore.
const (
	StepRunning   StepState = "running"  // intent journaled, no outcome yet
	StepWaiting   StepState = "waiting"  // for StepRecord.ChildID to end
	StepPolling   StepState = "polling"  // "ask again" answered
	StepRetrying  StepState = "retrying" // an error answered; budget left
	StepSucceeded StepState = "succeeded"
	StepFailed    StepState = "failed"  // for good
	StepIgnored   StepState = "ignored" // failed, and the workflow said to go on
)

// Done reports whether steps after this one may start.
func (s StepState) Done() bool { return s == StepSucceeded || s == StepIgnored }
