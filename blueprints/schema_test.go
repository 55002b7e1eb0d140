package blueprints_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/slipwayhq/slipway/blueprints"
	"github.com/slipwayhq/slipway/orchestrator/dsl"
)

// editorSchema is the JSON Schema of all bundled types, as editors read it.
func editorSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	files := fstest.MapFS{blueprints.MainFile: &fstest.MapFile{Data: []byte(blueprints.EveryType())}}
	text, findings := dsl.JSONSchema(dsl.Source{Files: files, Main: blueprints.MainFile}, bundled)
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("blueprint.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("blueprint.json")
	if err != nil {
		t.Fatalf("the schema is none: %v", err)
	}
	return schema
}

// inEditor reads a blueprint as an editor does before it checks it.
func inEditor(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

func TestSchemaAcceptsTheCatalogue(t *testing.T) {
	schema := editorSchema(t)
	for _, entry := range blueprints.Catalog() {
		t.Run(entry.ID, func(t *testing.T) {
			files, err := entry.Files()
			if err != nil {
				t.Fatal(err)
			}
			text, err := fs.ReadFile(files, blueprints.MainFile)
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(inEditor(t, string(text))); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSchemaRefuses(t *testing.T) {
	schema := editorSchema(t)
	cases := map[string]struct{ reason, text, place string }{
		"Version":      {"versions are known", "tosca_definitions_version: cloudify_dsl_1_9", "/tosca_definitions_version"},
		"Section":      {"sections are known", "node_template: {}", "node_template"},
		"Shape":        {"sections are maps", "inputs: []", "/inputs"},
		"Type":         {"a node has a type", "node_templates: {vm: {properties: {}}}", "/node_templates/vm"},
		"Property":     {"properties are known by type", "node_templates: {vm: {type: cloudify.nodes.Compute, properties: {ipp: x}}}", "/node_templates/vm/properties"},
		"PropertyKind": {"and their kinds", "node_templates: {vm: {type: cloudify.nodes.aws.ec2.Subnet, properties: {resource_config: []}}}", "/node_templates/vm/properties/resource_config"},
		"Target":       {"a relationship has a target", "node_templates: {vm: {type: cloudify.nodes.Root, relationships: [{type: x}]}}", "/node_templates/vm/relationships/0"},
		"Value":        {"a capability has a value", "capabilities: {ip: {get_attribute: [vm, ip]}}", "/capabilities/ip"},
		"Retries":      {"operations have known keys", "node_templates: {vm: {type: cloudify.nodes.Root, interfaces: {i: {o: {retries: 1}}}}}", "/node_templates/vm/interfaces/i/o"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			text := tc.text + "\n"
			if !strings.HasPrefix(text, "tosca") {
				text = "tosca_definitions_version: cloudify_dsl_1_5\n" + text
			}
			err := schema.Validate(inEditor(t, text))
			if err == nil || !strings.Contains(fmt.Sprint(err), tc.place) {
				t.Errorf("%s: %v", tc.reason, err)
			}
		})
	}
}
