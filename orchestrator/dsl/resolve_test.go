package dsl

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

const inputsBlueprint = header + `
data_types:
  endpoint: {properties: {host: {type: string, default: localhost}, port: {type: integer}}}
  defaults: {properties: {a: {default: 1}}}
inputs:
  name: {type: string}
  size: {type: string, default: small, constraints: [{valid_values: [small, large]}]}
  count: {type: integer, default: 2, constraints: [{in_range: [1, 5]}]}
  ratio: {type: float, required: false}
  wanted: {type: boolean, default: false}
  tags: {type: list, item_type: string, default: [], constraints: [{max_length: 3}]}
  endpoint: {type: endpoint, required: false}
  defaults: {type: defaults}
  upper: {type: integer, default: 9}
  below: {type: integer, default: 1, constraints: [{less_than: {get_input: upper}}]}
  node: {type: node_id, required: false}
`

func compileText(t *testing.T, text string) *orchestrator.Plan {
	t.Helper()
	plan, findings := Compile(oneFile(text), nil)
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestResolveInputs(t *testing.T) {
	type m = map[string]Value
	plan := compileText(t, inputsBlueprint)
	defaults := m{"name": "x", "size": "small", "count": int64(2), "ratio": nil, "wanted": false, "tags": []Value{}, "endpoint": nil,
		"defaults": m{"a": int64(1)}, "upper": int64(9), "below": int64(1), "node": nil}
	with := func(changes m) m {
		out := copyMap(defaults)
		for key, value := range changes {
			out[key] = value
		}
		return out
	}
	cases := map[string]struct {
		reason  string
		given   m
		options InputOptions
		want    m
		fields  map[string]string
		field   string
		because string
	}{
		"Defaults": {reason: "what is not given has its default; a data type of defaults is built", given: m{"name": "x"}, want: defaults},
		"Texts": {reason: "a command line sends only texts", given: m{"name": "5", "count": "3", "ratio": "1.5", "wanted": "true"},
			options: InputOptions{Convert: true}, want: with(m{"name": "5", "count": int64(3), "ratio": 1.5, "wanted": true})},
		"DataType": {reason: "the defaults of fields are filled in", given: m{"name": "x", "endpoint": m{"port": int64(80)}},
			want: with(m{"endpoint": m{"host": "localhost", "port": int64(80)}})},
		"Marked":   {reason: "a marked value is checked and stays marked", given: m{"name": orchestrator.Mark("secret")}, want: with(m{"name": orchestrator.Mark("secret")})},
		"NotASCII": {reason: "values may have any characters", given: m{"name": "café"}, want: with(m{"name": "café"})},
		"ErrMissing": {reason: "what is required and not given", given: m{}, field: "name", because: reasonMissingInput,
			fields: map[string]string{"name": "this input is required"}},
		"ErrAllAtOnce": {
			reason: "a form shows each sentence beside its field",
			given:  m{"nmae": "x", "size": "huge", "count": "3", "wanted": "yes", "tags": []Value{int64(1)}, "endpoint": m{"prot": int64(1)}},
			fields: map[string]string{
				"name":     "this input is required",
				"nmae":     `the blueprint has no such input; did you mean "name"?`,
				"size":     `"huge" does not fulfil valid_values: "small", "large"`,
				"count":    "a string cannot be compared with a number",
				"wanted":   "this input must be of type boolean, not a string",
				"tags":     "an integer has no length",
				"endpoint": "this input has no property prot",
			},
			because: reasonMissingInput,
		},
		"ErrMarked": {reason: "a marked value is not quoted", given: m{"name": "x", "size": orchestrator.Mark("s3cret")}, field: "size",
			fields: map[string]string{"size": "this value does not fit; it is sensitive, so the reason is not shown"}},
		"ErrMapForString": {reason: "a map is no text", given: m{"name": m{"a": "b"}}, field: "name", fields: map[string]string{"name": "this must be a text, not a map"}},
		"ErrConstraintFunction": {reason: "functions in constraints are evaluated over the inputs", given: m{"name": "x", "upper": int64(3), "below": int64(3)}, field: "below",
			fields: map[string]string{"below": "3 does not fulfil less_than: 3"}},
		"ErrNotFound": {
			reason: "what an object type names is looked up", given: m{"name": "x", "node": "vm"}, field: "node",
			options: InputOptions{InDeployment: true, Find: func(q ObjectQuery) (bool, error) { return q.Value == Value("db"), nil }},
			fields:  map[string]string{"node": `there is no node_id "vm"`},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ResolveInputs(plan, tc.given, tc.options)
			var fields map[string]string
			if e, ok := errors.AsType[*orchestrator.Error](err); ok {
				fields = e.Fields
				if e.Code != orchestrator.Invalid || e.Field != tc.field || e.Reason != tc.because {
					t.Errorf("%s: code %q, field %q, reason %q", tc.reason, e.Code, e.Field, e.Reason)
				}
			}
			if diff := cmp.Diff(tc.fields, fields); diff != "" {
				t.Fatalf("%s: fields (-want +got):\n%s", tc.reason, diff)
			}
			if tc.fields == nil {
				if diff := cmp.Diff(reveal(tc.want), reveal(got)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
				}
			}
		})
	}
	t.Run("ErrLookup", func(t *testing.T) {
		broken := errors.New("the database is away")
		_, err := ResolveInputs(plan, m{"name": "x", "node": "vm"}, InputOptions{InDeployment: true, Find: func(ObjectQuery) (bool, error) { return false, broken }})
		if !errors.Is(err, broken) || orchestrator.ErrorCode(err) != orchestrator.Internal {
			t.Errorf("a look-up that fails is no fault of the input: %v", err)
		}
	})
}

