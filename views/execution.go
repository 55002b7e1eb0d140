package views

// ExecutionPage is one execution: why it waits, where its time goes, what it
// says, and how to stop it.
type ExecutionPage struct {
	Chrome
	ExecutionParts
	Log  Log
	With []Row // what it was started with; no secret value is among them
}

// ExecutionParts is what moves on an execution's page.
type ExecutionParts struct {
	Heading   string // "install of app_dev_small"
	State     Mark
	Rehearsed bool
	Sentence  string
	Actions   []Action
	Failure   *Notice
	Progress  *Progress
	Facts     []Fact
	Waiting   []Waiting
	Timeline  TimelineView
	Stop      *Stop // nil where there is nothing to stop, and nothing was
	// Groups are the heads of the log's steps, as they are now.
	Groups []LogGroup
}

// Stop is what cancelling does, or did.
type Stop struct {
	Heading string // "Stop this execution"; "What Cancel did"
	Title   string // "Cancel"
	Action  *Action
	Lines   []string
	More    *Link // what one may want to do next
}
