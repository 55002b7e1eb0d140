package eval

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

func group(name, id string) []orchestrator.ScalingGroupInstance {
	return []orchestrator.ScalingGroupInstance{{Name: name, ID: id}}
}

func contained(target, id string) []orchestrator.InstanceRelationship {
	return []orchestrator.InstanceRelationship{{Type: containedIn, TargetNode: target, TargetID: id}}
}

// groupWorld has two instances of a scaling group: in each a host that contains
// an application, and a database; and one client outside that is linked to the
// second database.
func groupWorld() world {
	host := &orchestrator.Node{ID: "host"}
	db := &orchestrator.Node{ID: "db"}
	app := &orchestrator.Node{ID: "app", Relationships: []orchestrator.Relationship{{Target: "host", TypeHierarchy: []string{containedIn}}}}
	client := &orchestrator.Node{ID: "client"}
	return world{
		Static: Static{Nodes: nodes(host, db, app, client)},
		instances: []*orchestrator.NodeInstance{
			{ID: "host_1", NodeID: "host", ScalingGroups: group("g", "g_1")},
			{ID: "host_2", NodeID: "host", ScalingGroups: group("g", "g_2")},
			{ID: "app_1", NodeID: "app", Relationships: contained("host", "host_1")},
			{ID: "app_2", NodeID: "app", Relationships: contained("host", "host_2")},
			{ID: "db_1", NodeID: "db", ScalingGroups: group("g", "g_1"), Runtime: m{"name": "one"}},
			{ID: "db_2", NodeID: "db", ScalingGroups: group("g", "g_2"), Runtime: m{"name": "two"}},
			{ID: "client_1", NodeID: "client", Relationships: []orchestrator.InstanceRelationship{{TargetNode: "db", TargetID: "db_2"}}},
			{ID: "client_2", NodeID: "client"},
		},
	}
}

// Which instance of a node is meant follows from who asks.
func TestWhichInstance(t *testing.T) {
	cases := map[string]struct {
		reason string
		place  Place
		want   Value // nil: nobody can tell
	}{
		"SameGroup":       {"the database in the own group instance", Place{Instance: "host_2"}, "two"},
		"ContainersGroup": {"the group of the container counts, too", Place{Instance: "app_1"}, "one"},
		"Related":         {"the one that there is a relationship to", Place{Instance: "client_1"}, "two"},
		"SourceGroup":     {"in a relationship the group of the source", Place{SourceInstance: "app_2", TargetInstance: "client_2"}, "two"},
		"TargetGroup":     {"else that of the target", Place{SourceInstance: "client_2", TargetInstance: "app_1"}, "one"},
		"Unrelated":       {"nothing tells", Place{Instance: "client_2"}, nil},
		"Nobody":          {"an output belongs to nobody", Place{}, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Evaluate(groupWorld(), tc.place, call("get_attribute", "db", "name"), "here")
			if (err == nil) != (tc.want != nil) {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// facts answers what world leaves to Static.
type facts struct{ world }

func (facts) Sys(entity, property string) (Value, error) { return entity + "/" + property, nil }

func (facts) Consumers() (map[string]string, error) {
	return map[string]string{"b": "Second", "a": "First"}, nil
}

func (facts) GroupCapability(group, name string) (Value, error) {
	return m{"k": group + "." + name}, nil
}

func TestFacts(t *testing.T) {
	in := m{
		"sys":   call("get_sys", "deployment", "id"),
		"ids":   m{"get_consumers": "ids"},
		"names": m{"get_consumers": "names"},
		"count": m{"get_consumers": "count"},
		"label": m{"get_label": "any"},
		"one":   call("get_group_capability", "g", "a", "k"),
		"more":  call("get_group_capability", "g", l{"a", "b"}, "k"),
	}
	want := m{
		"sys": "deployment/id", "ids": l{"a", "b"}, "names": l{"First", "Second"}, "count": int64(2), "label": l{"a", "b"},
		"one": "g.a", "more": m{"a": "g.a", "b": "g.b"},
	}
	got, err := Evaluate(facts{testWorld()}, Place{}, in, "here")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Value(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A Static scope leaves all run-time functions as they are.
func TestStaticKnowsNothingOfRunTime(t *testing.T) {
	in := m{
		"a": call("get_attribute", Self, "x"), "b": call("get_attributes_list", Self, "x"), "c": call("get_attributes_dict", Self, "x"),
		"d": m{"get_secret": "x"}, "e": call("get_capability", "d", "c"), "f": call("get_group_capability", "g", "c"),
		"g": m{"get_environment_capability": "c"}, "h": m{"get_label": "k"}, "i": call("get_sys", "tenant", "name"), "j": m{"get_consumers": "ids"},
	}
	scope := Static{Nodes: nodes(&orchestrator.Node{ID: "n"})}
	got, err := Evaluate(scope, Place{Node: "n"}, in, "here")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Value(in), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := Evaluate(Static{}, Place{}, call("get_property", "n", "p"), "here"); err == nil || !strings.Contains(err.Error(), `no node "n"`) {
		t.Error(err)
	}
}
