package dsl

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

// planOf builds a plan of the nodes and scaling groups of a modify case.
func planOf(nodes, groups Value) *orchestrator.Plan {
	plan := &orchestrator.Plan{ScalingGroups: map[string]orchestrator.ScalingGroup{}}
	listed, _ := nodes.([]Value)
	for _, n := range listed {
		n := n.(map[string]Value)
		node := orchestrator.Node{ID: text(n["id"])}
		count, ok := orchestrator.Lookup(n, "capabilities", "scalable", "properties", "current_instances")
		if !ok {
			count = n["number_of_instances"]
		}
		node.Instances.Current = count
		// The documents tell hosts only by host_id.
		if n["host_id"] == n["id"] {
			node.TypeHierarchy = []string{hostType}
		}
		relationships, _ := n["relationships"].([]Value)
		for _, r := range relationships {
			node.Relationships = append(node.Relationships, caseRelationship(r.(map[string]Value)))
		}
		plan.Nodes = append(plan.Nodes, node)
	}
	all, _ := groups.(map[string]Value)
	for name, g := range all {
		group := orchestrator.ScalingGroup{}
		members, _ := orchestrator.Lookup(g, "members")
		for _, m := range members.([]Value) {
			group.Members = append(group.Members, text(m))
		}
		group.Properties.Current, _ = orchestrator.Lookup(g, "properties", "current_instances")
		plan.ScalingGroups[name] = group
	}
	return plan
}

func caseRelationship(r map[string]Value) orchestrator.Relationship {
	out := orchestrator.Relationship{Type: text(r["type"]), Target: text(r["target_id"])}
	hierarchy, _ := r["type_hierarchy"].([]Value)
	for _, t := range hierarchy {
		out.TypeHierarchy = append(out.TypeHierarchy, text(t))
	}
	out.Properties, _ = r["properties"].(map[string]Value)
	return out
}

func previousInstances(v Value) []orchestrator.NodeInstance {
	var out []orchestrator.NodeInstance
	listed, _ := v.([]Value)
	for _, i := range listed {
		m := i.(map[string]Value)
		instance := *instanceOf(m)
		instance.HostID = text(m["host_id"])
		relationships, _ := m["relationships"].([]Value)
		for j, r := range relationships {
			instance.Relationships[j].Type = text(r.(map[string]Value)["type"])
		}
		out = append(out, instance)
	}
	return out
}

func texts(v Value) []string {
	var out []string
	listed, _ := v.([]Value)
	for _, item := range listed {
		out = append(out, text(item))
	}
	return out
}

func runModify(_ *testing.T, c conformanceCase) error {
	plan := planOf(c.Args["nodes"], c.Args["scaling_groups"])
	previous := plan
	if c.Args["previous_nodes"] != Value("same") {
		previous = planOf(c.Args["previous_nodes"], c.Args["scaling_groups"])
	}
	scale := map[string]Scale{}
	modified, _ := c.Args["modified_nodes"].(map[string]Value)
	for name, m := range modified {
		m := m.(map[string]Value)
		scale[name] = Scale{Instances: m["instances"].(int64), RemoveFirst: texts(m["removed_ids_include_hint"]), KeepLongest: texts(m["removed_ids_exclude_hint"])}
	}
	changes, err := Modify(plan, previous, previousInstances(c.Args["previous_node_instances"]), scale, counter())
	if err != nil || c.Expect.Error != nil {
		return expectError(c, nil, err)
	}
	return compareChanges(c.Expect.OK.(map[string]Value), changes)
}

func compareChanges(want map[string]Value, changes *Changes) error {
	lists := map[string][]ModifiedInstance{"added_and_related": changes.Added, "removed_and_related": changes.Removed,
		"extended_and_related": changes.Extended, "reduced_and_related": changes.Reduced}
	counts := map[string]Value{}
	var wantDocs, gotDocs []Value
	for _, name := range orchestrator.SortedKeys(lists) {
		total, marked := map[string]Value{}, map[string]Value{}
		for _, i := range lists[name] {
			add := func(m map[string]Value) { n, _ := m[i.NodeID].(int64); m[i.NodeID] = n + 1 }
			add(total)
			if i.Modification != "" {
				add(marked)
			}
			document := instanceDocs([]orchestrator.NodeInstance{i.NodeInstance})[0].(map[string]Value)
			document["list"] = name
			doc(document).put("modification", string(i.Modification))
			gotDocs = append(gotDocs, document)
		}
		if len(total) > 0 {
			counts[name] = map[string]Value{"total": total, "modified": marked}
		}
		expected, _ := orchestrator.Lookup(want, "instances", name)
		listed, _ := expected.([]Value)
		for _, d := range listed {
			d.(map[string]Value)["list"] = name
			wantDocs = append(wantDocs, d)
		}
	}
	if diff := cmp.Diff(want["counts"], Value(counts)); diff != "" {
		return fmt.Errorf("counts (-want +got):\n%s", diff)
	}
	removed := map[string]bool{}
	for _, i := range changes.Removed {
		removed[i.ID] = i.Modification == Removed
	}
	for _, id := range texts(want["always_removed"]) {
		if !removed[id] {
			return fmt.Errorf("%s is to be removed", id)
		}
	}
	for _, id := range texts(want["never_removed"]) {
		if removed[id] {
			return fmt.Errorf("%s is to be kept", id)
		}
	}
	if want["compare"] == Value("up_to_renaming") {
		wantDocs, gotDocs = anonymous(wantDocs), unnamedHosts(anonymous(gotDocs))
	}
	for _, name := range orchestrator.SortedKeys(lists) { // ids are numbered anew in each list
		of := func(docs []Value) []Value {
			return slices.DeleteFunc(slices.Clone(docs), func(d Value) bool { return d.(map[string]Value)["list"] != Value(name) })
		}
		if diff := cmp.Diff(canonical(of(wantDocs), nil), canonical(of(gotDocs), nil)); diff != "" {
			return fmt.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	return nil
}

// anonymous writes previous ids (name_000001) like new ones (name#000001), so
// that they may be renamed, too.
func anonymous(docs []Value) []Value {
	var change func(key string, v Value) Value
	change = func(key string, v Value) Value {
		switch v := v.(type) {
		case string:
			if i := strings.LastIndex(v, "_"); i > 0 && slices.Contains([]string{"id", "host", "target"}, key) && !strings.Contains(v, "#") {
				return v[:i] + "#" + v[i+1:]
			}
			return v
		case []Value:
			out := make([]Value, len(v))
			for i, item := range v {
				out[i] = change(key, item)
			}
			return out
		case map[string]Value:
			out := map[string]Value{}
			for k, item := range v {
				out[k] = change(k, item)
			}
			return out
		default:
			return v
		}
	}
	out := make([]Value, len(docs))
	for i, d := range docs {
		out[i] = change("", d)
	}
	return out
}

// unnamedHosts writes hosts that are not in the same list themselves as the cases
// do, without their node's name.
func unnamedHosts(docs []Value) []Value {
	listed := map[[2]Value]bool{}
	for _, d := range docs {
		d := d.(map[string]Value)
		listed[[2]Value{d["list"], d["id"]}] = true
	}
	for _, d := range docs {
		d := d.(map[string]Value)
		if host, ok := d["host"].(string); ok && !listed[[2]Value{d["list"], host}] {
			_, number, _ := strings.Cut(host, "#")
			d["host"] = "?#" + number
		}
	}
	return docs
}
