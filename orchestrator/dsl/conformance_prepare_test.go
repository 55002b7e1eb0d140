package dsl

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

// prepared is everything that the creation of a deployment makes of a case.
type prepared struct {
	plan      *orchestrator.Plan
	inputs    map[string]Value
	instances []orchestrator.NodeInstance
}

func runPrepare(_ *testing.T, c conformanceCase) error {
	plan, err := c.compile()
	if err != nil {
		return expectError(c, codesOf(err), err)
	}
	p, err := c.prepare(plan)
	if err != nil || c.Expect.Error != nil {
		return expectError(c, []int{codeInputType, codeUndeclared, codeMissing, codeWrongType, codeConstraintFunction}, err)
	}
	want := expectedPlan(c.Expect.OK).(map[string]Value)
	got := summary(p.plan).(map[string]Value)
	delete(got, "inputs")
	doc(got).put("inputs", p.inputs)
	wantInstances, gotInstances := want["node_instances"], instanceDocs(p.instances)
	for _, key := range []string{"node_instances", "instance_counts"} {
		delete(want, key)
	}
	wantUses, gotUses := want["inter_deployment_functions"], useDocs(p)
	delete(want, "inter_deployment_functions")
	if err := compareSummaries(want, got); err != nil {
		return err
	}
	return compareInstances(wantInstances, gotInstances, wantUses, gotUses)
}

func (c conformanceCase) prepare(plan *orchestrator.Plan) (*prepared, error) {
	given, _ := c.Args["inputs"].(map[string]Value)
	inputs, err := ResolveInputs(plan, given, c.inputOptions())
	if err != nil {
		return nil, err
	}
	o := PrepareOptions{HasSecret: c.hasSecret(), RuntimeOnly: c.Args["runtime_only_evaluation"] == Value(true)}
	p := &prepared{inputs: inputs}
	if p.plan, err = Prepare(plan, inputs, o); err != nil {
		return nil, err
	}
	p.instances, err = Instances(p.plan, counter())
	return p, err
}

// counter numbers instances per node.
func counter() func(string) string {
	next := map[string]int{}
	return func(name string) string {
		next[name]++
		return fmt.Sprintf("%s#%d", name, next[name])
	}
}

func (c conformanceCase) inputOptions() InputOptions {
	o := InputOptions{Convert: c.Args["auto_correct_types"] == Value(true)}
	getter, ok := c.Args["values_getter"].(map[string]Value)
	if !ok {
		o.Find = func(ObjectQuery) (bool, error) { return false, errors.New("no values getter") }
		return o
	}
	o.InDeployment, o.InBlueprint = getter["has_deployment_id"] == Value(true), getter["has_blueprint_id"] == Value(true)
	responses, _ := getter["responses"].([]Value)
	o.Find = func(q ObjectQuery) (bool, error) {
		for _, response := range responses {
			r := response.(map[string]Value)
			params, _ := r["params"].(map[string]Value)
			if r["type"] == Value(q.Type) && cmp.Equal(r["value"], q.Value) && len(params) == len(q.Parameters) &&
				(len(params) == 0 || cmp.Equal(params, q.Parameters)) {
				result, _ := r["result"].([]Value)
				return slices.ContainsFunc(result, func(v Value) bool { return cmp.Equal(v, q.Value) }), nil
			}
		}
		return false, nil
	}
	return o
}

func (c conformanceCase) hasSecret() func(string) (bool, error) {
	secrets, ok := c.Args["secrets"].(map[string]Value)
	if !ok {
		return func(string) (bool, error) { return false, errors.New("no secrets here") }
	}
	failing, _ := secrets["failing"].([]Value)
	known, _ := secrets["known"].(map[string]Value)
	return func(name string) (bool, error) {
		if slices.Contains(failing, Value(name)) {
			return false, errors.New("failing")
		}
		_, ok := known[name]
		return ok, nil
	}
}

func instanceDocs(instances []orchestrator.NodeInstance) []Value {
	out := []Value{}
	for _, i := range instances {
		d := doc{"id": i.ID, "node": i.NodeID}
		d.put("host", i.HostID)
		groups := []Value{}
		for _, g := range i.ScalingGroups {
			groups = append(groups, map[string]Value{"id": g.ID, "name": g.Name})
		}
		d.put("scaling_groups", groups)
		relationships := []Value{}
		for _, r := range i.Relationships {
			relationships = append(relationships, map[string]Value{"type": r.Type, "target_node": r.TargetNode, "target": r.TargetID})
		}
		d.put("relationships", relationships)
		out = append(out, map[string]Value(d))
	}
	return out
}

