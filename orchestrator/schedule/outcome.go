package schedule

import (
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Outcome is news for a Run: what became of a try, that a child execution
// ended, or that somebody asked to cancel. News about a step that is not in
// flight is ignored.
//
// A try that ended only because the server stops or lost its lease has no
// outcome: report nothing; its intent stays open and is asked again later.
type Outcome interface{ outcome() }

// Succeeded says that the operation is done. Result is its return value as
// text, empty for none.
type Succeeded struct {
	StepID string
	Result string
}

// Again says that the operation is not done and wants to be asked again. It
// uses up no retries. A false answer of host.get_state is an Again, too.
type Again struct {
	StepID string
	// After is a real-cloud time, Setup.Speed divides it; zero or less means
	// the step's own interval.
	After  time.Duration
	Reason string // for people: "instance i-0abc is pending"
}

// Wait says that the step sleeps until a child execution ends. It holds no
// operation slot meanwhile.
type Wait struct {
	StepID  string
	ChildID string
	// Limit is how long to wait at most, zero for no limit. A step that reaches
	// it fails for good; its child goes on.
	Limit  time.Duration
	Reason string // for people; empty: a sentence that names the child
}

// ChildEnded says that an execution which a step waits for has ended, in
// whatever way. The step is then started again and told how its child ended
// (Start.ChildID).
type ChildEnded struct{ ChildID string }

// Failed says that the try failed.
type Failed struct {
	StepID string
	Err    string // what events and people read, redacted
	// Fatal: hopeless, do not retry.
	Fatal bool
	// RetryAfter replaces the step's interval when above zero; a real-cloud
	// time, Setup.Speed divides it.
	RetryAfter time.Duration
	// Rescheduled: the operation itself asked for the retry
	// (ctx.operation.retry). It uses up the same budget, but is honoured even
	// where a step's failure is ignored.
	Rescheduled bool
	// Causes go into the event; the first one's type, message and traceback
	// also into the execution's error text.
	Causes []orchestrator.ErrorCause
}

// CancelRequested says that the execution shall be cancelled: nothing new
// starts, neither steps nor retries; what is in flight is awaited.
type CancelRequested struct{}

func (Succeeded) outcome()       {}
func (Again) outcome()           {}
func (Wait) outcome()            {}
func (ChildEnded) outcome()      {}
func (Failed) outcome()          {}
func (CancelRequested) outcome() {}
