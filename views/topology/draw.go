package topology

import (
	"fmt"
	"slices"
	"strings"
)

// Sizes in CSS pixels at 100 %.
const (
	nodeHeight = 26
	portWidth  = 26
	rowGap     = 10
	columnGap  = 28 // room for the bends between two columns
	bendHeight = 2
	padding    = 12
	header     = 30 // a container's own line
	foldHeight = 38 // a folded container
	rulerSpace = 34
	corner     = 6
	maxName    = 34 // characters; longer names lose their middle
)

type size struct{ w, h int }
type point struct{ x, y int }

// Drawing is a placed graph. Everything is in absolute pixels.
type Drawing struct {
	Width, Height int
	Ruler         []Stretch
	Boxes         []Shape // containers, outermost first
	Nodes         []Shape
	Wires         []Wire
}

// Shape is a node or container in its place.
type Shape struct {
	Item       Item
	Name       string // Item.Name, shortened to fit
	X, Y, W, H int
	Depth      int // 1 for the outermost
	Folded     bool
}

// Wire is an edge as an SVG path. Kind is the kind of the item it leads to.
type Wire struct {
	Path string
	Kind string
}

// Stretch is one step of the outermost order on the ruler.
type Stretch struct {
	X, W int
	Text string
}

// Draw places the graph.
func Draw(g Graph) Drawing {
	d := Drawing{}
	s := place(g, 1)
	total := s.extent()
	d.emit(g, s, point{0, rulerSpace}, 1)
	d.ruler(g, s)
	d.Width, d.Height = max(total.w, 1), total.h+rulerSpace
	return d
}

// placed is a laid-out graph with the laid-out insides of its containers.
type placed struct {
	sheet
	inner []placed // by item; zero for nodes
	xs    []int    // left edge of each column
	total size
}

func (p *placed) extent() size { return p.total }

func place(g Graph, depth int) placed {
	p := placed{inner: make([]placed, len(g.Items))}
	sizes := make([]size, len(g.Items))
	for i, item := range g.Items {
		if item.Inner != nil && len(item.Inner.Items) > 0 {
			p.inner[i] = place(*item.Inner, depth+1)
			sizes[i] = containerSize(item, p.inner[i].total)
			continue
		}
		sizes[i] = nodeSize(item)
	}
	p.sheet = layer(g, sizes)
	p.order()
	p.stack()
	p.level()
	return p
}

// stack gives each column its width and each cell its height in it; columns are
// centred on the tallest.
func (p *placed) stack() {
	heights := make([]int, len(p.columns))
	for c, column := range p.columns {
		for _, id := range column {
			heights[c] += p.cells[id].size.h
		}
		heights[c] += rowGap * max(len(column)-1, 0)
		p.total.h = max(p.total.h, heights[c])
	}
	x := 0
	for c, column := range p.columns {
		width, hasContainer := 0, false
		for _, id := range column {
			width = max(width, p.cells[id].size.w)
			hasContainer = hasContainer || p.cells[id].size.h > nodeHeight
		}
		y := (p.total.h - heights[c]) / 2
		for _, id := range column {
			cell := &p.cells[id]
			cell.at = point{x, y}
			if p.stretches(*cell, hasContainer) {
				cell.size.w = width
			}
			y += cell.size.h + rowGap
		}
		p.xs = append(p.xs, x)
		x += width + columnGap
	}
	p.total.w = max(x-columnGap, 0)
}

// level moves each column, left to right, so that most of its edges run straight,
// as far as the sheet's height allows.
func (p *placed) level() {
	for c := 1; c < len(p.columns); c++ {
		var away []int
		for _, l := range p.links {
			if p.cells[l.to].column == c {
				away = append(away, p.cells[l.from].middle()-p.cells[l.to].middle())
			}
		}
		if len(away) == 0 {
			continue
		}
		slices.Sort(away)
		column := p.columns[c]
		first, last := p.cells[column[0]], p.cells[column[len(column)-1]]
		shift := max(away[len(away)/2], -first.at.y)
		shift = min(shift, p.total.h-last.at.y-last.size.h)
		for _, id := range column {
			p.cells[id].at.y += shift
		}
	}
}

// middle is where edges meet a cell.
func (c cell) middle() int { return c.at.y + c.size.h/2 }

