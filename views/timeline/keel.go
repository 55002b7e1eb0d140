package timeline

import "slices"

// keel draws the longest chain as one line from bar to bar. A step's end and the
// next one's beginning are joined across in the row of the first, then down or
// up to the row of the second.
func (d *drawer) keel(rows []Row, steps []*Step) {
	place := make(map[string]int, len(rows))
	for i, row := range rows {
		if !row.Group && row.Begun {
			place[row.Key] = i
		}
	}
	// What a component's node does itself has no bar of its own to lead to.
	steps = slices.DeleteFunc(steps, func(s *Step) bool { _, drawn := place[s.Row]; return !drawn })
	for i := 0; i+1 < len(steps); i++ {
		a, b := place[steps[i].Row], place[steps[i+1].Row]
		if a == b {
			continue
		}
		from := d.x(steps[i].end(d.now))
		to := max(from, d.x(steps[i+1].Began))
		rows[a].Keel = append(rows[a].Keel, Line{from, to, Middle, Middle})
		if a < b {
			rows[a].Keel = append(rows[a].Keel, Line{to, to, Middle, Bottom})
			rows[b].Keel = append(rows[b].Keel, Line{to, to, Top, Middle})
		} else {
			rows[a].Keel = append(rows[a].Keel, Line{to, to, Top, Middle})
			rows[b].Keel = append(rows[b].Keel, Line{to, to, Middle, Bottom})
		}
		for between := min(a, b) + 1; between < max(a, b); between++ {
			rows[between].Keel = append(rows[between].Keel, Line{to, to, Top, Bottom})
		}
	}
}
