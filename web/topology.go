package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
	"github.com/slipwayhq/slipway/views/topology"
)

// survey is what a page says about a tree of deployments: marks, counts, rows.
// It is made by one walk, so the drawing, the list and the legend agree.
type survey struct {
	now         time.Time
	picked      string // instance id
	address     func(instanceID string) string
	graph       topology.Graph
	rows        []views.ComponentRow
	waiting     []views.Waiting // what is being worked on, or tried again
	blocked     []views.Waiting // what has not begun, and what for
	deployments int
	nodes       int
	up          int // instances that are started
	instances   int
	live        int // instances that exist outside
	byKind      map[string]int
	pickedNode  *views.PickedNode
}

// look walks the tree.
func look(tree *control.Tree, now time.Time, picked string, address func(string) string) *survey {
	s := &survey{now: now, picked: picked, address: address, byKind: map[string]int{}}
	s.graph, _ = s.deployment(tree, 1)
	return s
}

// deployment draws one deployment's nodes and returns all marks in it.
func (s *survey) deployment(tree *control.Tree, depth int) (topology.Graph, []views.Mark) {
	s.deployments++
	var g topology.Graph
	var marks []views.Mark
	markOf := map[string]views.Mark{}
	for i := range tree.Nodes {
		node := &tree.Nodes[i]
		mark := s.nodeMark(tree, node)
		row := len(s.rows)
		s.rows = append(s.rows, views.ComponentRow{})
		item := s.item(tree, node)
		nodes := ""
		if node.Child != nil {
			before := *s
			inner, below := s.deployment(node.Child, depth+1)
			item.Inner = &inner
			item.Sub = node.Child.Deployment.ID
			mark = views.WorstMark(append(below, mark))
			nodes = strconv.Itoa(s.up-before.up) + " of " + strconv.Itoa(s.instances-before.instances)
			item.Note = containerNote(node.Child, nodes)
		}
		item.Kind = mark.Kind
		item.Title = node.Node.ID + ", " + strings.ToLower(mark.Word)
		g.Items = append(g.Items, item)
		s.rows[row] = s.row(tree, node, mark, depth, nodes)
		s.count(tree, node, mark)
		marks = append(marks, mark)
		markOf[node.Node.ID] = mark
		for _, r := range node.Node.Relationships {
			g.Edges = append(g.Edges, topology.Edge{From: itemID(tree, r.Target), To: itemID(tree, node.Node.ID)})
		}
	}
	s.block(tree, markOf)
	return g, marks
}

func itemID(tree *control.Tree, node string) string { return tree.Deployment.ID + "." + node }

func (s *survey) item(tree *control.Tree, node *control.TreeNode) topology.Item {
	item := topology.Item{
		ID: itemID(tree, node.Node.ID), Name: node.Node.ID, Href: s.href(node),
		Port: isShared(node), External: node.Node.Properties["use_external_resource"] == true,
		Picked: s.picked != "" && hasInstance(node, s.picked),
	}
	switch {
	case len(node.Instances) > 1:
		item.Note = views.Count(len(node.Instances), "instance")
	case node.Child == nil && !node.Since.IsZero() && len(node.Instances) == 1:
		// The state without its time: a drawing that moved every second would
		// be no use.
		item.Note = string(node.Instances[0].State)
	}
	return item
}

func isShared(node *control.TreeNode) bool {
	return node.Shared != "" || node.Node.Is("cloudify.nodes.SharedResource")
}

func hasInstance(node *control.TreeNode, id string) bool {
	for _, instance := range node.Instances {
		if instance.ID == id {
			return true
		}
	}
	return false
}

func (s *survey) href(node *control.TreeNode) string {
	if len(node.Instances) == 0 {
		return ""
	}
	return s.address(node.Instances[0].ID)
}

