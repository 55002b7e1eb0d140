package dsl

import (
	"testing"

	"github.com/google/go-cmp/cmp"
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

func TestInstanceID(t *testing.T) {
	if got := InstanceID("vm", []byte{0, 1, 35, 36, 255, 10}); got != "vm_ab9adk" {
		t.Errorf("%q", got)
	}
}
