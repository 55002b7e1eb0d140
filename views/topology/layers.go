package topology

import (
	"cmp"
	"slices"
)

// cell is a place in a column: an item, or a bend of an edge that passes by.
type cell struct {
	item   int // index into Graph.Items; -1 for a bend
	column int
	size   size
	at     point // filled by stack
	rank   float64
}

// link joins two cells of neighbouring columns.
type link struct{ from, to int }

// sheet is one graph's cells and links, before and after placing.
type sheet struct {
	cells   []cell
	links   []link
	columns [][]int // indexes of cells, top to bottom
}

// layer spreads the items over columns and inserts bends.
func layer(g Graph, sizes []size) sheet {
	edges := reduce(g)
	column := longestPaths(len(g.Items), edges)
	var s sheet
	for i := range g.Items {
		s.cells = append(s.cells, cell{item: i, column: column[i], size: sizes[i]})
	}
	for _, e := range edges {
		last := e.from
		for c := column[e.from] + 1; c < column[e.to]; c++ {
			s.cells = append(s.cells, cell{item: -1, column: c, size: size{0, bendHeight}})
			s.links = append(s.links, link{last, len(s.cells) - 1})
			last = len(s.cells) - 1
		}
		s.links = append(s.links, link{last, e.to})
	}
	for i, c := range s.cells {
		for len(s.columns) <= c.column {
			s.columns = append(s.columns, nil)
		}
		s.columns[c.column] = append(s.columns[c.column], i)
	}
	return s
}

// reduce resolves the edges to indexes, drops those that a longer path implies,
// those to unknown items, and what would close a cycle (a drawing must not fail
// where the engine already refused).
func reduce(g Graph) []link {
	index := make(map[string]int, len(g.Items))
	for i, item := range g.Items {
		index[item.ID] = i
	}
	after := make([][]int, len(g.Items))
	for _, e := range g.Edges {
		from, okFrom := index[e.From]
		to, okTo := index[e.To]
		if okFrom && okTo && from != to && !slices.Contains(after[from], to) && !reaches(after, to, from) {
			after[from] = append(after[from], to)
		}
	}
	var out []link
	for from, tos := range after {
		for _, to := range tos {
			implied := slices.ContainsFunc(tos, func(other int) bool { return other != to && reaches(after, other, to) })
			if !implied {
				out = append(out, link{from, to})
			}
		}
	}
	return out
}

func reaches(after [][]int, from, to int) bool {
	if from == to {
		return true
	}
	seen := make([]bool, len(after))
	stack := []int{from}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, next := range after[at] {
			if next == to {
				return true
			}
			if !seen[next] {
				seen[next] = true
				stack = append(stack, next)
			}
		}
	}
	return false
}

// longestPaths gives each item the column after the last one that it waits for.
func longestPaths(n int, edges []link) []int {
	column := make([]int, n)
	// At most n rounds: the edges have no cycle.
	for changed := true; changed; {
		changed = false
		for _, e := range edges {
			if column[e.to] <= column[e.from] {
				column[e.to] = column[e.from] + 1
				changed = true
			}
		}
	}
	return column
}

// order sorts each column by the middle of its neighbours, sweeping to and fro;
// items without neighbours keep their place, ties keep the written order.
func (s *sheet) order() {
	for sweep := range 4 {
		forward := sweep%2 == 0
		place := s.places()
		for step := range s.columns {
			c := step
			if !forward {
				c = len(s.columns) - 1 - step
			}
			for position, id := range s.columns[c] {
				s.cells[id].rank = s.middle(id, place, forward, float64(position))
			}
			slices.SortStableFunc(s.columns[c], func(a, b int) int { return cmp.Compare(s.cells[a].rank, s.cells[b].rank) })
			for position, id := range s.columns[c] {
				place[id] = float64(position)
			}
		}
	}
}

func (s *sheet) places() []float64 {
	place := make([]float64, len(s.cells))
	for _, column := range s.columns {
		for position, id := range column {
			place[id] = float64(position)
		}
	}
	return place
}

func (s *sheet) middle(id int, place []float64, forward bool, own float64) float64 {
	sum, n := 0.0, 0
	for _, l := range s.links {
		switch {
		case forward && l.to == id:
			sum, n = sum+place[l.from], n+1
		case !forward && l.from == id:
			sum, n = sum+place[l.to], n+1
		}
	}
	if n == 0 {
		return own
	}
	return sum / float64(n)
}
