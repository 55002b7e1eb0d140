package timeline

import "time"

// Run is one execution.
type Run struct {
	Steps []Step // in the order of its workflow
	// Ended says that what was not begun never will be.
	Ended bool
}

// Step is one act of a run.
type Step struct {
	ID    string
	After []string // the steps of the same run that it waited for
	Row   string   // which row it belongs to: the node instance
	Name  string   // what the row is called
	Act   string   // what the step does, in a word: "create"
	// Silent steps only carry the order: they are decided on the spot.
	Silent bool
	State  State
	Began  time.Time   // zero: not begun
	Ended  time.Time   // zero: not ended
	Failed []Stretch   // the attempts that failed
	Inner  []Component // the runs that it started and waited for
}

// Component is a run below a step, with what its row says beside the name.
type Component struct {
	Run  Run
	Sub  string
	Href string
}

// Stretch is a piece of time.
type Stretch struct{ From, To time.Time }

// State is what became of a step, and of a row.
type State string

// The states, from the one that wants a person's eye least.
const (
	Done     State = "done"
	NotBegun State = "not begun" // and will not be: the run has ended
	Waiting  State = "waiting"   // for its turn
	Stopped  State = "stopped"   // left in the middle
	Running  State = "running"
	Retrying State = "retrying"
	Failed   State = "failed"
)

var rank = map[State]int{Done: 0, NotBegun: 1, Waiting: 2, Stopped: 3, Running: 4, Retrying: 5, Failed: 6}

// worse is the state that stands for both.
func worse(a, b State) State {
	if rank[b] > rank[a] {
		return b
	}
	return a
}
