package workflow

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// written is a node as the tests write it: its operations by full name, and
// its relationships.
type written struct {
	name       string
	types      []string
	operations []string
	links      []writtenLink
	instances  int // 0 counts as 1
}

type writtenLink struct {
	target         string
	types          []string
	properties     map[string]orchestrator.Value
	source, onward []string // relationship operations by their last word: source side, target side
}

func operations(names ...string) map[string]orchestrator.Operation {
	out := map[string]orchestrator.Operation{}
	for _, name := range names {
		out[name] = orchestrator.Operation{Name: name, Plugin: "p", Function: "p." + name[strings.LastIndex(name, ".")+1:]}
	}
	return out
}

func qualified(prefix string, words []string) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = prefix + word
	}
	return out
}

// deployment makes a plan and its instances <node>_1, <node>_2, …; an instance
// of a relationship's source is bound to every instance of the target.
func deployment(nodes []written, states map[string]orchestrator.InstanceState) (*orchestrator.Plan, []orchestrator.NodeInstance) {
	plan := &orchestrator.Plan{}
	var instances []orchestrator.NodeInstance
	count := map[string]int{}
	for _, n := range nodes {
		count[n.name] = max(1, n.instances)
	}
	for _, n := range nodes {
		node := orchestrator.Node{ID: n.name, TypeHierarchy: n.types, Operations: operations(n.operations...)}
		var bound []orchestrator.InstanceRelationship
		for i, l := range n.links {
			node.Relationships = append(node.Relationships, orchestrator.Relationship{
				Target: l.target, TypeHierarchy: l.types, Properties: l.properties,
				SourceOperations: operations(qualified(relationship, l.source)...),
				TargetOperations: operations(qualified(relationship, l.onward)...),
			})
			for k := range count[l.target] {
				bound = append(bound, orchestrator.InstanceRelationship{
					TargetNode: l.target, TargetID: fmt.Sprintf("%s_%d", l.target, k+1), Index: i,
				})
			}
		}
		plan.Nodes = append(plan.Nodes, node)
		for k := range count[n.name] {
			id := fmt.Sprintf("%s_%d", n.name, k+1)
			state := states[id]
			if state == "" {
				state = orchestrator.Uninitialized
			}
			instances = append(instances, orchestrator.NodeInstance{ID: id, NodeID: n.name, Index: k, State: state, Relationships: bound})
		}
	}
	return plan, instances
}

// everything that the rows of install and uninstall can call on a node.
func everything() []string {
	var out []string
	for _, r := range append(install().rows, uninstall(false).rows...) {
		if r.operation != "" && !r.ofRelationships {
			out = append(out, r.operation)
		}
	}
	return out
}

// draw writes a graph for people: a step a line, lanes apart.
func draw(g orchestrator.Graph) string {
	var b strings.Builder
	lane := ""
	for _, s := range g.Steps {
		if s.Lane != lane {
			lane = s.Lane
			fmt.Fprintf(&b, "\n%s\n", lane)
		}
		number := strings.TrimPrefix(s.ID, s.Lane+"/")
		var after []string
		for _, id := range s.After {
			after = append(after, strings.TrimPrefix(id, s.Lane+"/"))
		}
		fmt.Fprintf(&b, "  %s %-62s <- %s\n", number, describe(s), strings.Join(after, " "))
	}
	return strings.TrimPrefix(b.String(), "\n")
}

func describe(s orchestrator.Step) string {
	text := ""
	switch s.Kind {
	case orchestrator.KindState:
		text = "state " + string(s.State)
	case orchestrator.KindEvent:
		text = `say "` + s.Message + `"`
	case orchestrator.KindOperation:
		text = "run " + strings.TrimPrefix(s.Operation, "cloudify.interfaces.")
	}
	if s.SourceID != "" {
		text += fmt.Sprintf(" %s->%s #%d", s.SourceID, s.TargetID, s.RelationshipIndex)
	}
	if s.OnTarget {
		text += " on target"
	}
	if s.IgnoreFailure {
		text += " (failure ignored)"
	}
	return text
}

