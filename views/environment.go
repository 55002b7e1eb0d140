package views

import "github.com/slipwayhq/slipway/views/topology"

// EnvironmentPage is one environment: what it is, how it is, what is happening.
type EnvironmentPage struct {
	Chrome
	EnvironmentParts
	Log    Log
	Inputs []Row
}

// EnvironmentParts is what moves while work is under way. All of it is rendered
// from current rows and may be rendered again at any time.
type EnvironmentParts struct {
	Name       string
	State      Mark
	Cell       string
	Rehearsed  bool
	Sentence   string
	Actions    []Action
	Progress   *Progress
	Facts      []Fact
	Failure    *Notice // why the newest execution failed, with the way out
	Executions []ExecutionDot
	AllRuns    Link
	Topology   TopologyView
	Waiting    []Waiting
	Components []ComponentRow // the deployments inside
	Nodes      []ComponentRow // everything, components included
	// Capabilities are what the environment offers.
	Capabilities []Capability
	Ready        string // "3 of 6 ready"
}

// Action is a button of a page's head. Risky ones come last.
type Action struct {
	Text    string
	Href    string // a page that asks first; or, with Post, what it does
	Post    bool
	Primary bool
	Danger  bool
	Why     string // set when it cannot be done now: why, and what would help
}

// ExecutionDot is one of the newest executions, side by side.
type ExecutionDot struct {
	Mark    Mark
	Quiet   string // "6 m 12 s, you"
	Href    string
	Current bool
}

// TopologyView is the drawing with what stands above it.
type TopologyView struct {
	Drawing topology.Drawing
	Count   string // "29 nodes, 7 deployments"
	Legend  []Mark // with counts: "Started 24"
	Label   string
	// Picked is the line about the node that was picked.
	Picked *PickedNode
}

// PickedNode is what is known about a node that somebody pressed.
type PickedNode struct {
	Mark       Mark
	Name       string
	Deployment string
	Text       string
	Clear      string
}

// Waiting is something that has not happened yet, and why.
type Waiting struct {
	Mark Mark
	Name string
	When string // "try 2 of 60, in 9 s"
	Why  string
}

// ComponentRow is a line of the topology's accessible twin.
type ComponentRow struct {
	Depth      int
	Node, Href string
	Type       string // a node's type, a component's blueprint
	Deployment string
	State      Mark
	Nodes      string // "6 of 6"
	Took       string // a component's newest execution; a node's act under way
	Component  bool
}

// Capability is a value that the environment offers to people and to other
// deployments.
type Capability struct {
	Name, Description string
	// Value is empty while Pending says what it waits for, or while the value
	// is masked.
	Value   string
	Pending string
	Masked  bool
	Reveal  string // address; empty when the person may not
	Link    bool   // the value is an address that a browser can open
	Long    bool   // more than a line
	// Revealed says that a mask was taken off: drawing the page again keeps it.
	Revealed bool
}

// Row is a name with its value.
type Row struct{ Name, Value string }

// ConfirmPage asks before something is destroyed, and lists what.
type ConfirmPage struct {
	Chrome
	Heading      string
	Sentence     string
	Consequences []string
	// Blocked says why it cannot be done now; there is no button then.
	Blocked *Notice
	// Name has to be typed; empty asks without typing.
	Name   string
	Error  string
	Action string
	Button string
	Back   Link
}

// ValuePage shows one revealed value to a browser without scripting.
type ValuePage struct {
	Chrome
	Name  string
	Value string
	Back  Link
}
