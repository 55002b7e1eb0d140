package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

// wait is what is being done to a node, and why it is not done yet.
func (s *survey) wait(node *control.TreeNode, mark views.Mark) views.Waiting {
	w := views.Waiting{Mark: mark, Name: node.Node.ID}
	if len(node.Instances) > 0 {
		w.Name += " " + string(node.Instances[0].State)
	}
	if !node.Since.IsZero() {
		w.When = views.Took(s.now.Sub(node.Since))
	}
	if record := node.Waiting; record != nil {
		next, why := nextTry(*record, s.now)
		w.When, w.Why = orDefault(next, w.When), clip(why, 400)
	}
	return w
}

// nextTry says when a step is tried or asked again, and why it was not done at
// once: the record's reason is "retry 2 of 60 in 9 s because: …".
func nextTry(record orchestrator.StepRecord, now time.Time) (next, why string) {
	why = record.Reason
	switch record.State {
	case orchestrator.StepRetrying:
		next = "retry " + strconv.Itoa(record.Attempt)
		if told, message, ok := strings.Cut(record.Reason, " because: "); ok {
			next, _, _ = strings.Cut(told, " in ")
			why = message
		}
	case orchestrator.StepPolling:
		next = "asks again"
	default:
		return "", why
	}
	if in := record.NotBefore.Sub(now); in > 0 {
		next += " in " + views.Took(in)
	}
	return next, why
}

// block notes the nodes of a deployment that comes up and waits for others of
// it. Those that wait for nothing are about to begin.
func (s *survey) block(tree *control.Tree, markOf map[string]views.Mark) {
	if tree.Latest == nil || tree.Latest.Status.Final() || tree.Latest.Status.Cancelling() || tree.Latest.Workflow != "install" {
		return
	}
	for i := range tree.Nodes {
		node := &tree.Nodes[i]
		if node.Child != nil || markOf[node.Node.ID].Kind != "queued" || !node.Since.IsZero() {
			continue
		}
		if first := missing(node.Node, markOf); len(first) > 0 {
			s.blocked = append(s.blocked, views.Waiting{
				Mark: markOf[node.Node.ID], Name: node.Node.ID, When: "not started",
				Why: "Starts when " + list(first) + up(len(first)) + ".",
			})
		}
	}
}

// missing are the nodes that a node needs and that are not up.
func missing(node *orchestrator.Node, markOf map[string]views.Mark) []string {
	var names []string
	seen := map[string]bool{}
	for _, r := range node.Relationships {
		if mark, known := markOf[r.Target]; known && mark.Kind != "ok" && !seen[r.Target] {
			seen[r.Target] = true
			names = append(names, r.Target)
		}
	}
	return names
}

func up(n int) string {
	if n == 1 {
		return " is up"
	}
	return " are up"
}

// list writes names as a sentence does: "a, b and c".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// mostBlocked is how many nodes that have not begun are named one by one.
const mostBlocked = 4

// waitingFor is the list of a page: what is tried again first, for it may want
// somebody's eye, then what is worked on, then what has not begun.
func (s *survey) waitingFor() []views.Waiting {
	var urgent, calm []views.Waiting
	for _, w := range s.waiting {
		if w.Mark.Kind == "attn" || w.Mark.Kind == "fail" {
			urgent = append(urgent, w)
			continue
		}
		calm = append(calm, w)
	}
	all := append(urgent, calm...)
	all = append(all, s.blocked[:min(mostBlocked, len(s.blocked))]...)
	if more := len(s.blocked) - mostBlocked; more > 0 {
		all = append(all, views.Waiting{Mark: views.Mark{Kind: "queued"}, Name: views.Count(more, "more node"), When: "not started", Why: "They start after these."})
	}
	return all
}

// neededFor finds the node whose attribute a value is read from; empty when it is
// read from none.
func neededFor(v orchestrator.Value) string {
	switch v := v.(type) {
	case []orchestrator.Value:
		for _, item := range v {
			if name := neededFor(item); name != "" {
				return name
			}
		}
	case map[string]orchestrator.Value:
		for _, key := range orchestrator.SortedKeys(v) {
			if path, ok := v[key].([]orchestrator.Value); ok && key == "get_attribute" && len(path) > 0 {
				name, _ := path[0].(string)
				return name
			}
			if name := neededFor(v[key]); name != "" {
				return name
			}
		}
	}
	return ""
}