// reveal writes marks as text, so that marked and unmarked values differ.
func reveal(m map[string]Value) map[string]Value {
	out := map[string]Value{}
	for key, value := range m {
		if s, ok := value.(orchestrator.Sensitive); ok {
			value = []Value{"marked", s.Open()}
		}
		out[key] = value
	}
	return out
}

func TestPrepareReportsAllMissingSecrets(t *testing.T) {
	plan := compileText(t, header+`
inputs: {which: {default: c}}
outputs:
  a: {value: {get_secret: a}}
  b: {value: {concat: [{get_secret: [b, x]}, {get_secret: {get_input: which}}]}}
  known: {value: {get_secret: d}}
`)
	inputs, err := ResolveInputs(plan, nil, InputOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Prepare(plan, inputs, PrepareOptions{HasSecret: func(key string) (bool, error) { return key == "d", nil }})
	want := "the deployment reads secrets that do not exist: a, b, c; create them first"
	if diff := cmp.Diff(want, orchestrator.ErrorMessage(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What an input of an object type names is searched for with the constraints
// that only a search can check.
func TestResolveInputsAsks(t *testing.T) {
	type m = map[string]Value
	deployment := ObjectQuery{Type: "deployment_id", Value: "d", Parameters: m{"labels": []Value{m{"env": "prod"}}}}
	cases := map[string]struct {
		reason, input string
		given         Value
		options       InputOptions
		found         bool
		asked         []ObjectQuery
		wrong         string
	}{
		"Deployment": {
			reason: "by itself first, then with its constraints", found: true,
			input: "{type: deployment_id, constraints: [{labels: [{env: prod}]}]}", given: "d",
			asked: []ObjectQuery{{Type: "deployment_id", Value: "d"}, deployment},
		},
		"ErrDeployment": {
			reason: "one that is not there is asked for once",
			input:  "{type: deployment_id, constraints: [{labels: [{env: prod}]}]}", given: "d",
			asked: []ObjectQuery{{Type: "deployment_id", Value: "d"}}, wrong: `there is no deployment_id "d"`,
		},
		"List": {
			reason: "every item of a list", found: true,
			input: "{type: list, item_type: blueprint_id}", given: []Value{"a", "b"},
			asked: []ObjectQuery{{Type: "blueprint_id", Value: "a"}, {Type: "blueprint_id", Value: "b"}},
		},
		"NamePattern": {
			reason: "a pattern of names is asked for under the search's own word",
			input:  "{type: node_id, constraints: [{deployment_id: d}, {name_pattern: {starts_with: v}}]}", given: "vm",
			asked: []ObjectQuery{{Type: "node_id", Value: "vm", Parameters: m{"deployment_id": "d", "id_specs": m{"starts_with": "v"}}}},
			wrong: `"vm" is no node_id that fulfils the constraints of this input`,
		},
		"ErrOfNothing": {
			reason: "a capability belongs to a deployment, and none is named",
			input:  "{type: capability_value}", given: "x",
			wrong: "the blueprint does not say of which deployment this capability_value is; its input needs the constraint deployment_id",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			plan := compileText(t, "tosca_definitions_version: cloudify_dsl_1_4\ninputs: {i: "+tc.input+"}\n")
			var asked []ObjectQuery
			tc.options.Find = func(q ObjectQuery) (bool, error) {
				if len(q.Parameters) == 0 {
					q.Parameters = nil
				}
				asked = append(asked, q)
				return tc.found, nil
			}
			_, err := ResolveInputs(plan, m{"i": tc.given}, tc.options)
			wrong := ""
			if e, ok := errors.AsType[*orchestrator.Error](err); ok {
				wrong = e.Fields["i"]
			}
			if diff := cmp.Diff(tc.wrong, wrong); diff != "" {
				t.Errorf("%s: (-want +got):\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.asked, asked); diff != "" {
				t.Errorf("%s: asked (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// Preparing a deployment leaves the blueprint's plan as it is.
func TestPrepareCopies(t *testing.T) {
	source, importer := oneFile(inputsBlueprint+`
node_types: {t: {properties: {p: {}}, interfaces: {i: {o: {implementation: '', inputs: {x: {default: {get_input: size}}}}}}}}
node_templates: {n: {type: t, properties: {p: {get_input: size}}, capabilities: {scalable: {properties: {default_instances: {get_input: count}}}}}}
labels: {l: {values: [{get_input: size}]}}
deployment_settings: {display_name: {get_input: size}}
capabilities: {c: {value: {get_input: size}}}
`), NoImports{}
	plan, findings := Compile(source, importer)
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	before := string(pretty(t, plan))
	inputs, err := ResolveInputs(plan, map[string]Value{"name": "x"}, InputOptions{})
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := Prepare(plan, inputs, PrepareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, string(pretty(t, plan))); diff != "" {
		t.Errorf("the blueprint's plan changed (-before +after):\n%s", diff)
	}
	got := []Value{prepared.Nodes[0].Properties["p"], prepared.Nodes[0].Instances.Current, prepared.Labels["l"][0], prepared.DeploymentSettings["display_name"], prepared.Capabilities[0].Value}
	if diff := cmp.Diff([]Value{"small", int64(2), "small", "small", "small"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
