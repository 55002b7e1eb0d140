package dsl

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// JSONSchema writes a JSON Schema (2020-12) for blueprints that use the types
// of a blueprint: editors complete and check as one types. It is made from the
// same structure that Compile checks. What only a compiler can know, such as
// whether a node exists, is left to Compile.
func JSONSchema(source Source, importer Importer) ([]byte, diag.Diagnostics) {
	c := newCompiler(source, importer, options{})
	documents := c.loadAll(source)
	if documents == nil {
		return nil, c.findings()
	}
	c.root = c.mergeAll(documents)
	c.checkShape(c.root)
	c.compileDataTypes()
	c.compilePlugins()
	c.compileNodeTypes()
	c.compileRelationshipTypes()
	if c.diagnostics.HasErrors() {
		return nil, c.findings()
	}
	text, err := json.MarshalIndent(c.jsonSchema(), "", "  ")
	if err != nil {
		c.fail(0, orchestrator.Range{File: source.Main}, "", "the schema cannot be written: %v", err)
		return nil, c.diagnostics
	}
	return append(text, '\n'), c.findings()
}

type object = map[string]any

func (c *compiler) jsonSchema() object {
	definitions := object{"call": callSchema()}
	for name, t := range c.dataTypes {
		definitions["data "+name] = c.propertiesSchema(t.schema, t.description)
	}
	blueprint := shapeSchema(&shape{kinds: []kind{mapKind}, fields: blueprintFields})
	blueprint["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	blueprint["title"] = "Blueprint"
	blueprint["$defs"] = definitions
	blueprint["required"] = []string{"tosca_definitions_version"}
	sections := blueprint["properties"].(object)
	sections["tosca_definitions_version"] = object{"enum": knownVersions()}
	template := sections["node_templates"].(object)["additionalProperties"].(object)
	c.nodeSchema(template)
	return blueprint
}

// nodeSchema makes the schema of a node template know the types.
func (c *compiler) nodeSchema(template object) {
	fields := template["properties"].(object)
	fields["type"] = oneOfNames(orchestrator.SortedKeys(c.nodeTypes))
	relationship := fields["relationships"].(object)["items"].(object)["properties"].(object)
	relationship["type"] = oneOfNames(orchestrator.SortedKeys(c.relationshipTypes))
	var byType []object
	for _, name := range orchestrator.SortedKeys(c.nodeTypes) {
		t := c.nodeTypes[name]
		operations := object{}
		for _, face := range t.interfaces.names {
			names := object{}
			for _, operation := range t.interfaces.byName[face].names {
				names[operation] = object{}
			}
			operations[face] = object{"properties": names}
		}
		byType = append(byType, object{
			"if": object{"properties": object{"type": object{"const": name}}, "required": []string{"type"}},
			"then": object{"properties": object{
				"properties": c.propertiesSchema(t.schema, ""),
				"interfaces": object{"properties": operations},
			}},
		})
	}
	if len(byType) > 0 { // a schema has no empty allOf
		template["allOf"] = byType
	}
	// A template without a type adds relationships to one of another file.
	delete(template, "required")
	template["anyOf"] = []object{{"required": []string{"type"}}, {"required": []string{"relationships"}, "maxProperties": 1}}
}

// oneOfNames offers names, and takes any other text: a blueprint defines types
// of its own.
func oneOfNames(names []string) object {
	return object{"anyOf": []object{{"enum": names}, {"type": "string"}}}
}

func callSchema() object {
	calls := object{"type": object{"type": "string"}}
	var required []object
	for _, name := range eval.Names() {
		calls[name] = object{}
		required = append(required, object{"required": []string{name}})
	}
	return object{"type": "object", "description": "An intrinsic function", "properties": calls, "additionalProperties": false, "oneOf": required}
}

// propertiesSchema is the schema of a map that a property schema governs.
// Required properties are not demanded: use_external_resource and defaults of
// data types may do without them.
func (c *compiler) propertiesSchema(s *schema, description string) object {
	properties := object{}
	for _, name := range s.names {
		properties[name] = c.propertySchema(s.byName[name])
	}
	out := object{"type": []string{"null", "object"}, "properties": properties, "additionalProperties": false}
	if description != "" {
		out["description"] = description
	}
	return out
}

func (c *compiler) propertySchema(p *property) object {
	out := object{}
	switch {
	case c.dataTypes[p.Type] != nil:
		out["anyOf"] = []object{{"$ref": "#/$defs/data%20" + pointer(p.Type)}, {"$ref": "#/$defs/call"}}
	case jsonType(p.Type) != "":
		out["anyOf"] = []object{{"type": jsonType(p.Type)}, {"$ref": "#/$defs/call"}}
	}
	description := p.Description
	if p.Required && !p.HasDefault {
		description = strings.TrimSpace(description + " (required)")
	}
	if description != "" {
		out["description"] = description
	}
	if p.HasDefault && p.Default != nil {
		out["default"] = p.Default
	}
	return out
}

// pointer escapes a name for a JSON pointer in a URL's fragment.
func pointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "%", "%25", " ", "%20").Replace(name)
}

// jsonType is the JSON type of a primitive that is checked; empty for others.
func jsonType(name string) string {
	switch name {
	case "integer", "boolean":
		return name
	case "float":
		return "number"
	case "list":
		return "array"
	case "dict":
		return "object"
	default:
		return ""
	}
}

// shapeSchema turns the structure of a part into a schema.
func shapeSchema(s *shape) object {
	out := object{}
	if len(s.kinds) == 0 {
		return out
	}
	types := []string{"null"} // what is null is left out
	for _, k := range s.kinds {
		types = append(types, jsonKind(k))
	}
	out["type"] = slices.Compact(types)
	if s.fields != nil {
		properties, required := object{}, []string{}
		for _, name := range orchestrator.SortedKeys(s.fields) {
			f := s.fields[name]
			properties[name] = shapeSchema(f.shape)
			if f.since > v1_0 {
				properties[name].(object)["description"] = fmt.Sprintf("since %s", f.since)
			}
			if f.required {
				required = append(required, name)
			}
		}
		out["properties"], out["additionalProperties"] = properties, false
		if len(required) > 0 {
			out["required"] = required
		}
	}
	if s.each != nil {
		out["additionalProperties"] = shapeSchema(s.each)
	}
	if s.items != nil {
		out["items"] = shapeSchema(s.items)
	}
	if s.filled {
		out["minItems"] = 1
	}
	return out
}

func jsonKind(k kind) string {
	switch k {
	case boolKind:
		return "boolean"
	case intKind:
		return "integer"
	case floatKind:
		return "number"
	case stringKind:
		return "string"
	case listKind:
		return "array"
	case mapKind:
		return "object"
	default:
		return "null"
	}
}
