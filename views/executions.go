package views

// ExecutionsPage lists executions, newest first.
type ExecutionsPage struct {
	Chrome
	Filters []Filter
	Search  Search
	Rows    []ExecutionRow
	Pager   Pager
	None    string
}

// ExecutionRow is one execution of the list.
type ExecutionRow struct {
	Workflow, Href string
	ID             string
	Deployment     string
	DeploymentHref string
	Rehearsal      bool
	State          Mark
	Reason         string
	Steps          string // "24 of 29"
	Took, By       string
	Started        When
}

// CancelPage says what stopping will do before anybody does it.
type CancelPage struct {
	Chrome
	Heading  string
	Sentence string
	Finishes []Waiting // acts in flight: left to finish
	NotBegun string
	Remains  string
	Action   string
	Back     Link
	Blocked  *Notice
}
