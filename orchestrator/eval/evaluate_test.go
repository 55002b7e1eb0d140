package eval

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

type (
	m = map[string]Value
	l = []Value
)

// world is a Scope over literals.
type world struct {
	Static
	instances []*orchestrator.NodeInstance
	secrets   m
}

func (w world) Instances(node string) ([]*orchestrator.NodeInstance, error) {
	var out []*orchestrator.NodeInstance
	for _, i := range w.instances {
		if i.NodeID == node {
			out = append(out, i)
		}
	}
	return out, nil
}

func (w world) Instance(id string) (*orchestrator.NodeInstance, error) {
	for _, i := range w.instances {
		if i.ID == id {
			return i, nil
		}
	}
	return nil, nil
}

func (w world) Secret(name string) (Value, error) {
	v, ok := w.secrets[name]
	if !ok {
		return nil, orchestrator.Errorf(orchestrator.NotFound, "there is no secret %s", name)
	}
	return v, nil
}

func (w world) Label(key string) ([]Value, error) {
	if key == parentLabel {
		return l{"env"}, nil
	}
	return l{"a", "b"}, nil
}

func (world) Capability(deployment, name string) (Value, error) {
	if name == "unknown" {
		return Unknown{}, nil
	}
	return m{"from": deployment, "name": name, "data": m{"get_secret": "never"}}, nil
}

func nodes(list ...*orchestrator.Node) func(string) *orchestrator.Node {
	return func(name string) *orchestrator.Node {
		for _, n := range list {
			if n.ID == name {
				return n
			}
		}
		return nil
	}
}

func call(name string, args ...Value) Value { return m{name: args} }

func testWorld() world {
	vm := &orchestrator.Node{ID: "vm", Properties: m{"ip": "10.0.0.1", "self": call("get_attribute", Self, "ip"), "chain": call("get_property", Self, "ip"),
		"loop": call("get_property", Self, "pool"), "pool": call("get_property", Self, "loop"), "deep": m{"list": l{"x", "y"}}}}
	db := &orchestrator.Node{ID: "db", Properties: m{"port": int64(5432)}}
	return world{
		Static: Static{
			Inputs: m{"name": "n", "n": int64(5), "map": m{"k": l{"v0", "v1"}}, "expr": call("concat", "a", m{"get_input": "name"}), "hidden": orchestrator.Mark("pw")},
			Nodes:  nodes(vm, db),
		},
		instances: []*orchestrator.NodeInstance{
			{ID: "vm_1", NodeID: "vm", Index: 1, Runtime: m{"ip": "10.9.9.9", "pw": orchestrator.Mark("s3cret"), "null": nil}},
			{ID: "db_1", NodeID: "db", Index: 1, Runtime: m{"host": "h1"}},
			{ID: "db_2", NodeID: "db", Index: 2, Runtime: m{"host": "h2"}},
		},
		secrets: m{
			"plain":  "p",
			"key":    orchestrator.Mark("k3y"),
			"params": `{"aws": {"small": {"id": {"get_secret": "key"}, "size": 2}}, "loop": {"get_secret": ["params", "loop"]}}`,
			"sealed": orchestrator.Mark(`{"a": ["x"]}`),
			"broken": "{",
		},
	}
}