func names(values ...string) []orchestrator.Value {
	out := make([]orchestrator.Value, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// trio is the topology of the worked sequences: A is contained in B, C is
// connected to B.
func trio() []written {
	own := qualified(lifecycle, []string{"create", "configure", "start", "stop", "delete"})
	return []written{
		{name: "A", operations: own, links: []writtenLink{{target: "B"}}},
		{name: "B", operations: own},
		{name: "C", operations: own, links: []writtenLink{{target: "B", source: []string{"establish", "unlink"}, onward: []string{"establish", "unlink"}}}},
	}
}

func TestBuild(t *testing.T) {
	lifecycleOperation := []string{"cloudify.relationships.depends_on", "cloudify.relationships.depends_on_lifecycle_operation"}
	after := func(operation string) map[string]orchestrator.Value {
		return map[string]orchestrator.Value{"operation": operation}
	}
	cases := map[string]struct {
		reason     string
		workflow   string
		nodes      []written
		states     map[string]orchestrator.InstanceState
		parameters map[string]orchestrator.Value
	}{
		"install": {
			reason:   "a source waits for the whole of its target, whatever the relationship's type; A and C know nothing of each other",
			workflow: "install", nodes: trio(),
		},
		"install_everything": {
			reason:   "a host with every operation goes through every row, in the order of the reference",
			workflow: "install",
			nodes: []written{
				{name: "db", operations: everything(), types: []string{"cloudify.nodes.Root", "cloudify.nodes.Compute"}},
				{name: "vm", operations: everything(), types: []string{"cloudify.nodes.Root", "cloudify.nodes.Compute"}, links: []writtenLink{{
					target: "db", source: []string{"preconfigure", "postconfigure", "establish", "unlink"},
				}}},
			},
		},
		"install_again": {
			reason:   "a started instance only says so; C goes on at start, and says of what is behind it that there is nothing to do",
			workflow: "install", nodes: trio(),
			states: map[string]orchestrator.InstanceState{"A_1": orchestrator.InstanceStarted, "B_1": orchestrator.InstanceStarted, "C_1": orchestrator.Starting},
		},
		"install_from_creating": {
			reason:   "a create that was under way runs again, unlike validation and precreate",
			workflow: "install",
			nodes:    []written{{name: "vm", operations: everything()}},
			states:   map[string]orchestrator.InstanceState{"vm_1": orchestrator.Creating},
		},
		"install_selected": {
			reason:     "C is not selected, but points at B, which is: its establish runs in a stub behind B; A does nothing",
			workflow:   "install",
			nodes:      trio(),
			parameters: map[string]orchestrator.Value{"node_ids": names("B")},
		},
		"install_through_unselected": {
			reason:     "an empty lane hands on what it waits for: top waits for bottom though middle has no steps",
			workflow:   "install",
			nodes:      []written{{name: "top", links: []writtenLink{{target: "middle"}}}, {name: "middle", links: []writtenLink{{target: "bottom"}}}, {name: "bottom"}},
			parameters: map[string]orchestrator.Value{"node_ids": names("top", "bottom")},
		},
		"install_behind_operation": {
			reason:   "early waits for what follows B's create only; idle waits for nothing, as B has no precreate",
			workflow: "install",
			nodes: append(trio()[1:2],
				written{name: "early", operations: []string{lifecycle + "start"}, links: []writtenLink{{target: "B", types: lifecycleOperation, properties: after("create")}}},
				written{name: "idle", operations: []string{lifecycle + "start"}, links: []writtenLink{{target: "B", types: lifecycleOperation, properties: after("precreate")}}},
			),
		},
		"install_batches": {
			reason:   "relationships next to each other to the same node run together; to another node, one after the other; a later relationship to the same instance replaces the first",
			workflow: "install",
			nodes: []written{
				{name: "x", instances: 2},
				{name: "y"},
				{name: "web", links: []writtenLink{
					{target: "y", source: []string{"establish"}},
					{target: "x", source: []string{"establish"}, onward: []string{"establish"}},
					{target: "y", source: []string{"preconfigure"}, onward: []string{"establish"}},
				}},
			},
		},
		"uninstall": {
			reason:   "B goes after both of its sources",
			workflow: "uninstall", nodes: trio(),
			states: map[string]orchestrator.InstanceState{"A_1": orchestrator.InstanceStarted, "B_1": orchestrator.InstanceStarted, "C_1": orchestrator.InstanceStarted},
		},
		"uninstall_everything": {
			reason:   "every row of uninstall; failures of operations are ignored on demand",
			workflow: "uninstall",
			nodes: []written{
				{name: "db", operations: everything(), types: []string{"cloudify.nodes.Compute"}},
				{name: "vm", operations: everything(), links: []writtenLink{{target: "db", source: []string{"unlink"}}}},
			},
			states:     map[string]orchestrator.InstanceState{"vm_1": orchestrator.InstanceStarted, "db_1": orchestrator.InstanceStarted},
			parameters: map[string]orchestrator.Value{"ignore_failure": true},
		},
		"uninstall_remains": {
			reason:   "what was never installed or is gone already only says so; configured needs no stop; deleting is asked again",
			workflow: "uninstall",
			nodes:    []written{{name: "vm", instances: 4, operations: everything()}},
			states: map[string]orchestrator.InstanceState{
				"vm_1": orchestrator.Uninitialized, "vm_2": orchestrator.Deleted, "vm_3": orchestrator.Configured, "vm_4": orchestrator.Deleting,
			},
		},
		"uninstall_selected": {
			reason:     "C stays, but unlinks from B first, whether that works or not",
			workflow:   "uninstall",
			nodes:      trio(),
			states:     map[string]orchestrator.InstanceState{"A_1": orchestrator.InstanceStarted, "B_1": orchestrator.InstanceStarted, "C_1": orchestrator.InstanceStarted},
			parameters: map[string]orchestrator.Value{"node_instance_ids": names("B_1")},
		},
		"uninstall_behind_operation": {
			reason:   "at uninstall such a relationship is one like any other: the target goes last",
			workflow: "uninstall",
			nodes: append(trio()[1:2],
				written{name: "early", operations: []string{lifecycle + "stop"}, links: []writtenLink{{target: "B", types: lifecycleOperation, properties: after("create")}}}),
			states: map[string]orchestrator.InstanceState{"B_1": orchestrator.InstanceStarted, "early_1": orchestrator.InstanceStarted},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			plan, instances := deployment(tc.nodes, tc.states)
			graph, err := Build(tc.workflow, plan, instances, tc.parameters)
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			golden(t, name, "# "+tc.reason+"\n\n"+draw(graph))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBuildRefuses(t *testing.T) {
	circle := []written{{name: "a", links: []writtenLink{{target: "b"}}}, {name: "b", links: []writtenLink{{target: "a"}}}}
	behind := []string{"cloudify.relationships.depends_on_lifecycle_operation"}
	inner := []written{
		{name: "a", operations: []string{lifecycle + "create"}, links: []writtenLink{{target: "b"}}},
		{name: "b", links: []writtenLink{{target: "a", types: behind, properties: map[string]orchestrator.Value{"operation": "create"}}}},
	}
	cases := map[string]struct {
		reason     string
		workflow   string
		nodes      []written
		parameters map[string]orchestrator.Value
		want       *orchestrator.Error
	}{
		"Circle": {
			reason: "no instance could go first", workflow: "install", nodes: circle,
			want: &orchestrator.Error{Code: orchestrator.Invalid, Reason: "invalid_blueprint_error",
				Message: "The relationships run in a circle (circular dependency: a_1 -> b_1 -> a_1), so none of these instances can go first. Take one of the relationships out of the blueprint."},
		},
		"CircleThroughOperation": {
			reason: "a waits for b, which waits for the middle of a", workflow: "install", nodes: inner,
			want: &orchestrator.Error{Code: orchestrator.Invalid, Reason: "invalid_blueprint_error",
				Message: "The relationships run in a circle (circular dependency: install_a_1/01 -> install_b_1/01 -> install_a_1/07 -> install_a_1/06 -> install_a_1/04 -> install_a_1/03 -> install_a_1/02 -> install_a_1/01), so none of these instances can go first. Take one of the relationships out of the blueprint."},
		},
		"UnknownWorkflow": {
			reason: "better a refusal than an empty graph that succeeds", workflow: "rotate", nodes: trio(),
			want: &orchestrator.Error{Code: orchestrator.Invalid, Reason: "unavailable_workflow_error",
				Message: "Slipway cannot run the workflow rotate; it runs install and uninstall."},
		},
		"UnknownNode": {
			reason: "a misspelt filter must not select nothing and succeed", workflow: "install", nodes: trio(),
			parameters: map[string]orchestrator.Value{"node_ids": names("b")},
			want: &orchestrator.Error{Code: orchestrator.Invalid, Reason: "illegal_execution_parameters_error", Field: "node_ids",
				Message: `The deployment has no instance of a node "b". Mend the parameter node_ids.`},
		},
		"UnknownInstance": {
			reason: "the same for instances", workflow: "install", nodes: trio(),
			parameters: map[string]orchestrator.Value{"node_instance_ids": names("B_9")},
			want: &orchestrator.Error{Code: orchestrator.Invalid, Reason: "illegal_execution_parameters_error", Field: "node_instance_ids",
				Message: `The deployment has no node instance "B_9". Mend the parameter node_instance_ids.`},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			plan, instances := deployment(tc.nodes, nil)
			_, err := Build(tc.workflow, plan, instances, tc.parameters)
			if diff := cmp.Diff(error(tc.want), err); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A blueprint may map a workflow of another name to the function of install.
func TestBuildFollowsTheMapping(t *testing.T) {
	plan, instances := deployment(trio(), nil)
	plan.Workflows = map[string]orchestrator.Workflow{"bring_up": {Function: "cloudify.plugins.workflows.install"}}
	mapped, err := Build("bring_up", plan, instances, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Build("install", plan, instances, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain.Name = "bring_up"
	if diff := cmp.Diff(plain, mapped); diff != "" {
		t.Errorf("-install +bring_up:\n%s", diff)
	}
}

// Every operation step leads back to the operation that it was made for.
func TestOperations(t *testing.T) {
	plan, instances := deployment(trio(), nil)
	graph, err := Build("install", plan, instances, nil)
	if err != nil {
		t.Fatal(err)
	}
	operations := NewOperations(plan, instances)
	found := map[string]string{}
	for _, step := range graph.Steps {
		if step.Kind != orchestrator.KindOperation || step.Lane == "install_A_1" {
			continue
		}
		operation, ok := operations.Of(step)
		if !ok {
			t.Fatalf("step %s: no operation", step.ID)
		}
		found[describe(step)] = operation.Mapping()
	}
	want := map[string]string{
		"run lifecycle.create": "p.create", "run lifecycle.configure": "p.configure", "run lifecycle.start": "p.start",
		"run relationship_lifecycle.establish C_1->B_1 #0":           "p.establish",
		"run relationship_lifecycle.establish C_1->B_1 #0 on target": "p.establish",
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, ok := operations.Of(orchestrator.Step{InstanceID: "gone_1", Operation: lifecycle + "create"}); ok {
		t.Error("an instance that is gone has an operation")
	}
}

// The graph depends on the plan's order, not on the order in which a store
// hands the instances out.
func TestBuildIsStable(t *testing.T) {
	plan, instances := deployment(append(trio(), written{name: "web", instances: 3, links: []writtenLink{{target: "C", source: []string{"establish"}}}}), nil)
	want, err := Build("install", plan, instances, nil)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(20) {
		dice := rand.New(rand.NewPCG(seed, 0))
		dice.Shuffle(len(instances), func(i, j int) { instances[i], instances[j] = instances[j], instances[i] })
		got, err := Build("install", plan, instances, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("shuffle %d: -want +got:\n%s", seed, diff)
		}
	}
}
