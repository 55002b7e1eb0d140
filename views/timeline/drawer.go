package timeline

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// drawer places rows and bars on one scale.
type drawer struct {
	now         time.Time
	from, until time.Time
	moving      bool
	onChain     map[*Step]bool
	nodes, runs int
}

// measure finds where the scale begins and ends.
func (d *drawer) measure(run Run) {
	for i := range run.Steps {
		s := &run.Steps[i]
		if s.Began.IsZero() {
			continue
		}
		if d.from.IsZero() || s.Began.Before(d.from) {
			d.from = s.Began
		}
		if end := s.end(d.now); end.After(d.until) {
			d.until = end
		}
		if s.moves() {
			d.moving = true
		}
		for _, inner := range s.Inner {
			d.measure(inner.Run)
		}
	}
}

func (s *Step) moves() bool { return s.State == Running || s.State == Retrying }

// x is a moment's place on the scale.
func (d *drawer) x(at time.Time) float64 {
	return float64(at.Sub(d.from)) / float64(d.until.Sub(d.from)) * 100
}

// entry is a row with what is inside it.
type entry struct {
	row   Row
	steps []*Step
	inner []Row
}

// rows are those of a run in the order in which they began, each component's
// own behind it, and what has not begun last, in one row.
func (d *drawer) rows(run Run, depth int) []Row {
	d.runs++
	var begun []entry
	waiting := Row{Depth: depth, State: Waiting}
	if run.Ended {
		waiting.State = NotBegun
	}
	for _, steps := range byRow(run) {
		d.nodes++
		e := d.entry(steps, depth, run.Ended)
		if !e.row.Begun {
			waiting.add(e.row)
			continue
		}
		begun = append(begun, e)
	}
	slices.SortStableFunc(begun, func(a, b entry) int { return cmp.Compare(a.row.Began, b.row.Began) })
	var rows []Row
	for _, e := range begun {
		rows = append(rows, e.row)
		rows = append(rows, e.inner...)
	}
	if waiting.More > 0 {
		rows = append(rows, waiting)
	}
	return rows
}

// byRow gathers the steps of each row, leaving out rows where nothing is done.
func byRow(run Run) [][]*Step {
	place := map[string]int{}
	var rows [][]*Step
	for i := range run.Steps {
		s := &run.Steps[i]
		if s.Silent {
			continue
		}
		at, ok := place[s.Row]
		if !ok {
			at = len(rows)
			place[s.Row] = at
			rows = append(rows, nil)
		}
		rows[at] = append(rows[at], s)
	}
	return rows
}

// add takes another node into a row that stands for several.
func (r *Row) add(other Row) {
	if r.More == 0 {
		r.Key, r.Name = other.Key, other.Name
	}
	r.More++
}

// entry is the row of some steps; ended says that no more of them will begin.
func (d *drawer) entry(steps []*Step, depth int, ended bool) entry {
	e := entry{row: Row{Key: steps[0].Row, Depth: depth, Name: steps[0].Name, State: Done}, steps: steps}
	var from, until time.Time
	var acts []string
	open := false
	for _, s := range steps {
		if s.Began.IsZero() {
			open = true
			continue
		}
		if from.IsZero() || s.Began.Before(from) {
			from = s.Began
		}
		until = later(until, s.end(d.now))
		acts = append(acts, s.Act)
		e.row.State = worse(e.row.State, s.State)
		e.row.Tries += len(s.Failed)
		e.row.Chain = e.row.Chain || d.onChain[s]
		for _, inner := range s.Inner {
			e.row.Group, e.row.Sub, e.row.Href = true, inner.Sub, inner.Href
			e.inner = append(e.inner, d.rows(inner.Run, depth+1)...)
		}
	}
	if from.IsZero() {
		return e
	}
	e.row.Begun, e.row.Began, e.row.Took = true, from.Sub(d.from), until.Sub(from)
	e.row.Acts = strings.Join(slices.Compact(acts), ", ")
	if open && ended {
		e.row.State = worse(e.row.State, Stopped)
	} else if open {
		e.row.State = worse(e.row.State, Waiting) // between two acts
	}
	e.row.Bars = d.bars(e, from, until)
	return e
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// bars are one for each operation, with its failed attempts on top; a component
// has one around all that it did.
func (d *drawer) bars(e entry, from, until time.Time) []Bar {
	if e.row.Group {
		return []Bar{d.bar(from, until, Around, "")}
	}
	var bars []Bar
	for _, s := range e.steps {
		if s.Began.IsZero() {
			continue
		}
		look := Slack
		switch {
		case s.moves():
			look = Moving
		case d.onChain[s]:
			look = OnChain
		}
		if s.State == Failed && len(s.Failed) == 0 {
			look = FailedTry
		}
		bars = append(bars, d.bar(s.Began, s.end(d.now), look, s.Act))
		for _, failed := range s.Failed {
			bars = append(bars, d.bar(failed.From, failed.To, FailedTry, s.Act+", a failed try"))
		}
	}
	return bars
}

func (d *drawer) bar(from, until time.Time, look Look, title string) Bar {
	x, w := d.x(from), d.x(until)-d.x(from)
	if w < thinnest {
		w = thinnest
	}
	return Bar{X: min(x, 100-w), W: w, Look: look, Title: title}
}
