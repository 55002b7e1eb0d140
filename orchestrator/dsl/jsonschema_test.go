package dsl

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

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
