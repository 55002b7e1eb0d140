package dsl

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

const scaleBlueprint = header + `
node_types: {cloudify.nodes.Compute: {}, app: {}}
relationships:
  cloudify.relationships.depends_on: {properties: {connection_type: {default: all_to_all}}}
  cloudify.relationships.contained_in: {derived_from: cloudify.relationships.depends_on}
node_templates:
  host: {type: cloudify.nodes.Compute, capabilities: {scalable: {properties: {default_instances: 2}}}}
  app: {type: app, relationships: [{type: cloudify.relationships.contained_in, target: host}]}
`

func marked(list []ModifiedInstance) []string {
	var out []string
	for _, i := range list {
		out = append(out, i.ID+" "+string(i.Modification))
	}
	return out
}

func TestModify(t *testing.T) {
	plan := compileText(t, scaleBlueprint)
	newID := counter()
	instances, err := Instances(plan, newID)
	if err != nil {
		t.Fatal(err)
	}
	for i := range instances {
		instances[i].Runtime = map[string]Value{"kept": instances[i].ID}
	}
	cases := map[string]struct {
		reason                             string
		scale                              map[string]Scale
		added, removed, extended, instance []string
	}{
		"Nothing": {reason: "the same numbers change nothing", instance: []string{"host#1", "host#2", "app#1", "app#2"}},
		"Out": {reason: "a new host brings what it contains", scale: map[string]Scale{"host": {Instances: 3}},
			added: []string{"host#3 added", "app#3 added"}, instance: []string{"host#1", "host#2", "host#3", "app#1", "app#2", "app#3"}},
		"In": {reason: "a hinted host goes with what it contains", scale: map[string]Scale{"host": {Instances: 1, RemoveFirst: []string{"host#1"}}},
			removed: []string{"host#1 removed", "app#1 removed"}, instance: []string{"host#2", "app#2"}},
		"InKeep": {reason: "an excluded host goes last", scale: map[string]Scale{"host": {Instances: 1, KeepLongest: []string{"host#2"}}},
			removed: []string{"host#1 removed", "app#1 removed"}, instance: []string{"host#2", "app#2"}},
		"PerContainer": {reason: "numbers count in each container; containers are neighbours", scale: map[string]Scale{"app": {Instances: 2}},
			added: []string{"host#1 ", "host#2 ", "app#3 added", "app#4 added"}, instance: []string{"host#1", "host#2", "app#1", "app#3", "app#2", "app#4"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			next := map[string]int{"host": 2, "app": 2}
			changes, err := Modify(plan, plan, instances, tc.scale, func(name string) string {
				next[name]++
				return name + "#" + string(rune('0'+next[name]))
			})
			if err != nil {
				t.Fatal(err)
			}
			got := [][]string{marked(changes.Added), marked(changes.Removed), marked(changes.Extended)}
			if diff := cmp.Diff([][]string{tc.added, tc.removed, tc.extended}, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
			var ids []string
			for _, i := range changes.Instances {
				ids = append(ids, i.ID)
				if kept, ok := i.Runtime["kept"]; ok && kept != Value(i.ID) {
					t.Errorf("%s has the runtime properties of %v", i.ID, kept)
				}
			}
			if diff := cmp.Diff(tc.instance, ids); diff != "" {
				t.Errorf("%s: afterwards (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// A scaling group grows and shrinks as a whole, each instance of it with its
// own members.
func TestModifyGroup(t *testing.T) {
	plan := compileText(t, header+`
node_types: {t: {}}
node_templates: {a: {type: t}, b: {type: t}}
groups: {pair: {members: [a, b]}}
policies: {scale: {type: cloudify.policies.scaling, targets: [pair], properties: {default_instances: 2}}}
`)
	newID := counter()
	instances, err := Instances(plan, newID)
	if err != nil {
		t.Fatal(err)
	}
	counts := func(list []ModifiedInstance, mark Modification) map[string]int {
		out := map[string]int{}
		for _, i := range list {
			if i.Modification == mark {
				out[i.NodeID]++
			}
		}
		return out
	}
	grown, err := Modify(plan, plan, instances, map[string]Scale{"pair": {Instances: 3}}, newID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"a": 1, "b": 1}, counts(grown.Added, Added)); diff != "" {
		t.Errorf("one more of each (-want +got):\n%s", diff)
	}
	shrunk, err := Modify(plan, plan, instances, map[string]Scale{"pair": {Instances: 1}}, newID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"a": 1, "b": 1}, counts(shrunk.Removed, Removed)); diff != "" {
		t.Errorf("one less of each (-want +got):\n%s", diff)
	}
	if len(shrunk.Instances) != 2 || shrunk.Instances[0].ScalingGroups[0].ID != shrunk.Instances[1].ScalingGroups[0].ID {
		t.Errorf("what stays is not one group: %+v", shrunk.Instances)
	}
}

// An update that adds a relationship extends the instance it starts at and
// shows the one it leads to.
func TestModifyRelationship(t *testing.T) {
	const nodes = header + "node_types: {t: {}}\nrelationships: {cloudify.relationships.depends_on: {properties: {connection_type: {default: all_to_all}}}}\nnode_templates:\n  a: {type: t}\n  b: {type: t"
	before, after := compileText(t, nodes+"}\n"), compileText(t, nodes+", relationships: [{type: cloudify.relationships.depends_on, target: a}]}\n")
	instances, err := Instances(before, counter())
	if err != nil {
		t.Fatal(err)
	}
	changes, err := Modify(after, before, instances, nil, counter())
	if err != nil {
		t.Fatal(err)
	}
	got := [][]string{marked(changes.Added), marked(changes.Removed), marked(changes.Extended), marked(changes.Reduced)}
	if diff := cmp.Diff([][]string{nil, nil, {"a#1 ", "b#1 extended"}, nil}, got); diff != "" {
		t.Errorf("added, removed, extended, reduced (-want +got):\n%s", diff)
	}
	back, err := Modify(before, after, changes.Instances, nil, counter())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a#1 ", "b#1 reduced"}, marked(back.Reduced)); diff != "" {
		t.Errorf("and back (-want +got):\n%s", diff)
	}
}

func TestInstanceID(t *testing.T) {
	if got := InstanceID("vm", []byte{0, 1, 35, 36, 255, 10}); got != "vm_ab9adk" {
		t.Errorf("%q", got)
	}
}

func TestModifyRefusesNegativeNumbers(t *testing.T) {
	plan := compileText(t, scaleBlueprint)
	instances, err := Instances(plan, counter())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Modify(plan, plan, instances, map[string]Scale{"app": {Instances: -1}}, counter()); orchestrator.ErrorCode(err) != orchestrator.Invalid {
		t.Errorf("the answer to -1 instances was %v", err)
	}
}
