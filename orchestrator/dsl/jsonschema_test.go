package dsl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/slipwayhq/slipway/orchestrator"
)

// at walks keys into a decoded schema.
func at(t *testing.T, v any, path ...orchestrator.Value) any {
	t.Helper()
	found, ok := orchestrator.Lookup(v, path...)
	if !ok {
		t.Fatalf("there is no %v", path)
	}
	return found
}

func TestJSONSchema(t *testing.T) {
	text, findings := JSONSchema(oneFile(header+`
data_types: {endpoint: {description: Where, properties: {port: {type: integer, default: 80, description: Which}}}}
node_types:
  server:
    properties: {endpoint: {type: endpoint}, name: {type: string}, many: {type: list}}
    interfaces: {cloudify.interfaces.lifecycle: {create: ''}}
relationships: {linked: {}}
`), nil)
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	var raw any
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	schema := orchestrator.FromJSON(raw)
	template := at(t, schema, "properties", "node_templates", "additionalProperties")
	server := at(t, template, "allOf", 0, "then", "properties", "properties", "properties")
	cases := map[string]struct {
		reason    string
		got, want any
	}{
		"Version":      {"versions are known", at(t, schema, "properties", "tosca_definitions_version", "enum", 0), "cloudify_dsl_1_0"},
		"Closed":       {"unknown sections are wrong", at(t, schema, "additionalProperties"), false},
		"Types":        {"types are offered", at(t, template, "properties", "type", "anyOf", 0, "enum"), []any{"server"}},
		"Relationship": {"relationship types, too", at(t, template, "properties", "relationships", "items", "properties", "type", "anyOf", 0, "enum"), []any{"linked"}},
		"Operation":    {"operations are offered", at(t, template, "allOf", 0, "then", "properties", "interfaces", "properties", "cloudify.interfaces.lifecycle", "properties"), map[string]any{"create": map[string]any{}}},
		"List":         {"a value or a function", at(t, server, "many", "anyOf", 0, "type"), "array"},
		"Text":         {"a text may be anything, and is required", at(t, server, "name"), map[string]any{"description": "(required)"}},
		"DataType":     {"a data type is referred to", at(t, server, "endpoint", "anyOf", 0, "$ref"), "#/$defs/data%20endpoint"},
		"Field":        {"its fields are described", at(t, schema, "$defs", "data endpoint", "properties", "port", "default"), float64(80)},
		"Since":        {"newer keys say so", at(t, schema, "properties", "policies", "description"), "since cloudify_dsl_1_3"},
		"Call":         {"functions are known", at(t, schema, "$defs", "call", "properties", "get_secret"), map[string]any{}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestJSONSchemaOfBrokenTypes(t *testing.T) {
	if _, findings := JSONSchema(oneFile(header+"node_types: {a: {derived_from: b}}\n"), nil); !findings.HasErrors() {
		t.Error("types that cannot be compiled have no schema")
	}
}

// checkOwnSchema validates a main file against the schema made from it.
func checkOwnSchema(source Source, importer Importer, main []byte) error {
	text, findings := JSONSchema(source, importer)
	if err := findings.Err(); err != nil {
		return err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("blueprint.json", document); err != nil {
		return err
	}
	schema, err := compiler.Compile("blueprint.json")
	if err != nil {
		return fmt.Errorf("the schema is none: %w", err)
	}
	root, _ := readYAML("blueprint.yaml", main)
	encoded, err := json.Marshal(root.value())
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// What compiles is fine in an editor that has the schema of it.
func TestJSONSchemaAcceptsWhatCompiles(t *testing.T) {
	eachGolden(t, "plans", func(t *testing.T, _ string, a *txtar.Archive) {
		source, importer := blueprintOf(a)
		main, _ := textsOf(a)(source.Main)
		if err := checkOwnSchema(source, importer, main); err != nil {
			t.Error(err)
		}
	})
	t.Run("Relationships of another file's node", func(t *testing.T) {
		text := header + "imports: [a.yaml]\nnode_templates: {n: {relationships: [{type: r, target: x}]}}\n"
		files := fstest.MapFS{"blueprint.yaml": {Data: []byte(text)}, "a.yaml": {Data: []byte("node_types: {t: {}}\nrelationships: {r: {}}\nnode_templates: {n: {type: t}, x: {type: t}}\n")}}
		if err := checkOwnSchema(Source{Files: files, Main: "blueprint.yaml"}, nil, []byte(text)); err != nil {
			t.Error(err)
		}
	})
	t.Run("Recorded", func(t *testing.T) {
		const sample = 5 // a schema costs more than a plan
		for i, c := range readCases(t) {
			if c.Main == nil || c.Kind != "parse" || i%sample != 0 {
				continue
			}
			source, _ := c.source()
			if plan, _ := Compile(source, caseImporter{c}); plan == nil {
				continue
			}
			if err := checkOwnSchema(source, caseImporter{c}, []byte(*c.Main)); err != nil {
				t.Errorf("%s: %v", c.ID, err)
			}
		}
	})
}