func TestEvaluate(t *testing.T) {
	self := Place{Instance: "vm_1"}
	mark := orchestrator.Mark
	cases := map[string]struct {
		reason string
		in     Value
		place  Place
		want   Value
		err    string // part of the error
	}{
		"Data":                {reason: "what is no call stays", in: m{"get_inputs": "x", "two": m{"get_input": "name", "concat": l{}}}, want: m{"get_inputs": "x", "two": m{"get_input": "name", "concat": l{}}}},
		"Input":               {reason: "an input by name", in: m{"get_input": "name"}, want: "n"},
		"InputPath":           {reason: "a path leads into the input", in: call("get_input", "map", "k", int64(1)), want: "v1"},
		"InputExpression":     {reason: "calls in an input are followed", in: m{"get_input": "expr"}, want: "an"},
		"InputTyped":          {reason: "the declared type is checked", in: m{"get_input": "name", "type": "integer"}, err: "not of the type integer"},
		"InputUnknown":        {reason: "an input that is not declared", in: m{"get_input": "zz"}, err: `no input "zz"`},
		"InputNotInList":      {reason: "lists have numbers as indexes", in: call("get_input", "map", "k", "x"), err: "whole number"},
		"NestedName":          {reason: "an argument may be a call", in: m{"get_input": m{"get_input": "name"}}, want: int64(5)},
		"Property":            {reason: "a property of another node", in: call("get_property", "vm", "deep", "list", int64(0)), want: "x"},
		"PropertyChain":       {reason: "a property that refers to its own node", in: call("get_property", "vm", "chain"), want: "10.0.0.1"},
		"PropertyMissing":     {reason: "a property that is not set", in: call("get_property", "vm", "zz"), err: `no property "zz"`},
		"PropertyLoop":        {reason: "properties that refer to each other end", in: call("get_property", "vm", "loop"), err: "recursion limit"},
		"SelfWithoutPlace":    {reason: "SELF means nothing in an output", in: call("get_property", Self, "ip"), err: "no meaning"},
		"Concat":              {reason: "all kinds become text", in: call("concat", "a", int64(1), true, nil, l{"x", 1.5}, m{"k": "v"}), want: "a1TrueNone['x', 1.5]{'k': 'v'}"},
		"Merge":               {reason: "the later map wins", in: call("merge", m{"a": int64(1), "b": int64(1)}, m{"b": int64(2)}), want: m{"a": int64(1), "b": int64(2)}},
		"MergeText":           {reason: "a text cannot be merged", in: call("merge", m{"get_input": "name"}), err: "only maps"},
		"Find":                {reason: "counted in characters", in: call("string_find", "äbc", "c"), want: int64(2)},
		"Replace":             {reason: "at most so often", in: call("string_replace", "aaa", "a", "b", int64(2)), want: "bba"},
		"Split":               {reason: "negative indexes count from the end", in: call("string_split", "a-b-c", "-", int64(-1)), want: "c"},
		"SplitOutOfRange":     {reason: "there is no such part", in: call("string_split", "a", "-", int64(3)), err: "none at index 3"},
		"Upper":               {reason: "one text", in: m{"string_upper": m{"get_input": "name"}}, want: "N"},
		"Attribute":           {reason: "the runtime property wins over the property", in: call("get_attribute", "vm", "ip"), want: "10.9.9.9"},
		"AttributeProperty":   {reason: "else the property counts", in: call("get_attribute", "vm", "deep", "list"), want: l{"x", "y"}},
		"AttributeAbsent":     {reason: "else there is null", in: call("get_attribute", "vm", "zz"), want: nil},
		"AttributeID":         {reason: "each instance knows its id", in: call("get_attribute", Self, "node_instance_id"), place: self, want: "vm_1"},
		"AttributeMarked":     {reason: "a mark survives", in: call("concat", "pw=", call("get_attribute", "vm", "pw")), want: mark("pw=s3cret")},
		"AttributeAmbiguous":  {reason: "one of several cannot be meant", in: call("get_attribute", "db", "host"), err: "2 instances"},
		"AttributesList":      {reason: "a value for each instance", in: call("get_attributes_list", "db", "host"), want: l{"h1", "h2"}},
		"AttributesDict":      {reason: "a map for each instance", in: call("get_attributes_dict", "db", "host"), want: m{"db_1": m{"host": "h1"}, "db_2": m{"host": "h2"}}},
		"Secret":              {reason: "a sensitive secret is marked", in: m{"get_secret": "key"}, want: mark("k3y")},
		"SecretByName":        {reason: "the name may be a call", in: m{"get_secret": call("concat", "pl", "ain")}, want: "p"},
		"SecretMissing":       {reason: "the Scope's error surfaces", in: m{"a": m{"get_secret": "zz"}}, err: "evaluate get_secret in here.a: there is no secret zz"},
		"SecretPath":          {reason: "a path leads into the JSON, calls in it are followed, marks stay on what they are on", in: call("get_secret", "params", "aws", "small"), want: m{"id": mark("k3y"), "size": int64(2)}},
		"SecretPathByCall":    {reason: "a path may be made of calls", in: call("get_secret", "params", "aws", call("concat", "sm", "all"), "size"), want: int64(2)},
		"SecretPathSealed":    {reason: "a part of a sensitive secret is sensitive", in: call("get_secret", "sealed", "a", int64(0)), want: mark("x")},
		"SecretPathMissing":   {reason: "the path is named", in: call("get_secret", "params", "aws", "large"), err: `secret params.aws has no key "large"`},
		"SecretLoop":          {reason: "a secret that refers to itself ends", in: call("get_secret", "params", "loop"), err: "recursion limit"},
		"SecretNotJSON":       {reason: "its text is not quoted", in: call("get_secret", "broken", "a"), err: "is not JSON"},
		"Capability":          {reason: "a capability is data: calls in it are not followed", in: call("get_capability", "d", "c", "data"), want: m{"get_secret": "never"}},
		"EnvironmentCap":      {reason: "of the deployment that the parent label names", in: call("get_environment_capability", "c", "from"), want: "env"},
		"CapabilityUnknown":   {reason: "what is not known yet stays a call, its arguments filled in", in: call("get_capability", m{"get_input": "name"}, "unknown"), want: call("get_capability", "n", "unknown")},
		"ConcatUnknown":       {reason: "a call around it stays, too", in: call("concat", m{"get_input": "name"}, call("get_capability", "d", "unknown")), want: call("concat", "n", call("get_capability", "d", "unknown"))},
		"Label":               {reason: "one of a label's values", in: call("get_label", "k", int64(1)), want: "b"},
		"LabelOutOfRange":     {reason: "there is no such value", in: call("get_label", "k", int64(9)), err: "none at index 9"},
		"InputMarked":         {reason: "a mark passes through text functions", in: m{"string_upper": m{"get_input": "hidden"}}, want: mark("PW")},
		"MarkNotSpread":       {reason: "what does not read it is not marked", in: m{"a": m{"get_input": "hidden"}, "b": m{"get_input": "name"}}, want: m{"a": mark("pw"), "b": "n"}},
		"MergeKeepsMarksDeep": {reason: "only the marked key is marked", in: call("merge", m{"a": m{"get_input": "hidden"}}, m{"b": "x"}), want: m{"a": mark("pw"), "b": "x"}},
		"ErrorHidesSecret":    {reason: "an error does not quote a sensitive argument", in: m{"get_input": m{"get_secret": "key"}}, err: "evaluate get_input in here: it failed for a reason that would show a sensitive argument"},
		"BadArguments":        {reason: "evaluated arguments are checked, too", in: m{"concat": m{"get_input": "name"}}, err: "concat takes a list"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Evaluate(testWorld(), tc.place, tc.in, "here")
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("%s: error %v, want one with %q", tc.reason, err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			// EncodeValue shows what is marked.
			if diff := cmp.Diff(encode(t, tc.want), encode(t, got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func encode(t *testing.T, v Value) string {
	t.Helper()
	text, err := orchestrator.EncodeValue(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// At creation only inputs and properties are known; a call that is read from
// another node keeps its meaning.
func TestStaticLeavesTheRest(t *testing.T) {
	in := m{
		"now":   call("concat", m{"get_input": "name"}, "-x"),
		"later": call("concat", m{"get_input": "name"}, m{"get_secret": m{"get_input": "name"}}),
		"other": call("get_property", "vm", "self"),
		"mine":  call("get_property", Self, "port"),
	}
	want := m{
		"now":   "n-x",
		"later": call("concat", "n", m{"get_secret": "n"}),
		"other": call("get_attribute", "vm", "ip"),
		"mine":  int64(5432),
	}
	got, err := Evaluate(testWorld().Static, Place{Node: "db"}, in, "here")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Value(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := Evaluate(testWorld().Static, Place{}, m{"string_upper": m{"get_secret": "x"}}, "here"); err == nil {
		t.Error("string functions do not wait for run time")
	}
}

// Answers that double at each step end, in time and memory.
func TestBudget(t *testing.T) {
	properties := m{"p0": "x"}
	for i := 1; i <= 45; i++ {
		before := call("get_property", Self, "p"+string(rune('0'+(i-1)/10))+string(rune('0'+(i-1)%10)))
		if i == 1 {
			before = call("get_property", Self, "p0")
		}
		properties["p"+string(rune('0'+i/10))+string(rune('0'+i%10))] = call("concat", before, before)
	}
	scope := Static{Nodes: nodes(&orchestrator.Node{ID: "n", Properties: properties})}
	_, err := Evaluate(scope, Place{Node: "n"}, call("get_property", Self, "p45"), "here")
	if err == nil {
		t.Fatal("2^45 calls cannot have been made")
	}
}

func TestOutputs(t *testing.T) {
	definitions := []orchestrator.Output{
		{Name: "ok", Value: call("get_attribute", "vm", "ip")},
		{Name: "gone", Value: m{"get_secret": "zz"}},
		{Name: "bad", Value: call("get_attribute", "db", "host")},
	}
	got, err := Outputs(testWorld(), definitions)
	if err != nil {
		t.Fatal(err)
	}
	if bad, _ := got["bad"].(string); !strings.HasPrefix(bad, "<ERROR: ") {
		t.Errorf("an output that cannot be evaluated says so: %v", got)
	}
	delete(got, "bad")
	if diff := cmp.Diff(m{"ok": "10.9.9.9"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := Capabilities(testWorld(), definitions); err == nil {
		t.Error("a capability that cannot be evaluated is an error")
	}
	if _, err := Outputs(testWorld(), []orchestrator.Output{{Name: "o", Value: call("concat", m{"get_secret": "zz"})}}); err == nil {
		t.Error("a missing secret inside an output is an error")
	}
}

func TestEvaluateMapIsNoCall(t *testing.T) {
	got, err := EvaluateMap(testWorld(), Place{}, m{"merge": l{m{"get_input": "map"}}}, "inputs")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m{"merge": l{m{"k": l{"v0", "v1"}}}}, got); diff != "" {
		t.Errorf("an input may have the name of a function (-want +got):\n%s", diff)
	}
}

func TestWalk(t *testing.T) {
	v := m{"a": l{call("concat", m{"get_secret": "s"})}, "b": m{"get_input": "x"}}
	var got []string
	Walk(v, "p", func(found Located) { got = append(got, found.Path) })
	want := []string{"p.a[0].concat", "p.a[0].concat[0].get_secret", "p.b.get_input"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever a value looks like, evaluation ends, and without calls it changes
// nothing.
func FuzzEvaluate(f *testing.F) {
	for _, text := range []string{
		`{"concat": ["a", {"get_input": "name"}]}`, `{"get_secret": ["params", "aws"]}`, `{"get_property": ["vm", "loop"]}`,
		`{"get_attributes_dict": ["db", ["host"]]}`, `{"string_split": ["a,b", ",", -1]}`, `{"get_group_capability": ["g", ["a"]]}`,
		`{"merge": [{}, {"get_input": "map"}]}`, `{"get_label": ["k", "1"]}`, `{"get_sys": ["deployment", "id"]}`, `{"get_consumers": "count"}`,
	} {
		f.Add(text)
	}
	scope := testWorld()
	f.Fuzz(func(t *testing.T, text string) {
		v, err := orchestrator.DecodeValue([]byte(text))
		if err != nil {
			return
		}
		got, err := Evaluate(scope, Place{Instance: "vm_1"}, v, "fuzz")
		if err == nil && !HasCalls(v) && !cmp.Equal(encode(t, v), encode(t, got)) {
			t.Fatalf("%s became %v", text, got)
		}
	})
}

// The functions read the arguments of a list that comes marked as a whole, as
// one from the JSON of a secret does.
func TestArgumentsFromSecret(t *testing.T) {
	secret := Static{Inputs: map[string]Value{"s": orchestrator.Mark([]Value{"a-b", "-"}), "m": orchestrator.Mark([]Value{map[string]Value{"a": int64(1)}})}}
	cases := map[string]struct {
		reason string
		in     Value
		want   Value
	}{
		"Split":  {"the list is taken apart", m{"string_split": call("get_input", "s")}, []Value{"a", "b"}},
		"Find":   {"and so for others", m{"string_find": call("get_input", "s")}, int64(1)},
		"Concat": {"parts are joined", m{"concat": call("get_input", "s")}, "a-b-"},
		"Merge":  {"maps are merged", m{"merge": call("get_input", "m")}, map[string]Value{"a": int64(1)}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Evaluate(secret, Place{}, tc.in, "")
			if err != nil {
				t.Fatal(err)
			}
			if !orchestrator.IsSensitive(got) {
				t.Error("the answer is as sensitive as the arguments")
			}
			if diff := cmp.Diff(tc.want, orchestrator.Reveal(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
