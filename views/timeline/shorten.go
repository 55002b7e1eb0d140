package timeline

// shorten tells finished components by their longest chain and their failed
// tries; the rest of each stands in one row.
func shorten(rows []Row) []Row {
	var out []Row
	for i := 0; i < len(rows); {
		out = append(out, rows[i])
		if !rows[i].Group || rows[i].State != Done {
			i++
			continue
		}
		depth := rows[i].Depth + 1
		rest := Row{Depth: depth, State: Done, Begun: true}
		for i++; i < len(rows) && rows[i].Depth >= depth; i++ {
			if row := rows[i]; row.Chain || row.Tries > 0 || row.Group && holdsChain(rows[i:]) {
				out = append(out, row)
				continue
			}
			rest.cover(rows[i])
		}
		if rest.More > 0 {
			out = append(out, rest)
		}
	}
	return out
}

// holdsChain reports whether the first row's component has a part of the chain.
func holdsChain(rows []Row) bool {
	for _, row := range rows[1:] {
		if row.Depth <= rows[0].Depth {
			return false
		}
		if row.Chain {
			return true
		}
	}
	return false
}

// cover takes another row's time in.
func (r *Row) cover(other Row) {
	if len(other.Bars) == 0 {
		return
	}
	first, last := other.Bars[0], other.Bars[len(other.Bars)-1]
	until := max(r.Began+r.Took, other.Began+other.Took)
	if r.More == 0 {
		r.Began, r.Bars = other.Began, []Bar{{X: first.X, Look: Slack}}
	}
	end := max(r.Bars[0].X+r.Bars[0].W, last.X+last.W)
	r.add(other)
	r.Began, r.Bars[0].X = min(r.Began, other.Began), min(r.Bars[0].X, first.X)
	r.Took, r.Bars[0].W = until-r.Began, end-r.Bars[0].X
}
