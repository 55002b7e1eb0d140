package views

import (
	"github.com/slipwayhq/slipway/orchestrator"
)

// EnvironmentMark answers "is it up?". latest is the newest execution, nil
// before the first; what was last done is another question (OperationMark).
func EnvironmentMark(installation orchestrator.InstallationStatus, status orchestrator.DeploymentStatus, latest *orchestrator.Execution) Mark {
	if latest != nil && !latest.Status.Final() {
		return underWay(latest)
	}
	switch {
	case latest == nil, latest.Workflow == "uninstall" && latest.Status == orchestrator.Terminated:
		return Mark{"queued", "Not built"}
	case installation == orchestrator.Active && status != orchestrator.RequiresAttention:
		return Mark{"ok", "Up"}
	default:
		return Mark{"attn", "Needs attention"}
	}
}

func underWay(e *orchestrator.Execution) Mark {
	switch {
	case e.Status == orchestrator.Queued, e.Status == orchestrator.Scheduled:
		return Mark{"queued", "Queued"}
	case stopping(e.Status):
		return Mark{"cancelling", "Cancelling"}
	case e.Workflow == "uninstall":
		return Mark{"deleting", "Coming down"}
	case e.Workflow == "install":
		return Mark{"running", "Coming up"}
	default:
		return Mark{"running", "Working"}
	}
}

func stopping(s orchestrator.ExecutionStatus) bool {
	return s == orchestrator.Cancelling || s == orchestrator.ForceCancelling || s == orchestrator.KillCancelling
}

// OperationMark answers "what was last done, and how did it end?".
func OperationMark(e *orchestrator.Execution) Mark {
	mark := ExecutionMark(e.Status)
	return Mark{mark.Kind, e.Workflow + " " + lower(mark.Word)}
}

// ExecutionMark is the state of an execution.
func ExecutionMark(s orchestrator.ExecutionStatus) Mark {
	switch s {
	case orchestrator.Terminated:
		return Mark{"ok", "Completed"}
	case orchestrator.Failed:
		return Mark{"fail", "Failed"}
	case orchestrator.Cancelled:
		return Mark{"cancelled", "Cancelled"}
	case orchestrator.Cancelling, orchestrator.ForceCancelling, orchestrator.KillCancelling:
		return Mark{"cancelling", "Cancelling"}
	case orchestrator.Started:
		return Mark{"running", "Running"}
	case orchestrator.Scheduled:
		return Mark{"queued", "Scheduled"}
	case orchestrator.Queued:
		return Mark{"queued", "Queued"}
	default:
		return Mark{"queued", "Pending"}
	}
}

// InstanceMark is the state of a node instance. step is the state of what is
// being done to it now, empty when nothing is.
func InstanceMark(s orchestrator.InstanceState, step orchestrator.StepState) Mark {
	switch step {
	case orchestrator.StepFailed:
		return Mark{"fail", "Failed while " + string(s)}
	case orchestrator.StepRetrying:
		return Mark{"attn", "Retrying, " + string(s)}
	}
	switch s {
	case orchestrator.InstanceStarted:
		return Mark{"ok", "Started"}
	case orchestrator.Uninitialized:
		return Mark{"queued", "Waiting"}
	case orchestrator.Deleted:
		return Mark{"cancelled", "Deleted"}
	case orchestrator.Initializing, orchestrator.Creating, orchestrator.Configuring, orchestrator.Starting,
		orchestrator.Stopping, orchestrator.Deleting:
		return Mark{"running", title(string(s))}
	default: // created, configured, stopped: between two acts
		if step == orchestrator.StepRunning || step == orchestrator.StepPolling || step == orchestrator.StepWaiting {
			return Mark{"running", title(string(s))}
		}
		return Mark{"queued", title(string(s))}
	}
}

// worst orders marks by how much they want a person's eye.
var worst = map[string]int{"fail": 6, "attn": 5, "cancelling": 4, "deleting": 3, "running": 3, "queued": 2, "cancelled": 1, "ok": 0}

// WorstMark is the mark of a container: that of its worst child. No child
// means that nothing is built.
func WorstMark(marks []Mark) Mark {
	if len(marks) == 0 {
		return Mark{"queued", "Waiting"}
	}
	out := marks[0]
	waiting, done := 0, 0
	for _, m := range marks {
		if worst[m.Kind] > worst[out.Kind] {
			out = m
		}
		switch m.Kind {
		case "queued":
			waiting++
		case "ok":
			done++
		}
	}
	// Some up and some waiting is work under way, not a queue.
	if out.Kind == "queued" && waiting > 0 && done > 0 {
		return Mark{"running", "Starting"}
	}
	return out
}

func lower(word string) string {
	if word == "" {
		return ""
	}
	return string(word[0]|0x20) + word[1:]
}

func title(word string) string {
	if word == "" {
		return ""
	}
	return string(word[0]&^0x20) + word[1:]
}