// stretches says which cells take their column's width: bends, so that an edge
// passes straight; containers; and nodes, unless they would dress up as one.
func (p *placed) stretches(c cell, besideContainer bool) bool {
	switch {
	case c.item < 0, c.size.h > nodeHeight:
		return true
	default:
		return c.size.w > portWidth && !besideContainer
	}
}

func nodeSize(item Item) size {
	if item.Port {
		return size{portWidth, nodeHeight}
	}
	w := 26 + textWidth(shorten(item.Name)) + 10
	if item.Note != "" {
		w += 14 + textWidth(item.Note)
	}
	if item.Inner != nil || item.Sub != "" {
		return size{w + 8 + monoWidth(item.Sub), foldHeight}
	}
	return size{w, nodeHeight}
}

func containerSize(item Item, inner size) size {
	title := 30 + textWidth(shorten(item.Name)) + 8 + monoWidth(item.Sub) + 16 + textWidth(item.Note) + 12
	return size{max(inner.w+2*padding, title), inner.h + header + padding}
}

func (d *Drawing) emit(g Graph, p placed, origin point, depth int) {
	for _, cell := range p.cells {
		if cell.item < 0 {
			continue
		}
		item := g.Items[cell.item]
		shape := Shape{Item: item, Name: shorten(item.Name), X: origin.x + cell.at.x, Y: origin.y + cell.at.y, W: cell.size.w, H: cell.size.h, Depth: depth}
		inner := p.inner[cell.item]
		if inner.columns == nil {
			shape.Folded = item.Sub != ""
			d.Nodes = append(d.Nodes, shape)
			continue
		}
		d.Boxes = append(d.Boxes, shape)
		d.emit(*item.Inner, inner, point{shape.X + padding, shape.Y + header}, depth+1)
	}
	for _, l := range p.links {
		d.Wires = append(d.Wires, Wire{Path: p.path(l, origin), Kind: p.leadsTo(g, l)})
	}
}

// leadsTo follows bends to the item at the end.
func (p *placed) leadsTo(g Graph, l link) string {
	for p.cells[l.to].item < 0 {
		for _, next := range p.links {
			if next.from == l.to {
				l = next
				break
			}
		}
	}
	return g.Items[p.cells[l.to].item].Kind
}

// path draws a link: straight where both ends are level, else square with round
// corners, turning in the gap before the column it leads to.
func (p *placed) path(l link, origin point) string {
	from, to := p.cells[l.from], p.cells[l.to]
	a := point{origin.x + from.at.x + from.size.w, origin.y + from.at.y + from.size.h/2}
	if from.item < 0 {
		a.x -= from.size.w // a bend is drawn by the link that leaves it
	}
	b := point{origin.x + to.at.x, origin.y + to.at.y + to.size.h/2}
	if a.y == b.y {
		return fmt.Sprintf("M%d %dH%d", a.x, a.y, b.x)
	}
	turn := b.x - columnGap/2
	r, down := corner, 1
	if b.y < a.y {
		down = -1
	}
	if gap := (b.y - a.y) * down; gap < 2*r {
		r = gap / 2
	}
	return fmt.Sprintf("M%d %dH%dQ%d %d %d %dV%dQ%d %d %d %dH%d",
		a.x, a.y, turn-r, turn, a.y, turn, a.y+down*r, b.y-down*r, turn, b.y, turn+r, b.y, b.x)
}

// ruler numbers the steps of the outermost order.
func (d *Drawing) ruler(g Graph, p placed) {
	if len(p.columns) < 2 {
		return
	}
	for c, column := range p.columns {
		var names []string
		width := 0
		for _, id := range column {
			if cell := p.cells[id]; cell.item >= 0 {
				names = append(names, shorten(g.Items[cell.item].Name))
				width = max(width, cell.size.w)
			}
		}
		text := strings.TrimSpace(fmt.Sprintf("%d  %s", c+1, fit(names, width-14)))
		d.Ruler = append(d.Ruler, Stretch{X: p.xs[c], W: width, Text: text})
	}
}

// fit names as many as there is room for.
func fit(names []string, width int) string {
	text := strings.Join(names, ", ")
	if len(names) > 1 {
		text += " together"
	}
	if textWidth(text) <= width {
		return text
	}
	if len(names) > 1 && textWidth("together") <= width {
		return "together"
	}
	return ""
}
