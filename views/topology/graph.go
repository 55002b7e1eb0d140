package topology

// Graph is what to draw.
type Graph struct {
	Items []Item
	Edges []Edge
}

// Item is a node, or a container when Inner is set.
type Item struct {
	ID   string // unique within the whole graph
	Name string
	Sub  string // a container's second name, in mono: its deployment
	Note string // right-aligned: "2 of 3", "38 s", "starting, 12 s"
	// Kind is carried through to the drawing: "ok", "running", "attn", "fail",
	// "queued". It also decides how edges into the item look.
	Kind     string
	External bool // read, never changed
	Port     bool // stands for another deployment: drawn as a small port
	Picked   bool
	Href     string
	Title    string // the whole of it in words, for pointer and screen reader
	Inner    *Graph
}

// Edge says that From must be up before To. Both are IDs of the same Graph.
type Edge struct{ From, To string }

// Count returns the number of nodes at every depth, containers left out.
func (g *Graph) Count() int {
	n := 0
	for i := range g.Items {
		if inner := g.Items[i].Inner; inner != nil {
			n += inner.Count()
			continue
		}
		n++
	}
	return n
}

// Limits beyond which a drawing stops helping: from FoldAt nodes on, what is
// finished folds to its header; nothing is drawn open below MaxDepth.
const (
	FoldAt   = 100
	MaxDepth = 3
)

// Fold returns the graph with the containers closed that would make the sheet
// unreadable. A folded container keeps its name and mark; what is still moving
// or has failed stays open.
func Fold(g Graph) Graph { return fold(g, g.Count() >= FoldAt, 1) }

func fold(g Graph, big bool, depth int) Graph {
	out := Graph{Edges: g.Edges, Items: make([]Item, len(g.Items))}
	for i, item := range g.Items {
		if item.Inner != nil {
			if depth > MaxDepth || (big && item.Kind == "ok") {
				item.Inner = nil
			} else {
				inner := fold(*item.Inner, big, depth+1)
				item.Inner = &inner
			}
		}
		out.Items[i] = item
	}
	return out
}
