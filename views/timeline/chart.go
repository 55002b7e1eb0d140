package timeline

import "time"

// Chart is a timeline ready to be drawn. Places are hundredths of its width.
type Chart struct {
	Rows  []Row
	Ticks []Tick
	Now   float64 // where now is, while something runs; else negative
	Nodes int     // nodes that were worked on or will be
	Runs  int     // executions, the outermost included
}

// Row is a node, a component, or several nodes in one.
type Row struct {
	Key   string // the first of its steps' Row
	Depth int    // 1 for the outermost run's
	Name  string
	Sub   string // a component's deployment
	Href  string // a component's own execution
	Group bool   // the rows below it, one deeper, are its own
	More  int    // how many nodes stand behind the name: a row in short
	State State
	Chain bool // on the longest chain
	Tries int  // failed attempts
	Begun bool
	Began time.Duration // after the beginning of the chart
	Took  time.Duration // until now while it runs
	Bars  []Bar
	Keel  []Line // the longest chain's way through the row
	Acts  string // what was done, in order
}

// Look is how a bar is drawn.
type Look string

// The looks of bars.
const (
	Slack     Look = "slack"
	OnChain   Look = "chain"
	Moving    Look = "moving"
	FailedTry Look = "failed"
	Around    Look = "around" // a component, around what is inside
)

// Bar is a stretch of a row.
type Bar struct {
	X, W  float64
	Look  Look
	Title string
}

// Line is a straight piece of the chain: across at the row's middle, or down.
type Line struct {
	X1, X2 float64
	Y1, Y2 Level
}

// Level is a height within a row.
type Level int

// The heights.
const (
	Top Level = iota
	Middle
	Bottom
)

// Tick is a mark on the scale.
type Tick struct {
	X  float64
	At time.Duration
}

// Bounds of a chart: thinner bars would be lost, and of more rows the finished
// components are told in short.
const (
	thinnest = 0.25
	mostRows = 70
)

// Draw lays a run out. now ends what still runs.
func Draw(run Run, now time.Time) Chart {
	d := &drawer{now: now, onChain: map[*Step]bool{}}
	d.measure(run)
	if d.from.IsZero() {
		return Chart{Now: -1}
	}
	if !d.until.After(d.from) {
		d.until = d.from.Add(time.Millisecond)
	}
	steps := chain(run, now)
	for _, s := range steps {
		d.onChain[s] = true
	}
	rows := d.rows(run, 1)
	if len(rows) > mostRows {
		rows = shorten(rows)
	}
	c := Chart{Rows: rows, Ticks: ticks(d.until.Sub(d.from)), Now: -1, Nodes: d.nodes, Runs: d.runs}
	if d.moving {
		c.Now = d.x(now)
	}
	d.keel(c.Rows, steps)
	return c
}