// useDocs lists the capability uses. The recorded plans hold each operation
// under its short name, too, so that its calls are listed twice.
func useDocs(p *prepared) []Value {
	out := []Value{}
	for _, use := range CapabilityUses(p.plan, p.instances) {
		context := doc{}
		context.put("self", use.Self)
		context.put("source", use.SourceInstance)
		context.put("target", use.TargetInstance)
		target := []Value{use.Target, use.Target}
		if _, literal := use.Target.(string); !literal {
			target[0] = nil
		}
		for _, function := range append(shortPaths(p.plan, use.Function), use.Function) {
			out = append(out, map[string]Value{"function": function, "target": target, "context": map[string]Value(context)})
		}
	}
	return out
}

func shortPaths(plan *orchestrator.Plan, function string) []string {
	var out []string
	try := func(prefix string, short map[string]string) {
		for name, full := range short {
			if rest, ok := strings.CutPrefix(function, prefix+full+".inputs."); ok && len(out) == 0 {
				out = append(out, prefix+name+".inputs."+rest)
			}
		}
	}
	for _, n := range plan.Nodes {
		try("nodes."+n.ID+".operations.", n.ShortNames)
		for _, r := range n.Relationships {
			try("nodes."+n.ID+"."+r.Type+".", r.SourceShortNames)
			try("nodes."+n.ID+"."+r.Type+".", r.TargetShortNames)
		}
	}
	return out
}

func runInstances(_ *testing.T, c conformanceCase) error {
	if c.Version == "" && !strings.Contains(*c.Main, "tosca_definitions_version") {
		main := "tosca_definitions_version: cloudify_dsl_1_3\n" + *c.Main
		c.Main = &main
	}
	plan, err := c.compile()
	if err != nil {
		return expectError(c, codesOf(err), err)
	}
	instances, err := Instances(plan, counter())
	if err != nil || c.Expect.Error != nil {
		return expectError(c, nil, err)
	}
	want := c.Expect.OK.(map[string]Value)
	return compareInstances(want["node_instances"], instanceDocs(instances), nil, nil)
}

// compareInstances compares two sets of instance documents up to a renaming of
// ids that keeps the name in front of "#".
func compareInstances(want Value, got []Value, wantUses Value, gotUses []Value) error {
	w, _ := want.([]Value)
	wu, _ := wantUses.([]Value)
	a, b := canonical(w, wu), canonical(got, gotUses)
	if diff := cmp.Diff(a, b); diff != "" {
		return fmt.Errorf("instances (-want +got):\n%s", diff)
	}
	return nil
}

// canonical renames ids by what they are connected to: colours are refined
// until they are stable, as for any graph; equal colours are interchangeable.
func canonical(instances, uses []Value) []string {
	colour := map[string]string{}
	var ids func(v Value, visit func(string))
	ids = func(v Value, visit func(string)) {
		switch v := v.(type) {
		case string:
			if strings.Contains(v, "#") {
				visit(v)
			}
		case []Value:
			for _, item := range v {
				ids(item, visit)
			}
		case map[string]Value:
			for _, item := range v {
				ids(item, visit)
			}
		}
	}
	all := append(slices.Clone(instances), uses...)
	ids(all, func(id string) { colour[id], _, _ = strings.Cut(id, "#") })
	var write func(v Value, sorted bool) string
	write = func(v Value, sorted bool) string {
		switch v := v.(type) {
		case string:
			if c, ok := colour[v]; ok {
				return c
			}
			return v
		case []Value:
			items := make([]string, len(v))
			for i, item := range v {
				items[i] = write(item, sorted)
			}
			if sorted {
				slices.Sort(items)
			}
			return "[" + strings.Join(items, " ") + "]"
		case map[string]Value:
			var b strings.Builder
			for _, key := range orchestrator.SortedKeys(v) {
				b.WriteString(key + ":" + write(v[key], key == "relationships") + " ")
			}
			return "{" + b.String() + "}"
		default:
			return fmt.Sprint(v)
		}
	}
	names := map[string]string{}
	for id := range colour {
		names[id] = colour[id]
	}
	for range 6 {
		seen := map[string][]string{}
		for _, document := range all {
			text := write(document, true)
			ids(document, func(id string) {
				role := "other"
				if m, ok := document.(map[string]Value); ok && m["id"] == Value(id) {
					role = "self"
				}
				seen[id] = append(seen[id], role+text)
			})
		}
		fresh := map[string]string{}
		classes := map[string]int{}
		for _, id := range orchestrator.SortedKeys(colour) {
			slices.Sort(seen[id])
			classes[names[id]+strings.Join(seen[id], "|")] = 0
		}
		for i, class := range orchestrator.SortedKeys(classes) {
			classes[class] = i
		}
		for id := range colour {
			fresh[id] = fmt.Sprintf("%s<%d>", names[id], classes[names[id]+strings.Join(seen[id], "|")])
		}
		colour = fresh
	}
	out := make([]string, len(all))
	for i, document := range all {
		out[i] = write(document, true)
	}
	slices.Sort(out)
	return out
}