// nodeMark is the worst of the node's instances. What an ended execution left in
// the middle did not get on by itself.
func (s *survey) nodeMark(tree *control.Tree, node *control.TreeNode) views.Mark {
	var step orchestrator.StepState
	if node.Waiting != nil {
		step = node.Waiting.State
	} else if !node.Since.IsZero() {
		step = orchestrator.StepRunning
	}
	ended := tree.Latest != nil && tree.Latest.Status.Final()
	var marks []views.Mark
	for _, instance := range node.Instances {
		mark := views.InstanceMark(instance.State, step)
		if ended && mark.Kind == "running" {
			mark = leftIn(instance.State, tree.Latest.Status)
		}
		marks = append(marks, mark)
	}
	return views.WorstMark(marks)
}

func leftIn(state orchestrator.InstanceState, status orchestrator.ExecutionStatus) views.Mark {
	if status == orchestrator.Failed {
		return views.Mark{Kind: "fail", Word: "Failed while " + string(state)}
	}
	return views.Mark{Kind: "attn", Word: "Left while " + string(state)}
}

func containerNote(child *control.Tree, nodes string) string {
	latest := child.Latest
	if latest == nil || !latest.Status.Final() || latest.StartedAt.IsZero() {
		return nodes
	}
	return views.Took(latest.EndedAt.Sub(latest.StartedAt))
}

func (s *survey) row(tree *control.Tree, node *control.TreeNode, mark views.Mark, depth int, nodes string) views.ComponentRow {
	row := views.ComponentRow{
		Depth: min(depth, 4), Node: node.Node.ID, Href: s.href(node), Type: node.Node.Type,
		Deployment: tree.Deployment.ID, State: mark, Nodes: nodes,
	}
	if node.Child != nil {
		row.Type, row.Deployment = node.Child.Deployment.BlueprintID, node.Child.Deployment.ID
		row.Href, row.Component = "/environments/"+node.Child.Deployment.ID, true
		if x := node.Child.Latest; x != nil {
			row.Took = took(*x, s.now)
		}
	} else if !node.Since.IsZero() {
		row.Took = views.Took(s.now.Sub(node.Since))
	}
	if node.Shared != "" {
		row.Type = "shared with " + node.Shared
	}
	return row
}

func (s *survey) count(tree *control.Tree, node *control.TreeNode, mark views.Mark) {
	s.nodes++
	s.byKind[mark.Kind]++
	for _, instance := range node.Instances {
		s.instances++
		switch instance.State {
		case orchestrator.InstanceStarted:
			s.up++
			s.live++
		case orchestrator.Uninitialized, orchestrator.Deleted:
		default:
			s.live++
		}
		if instance.ID == s.picked {
			s.pickedNode = &views.PickedNode{Mark: mark, Name: node.Node.ID, Deployment: tree.Deployment.ID, Text: s.about(node)}
		}
	}
	if node.Child == nil && (node.Waiting != nil || !node.Since.IsZero()) {
		s.waiting = append(s.waiting, s.wait(node, mark))
	}
}

// about is a line on a node: its type, and what is being done to it.
func (s *survey) about(node *control.TreeNode) string {
	text := node.Node.Type
	if !node.Since.IsZero() {
		text += ", for " + views.Took(s.now.Sub(node.Since))
	}
	if node.Waiting != nil {
		text += ": " + firstLine(node.Waiting.Reason)
	}
	return text
}

// legend says how many nodes are in which state, the good ones first.
func (s *survey) legend() []views.Mark {
	words := []struct{ kind, word string }{
		{"ok", "Started"}, {"running", "Working"}, {"attn", "Retrying"}, {"fail", "Failed"}, {"queued", "Waiting"}, {"cancelled", "Deleted"},
	}
	var out []views.Mark
	for _, w := range words {
		if n := s.byKind[w.kind]; n > 0 {
			out = append(out, views.Mark{Kind: w.kind, Word: w.word + " " + strconv.Itoa(n)})
		}
	}
	return out
}

// size is "29 nodes, 7 deployments".
func (s *survey) size() string {
	return views.Count(s.nodes, "node") + ", " + views.Count(s.deployments, "deployment")
}

func (s *survey) view(title string) views.TopologyView {
	return views.TopologyView{
		Drawing: topology.Draw(topology.Fold(s.graph)), Count: s.size(), Legend: s.legend(),
		Label: "Topology of " + title + ", " + s.size(), Picked: s.pickedNode,
	}
}
