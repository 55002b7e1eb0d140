package views

// EnvironmentsPage is the list of environments.
type EnvironmentsPage struct {
	Chrome
	Filters []Filter
	Search  Search
	Owner   []Filter // mine, team
	Rows    []EnvironmentRow
	Pager   Pager
	// First is set when the team has no environment at all; Found says that a
	// filter leaves none, with the filter's name and the way to clear it.
	First bool
	None  string
}

// EnvironmentRow is one environment. State ("is it up?") and operation ("what
// was last done?") are two columns: they disagree exactly when it matters.
type EnvironmentRow struct {
	Name, Href string
	Cell       string
	Rehearsal  bool
	State      Mark
	Operation  Mark
	By         string // "you, 6 m 12 s"
	Reason     string
	Owner      string
	Created    When
	// Progress is drawn on the row's hairline while something runs.
	Progress *Progress
}

// Progress is work done out of work known.
type Progress struct {
	Done, Total int
	Label       string // "24 of 29 steps"
}
