package dsl

import (
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
)

// shape says how a part of a blueprint is built: which kinds it may be, and
// what may be in it. The whole DSL is one value of this type.
type shape struct {
	kinds  []kind           // empty: anything goes, and nothing inside is checked
	fields map[string]field // of a map with fixed keys
	each   *shape           // of a map from names: every value
	items  *shape           // of a list: every item
	// filled says that a list must have items.
	filled bool
}

// field is one key of a map with fixed keys.
type field struct {
	*shape
	required bool
	since    version
}

var (
	anything      = &shape{}
	aString       = &shape{kinds: []kind{stringKind}}
	aBoolean      = &shape{kinds: []kind{boolKind}}
	anInteger     = &shape{kinds: []kind{intKind, boolKind}} // booleans are integers to the original
	aNumber       = &shape{kinds: []kind{intKind, floatKind, boolKind}}
	anyMap        = &shape{kinds: []kind{mapKind}}
	anyList       = &shape{kinds: []kind{listKind}}
	mapOrText     = &shape{kinds: []kind{mapKind, stringKind}}
	intOrCall     = &shape{kinds: []kind{intKind, boolKind, mapKind}}
	intCallOrWord = &shape{kinds: []kind{intKind, boolKind, mapKind, stringKind}}
)

func listOf(items *shape) *shape { return &shape{kinds: []kind{listKind}, items: items} }
func filledListOf(items *shape) *shape {
	return &shape{kinds: []kind{listKind}, items: items, filled: true}
}
func mapOf(each *shape) *shape { return &shape{kinds: []kind{mapKind}, each: each} }
func fixed(fields map[string]field) *shape {
	return &shape{kinds: []kind{mapKind}, fields: fields}
}

// textOr allows a text in place of the map.
func textOr(s *shape) *shape {
	either := *s
	either.kinds = append(slices.Clone(s.kinds), stringKind)
	return &either
}

func must(s *shape) field             { return field{shape: s, required: true} }
func may(s *shape) field              { return field{shape: s} }
func since(v version, s *shape) field { return field{shape: s, since: v} }
func with(a map[string]field, more map[string]field) map[string]field {
	out := make(map[string]field, len(a)+len(more))
	for k, f := range a {
		out[k] = f
	}
	for k, f := range more {
		out[k] = f
	}
	return out
}

// blueprintShape is the structure of a whole blueprint.
func blueprintShape() *shape {
	schemaFields := map[string]field{
		"type": may(aString), "default": may(anything), "description": may(aString), "required": since(v1_2, aBoolean),
	}
	parameterFields := with(schemaFields, map[string]field{"constraints": may(listOf(anyMap)), "item_type": since(v1_4, aString)})
	schema := mapOf(fixed(schemaFields))
	parameters := mapOf(fixed(parameterFields))
	inputs := mapOf(fixed(with(parameterFields, map[string]field{
		"display_label": since(v1_3, aString), "hidden": since(v1_3, aBoolean), "display": may(fixed(map[string]field{"rows": may(anInteger)})),
	})))
	runtime := mapOf(fixed(with(schemaFields, map[string]field{"sensitive": may(aBoolean)})))
	operation := func(inputs *shape) *shape {
		return textOr(fixed(map[string]field{
			"implementation": may(aString), "inputs": may(inputs), "executor": may(aString),
			"max_retries": since(v1_1, anInteger), "retry_interval": since(v1_1, aNumber),
			"timeout": may(aNumber), "timeout_recoverable": may(aBoolean),
		}))
	}
	typeInterfaces := mapOf(mapOf(operation(schema)))
	interfaces := mapOf(mapOf(operation(anyMap)))
	scalable := fixed(map[string]field{
		"default_instances": may(intOrCall), "min_instances": may(intOrCall), "max_instances": may(intCallOrWord),
	})
	output := mapOf(fixed(map[string]field{"description": may(aString), "value": must(anything)}))
	labels := mapOf(fixed(map[string]field{"values": may(anyList)}))

	return fixed(map[string]field{
		"tosca_definitions_version": may(anything),
		"description":               since(v1_2, aString),
		"imports":                   may(anyList),
		"dsl_definitions":           since(v1_2, &shape{kinds: []kind{mapKind, listKind}}),
		"metadata":                  may(anyMap),
		"inputs":                    may(inputs),
		"data_types": since(v1_2, mapOf(fixed(map[string]field{
			"derived_from": may(aString), "properties": may(schema), "description": may(aString), "version": may(aString),
		}))),
		"node_types": may(mapOf(fixed(map[string]field{
			"derived_from": may(aString), "properties": may(schema), "runtime_properties": may(runtime), "interfaces": may(typeInterfaces),
		}))),
		"relationships": may(mapOf(fixed(map[string]field{
			"derived_from": may(aString), "properties": may(schema), "source_interfaces": may(typeInterfaces), "target_interfaces": may(typeInterfaces),
		}))),
		"node_templates": may(mapOf(fixed(map[string]field{
			"type": must(aString), "properties": may(anyMap), "interfaces": may(interfaces),
			"relationships": may(listOf(fixed(map[string]field{
				"type": must(aString), "target": must(aString), "properties": may(anyMap),
				"source_interfaces": may(interfaces), "target_interfaces": may(interfaces),
			}))),
			"capabilities": since(v1_3, fixed(map[string]field{"scalable": may(fixed(map[string]field{"properties": may(scalable)}))})),
			"instances":    may(fixed(map[string]field{"deploy": must(intOrCall)})),
		}))),
		"plugins": may(mapOf(fixed(map[string]field{
			"executor": must(aString), "install": may(aBoolean), "source": may(aString), "install_arguments": since(v1_1, aString),
			"package_name": since(v1_2, aString), "package_version": since(v1_2, aString), "supported_platform": since(v1_2, aString),
			"distribution": since(v1_2, aString), "distribution_version": since(v1_2, aString), "distribution_release": since(v1_2, aString),
			"properties": since(v1_5, mapOf(fixed(map[string]field{
				"type": may(aString), "description": may(aString), "display_label": may(aString), "default": may(anything), "value": may(anything),
			}))),
			"properties_description": since(v1_5, aString),
		}))),
		"workflows": may(mapOf(textOr(fixed(map[string]field{
			"mapping": must(aString), "parameters": may(parameters), "is_cascading": may(aBoolean),
			"availability_rules": since(v1_4, fixed(map[string]field{
				"available": may(aBoolean), "node_instances_active": may(listOf(aString)), "node_types_required": may(listOf(aString)),
			})),
		})))),
		"outputs":      may(output),
		"capabilities": may(output),
		"groups": may(mapOf(fixed(map[string]field{
			"members": must(filledListOf(aString)),
			"policies": may(mapOf(fixed(map[string]field{
				"type": must(aString), "properties": may(anyMap),
				"triggers": may(mapOf(fixed(map[string]field{"type": must(aString), "parameters": may(anyMap)}))),
			}))),
		}))),
		"policies": since(v1_3, mapOf(fixed(map[string]field{
			"type": must(aString), "targets": must(listOf(aString)), "properties": may(scalable),
		}))),
		"policy_types":        may(mapOf(fixed(map[string]field{"source": must(aString), "properties": may(schema)}))),
		"policy_triggers":     may(mapOf(fixed(map[string]field{"source": must(aString), "parameters": may(schema)}))),
		"labels":              may(labels),
		"blueprint_labels":    may(labels),
		"resource_tags":       since(v1_3, anyMap),
		"deployment_settings": may(deploymentSettingsShape()),
	})
}

func deploymentSettingsShape() *shape {
	text := mapOrText // a text or a function
	return fixed(map[string]field{
		"display_name": may(text), "id_template": may(text), "default_groups": may(listOf(text)),
		"default_schedules": may(mapOf(fixed(map[string]field{
			"workflow": must(aString), "since": must(aString), "until": may(aString), "timezone": may(aString),
			"recurrence": may(aString), "weekdays": may(anyList), "count": may(anInteger),
			"default_enabled": may(aBoolean), "stop_after_fail": may(aBoolean), "slip": may(anInteger),
			"workflow_parameters": may(anyMap),
			"execution_arguments": may(fixed(map[string]field{
				"force": may(aBoolean), "is_dry_run": may(aBoolean), "wait_after_fail": may(anInteger), "allow_custom_parameters": may(aBoolean),
			})),
		}))),
	})
}

// checkShape reports everything in the merged tree that is not built as the DSL
// wants it, and notes which named entries are broken, so that later stages do
// not report what follows from it.
func (c *compiler) checkShape(root *node) {
	for _, e := range c.checkKeys(root, blueprintShape().fields, "") {
		f := blueprintFields[e.key]
		if e.value.kind == mapKind && f.each != nil {
			for _, named := range e.value.entries {
				if named.value.kind == nullKind && e.key == "node_templates" {
					named.value = newMap(named.at, nil) // not left out, but without its type
				}
				if !c.check(named.value, f.each, dotted(e.key, named.key)) {
					c.broken[dotted(e.key, named.key)] = true
				}
				c.checkKeyText(named, dotted(e.key, named.key))
			}
			continue
		}
		if !c.check(e.value, f.shape, e.key) {
			c.broken[e.key] = true
		}
	}
}

// blueprintFields are the sections; the table is built once and never changed.
var blueprintFields = blueprintShape().fields

// check reports what is wrong with n, which stands at path, and whether all is
// well.
func (c *compiler) check(n *node, s *shape, path string) bool {
	if n.kind == nullKind || len(s.kinds) == 0 {
		return true
	}
	if !slices.Contains(s.kinds, n.kind) {
		c.fail(codeStructure, n.at, path, "%s is expected here, not %s", kindList(s.kinds), n.kind)
		return false
	}
	fine := true
	switch n.kind {
	case mapKind:
		if s.fields != nil {
			before := len(c.diagnostics)
			for _, e := range c.checkKeys(n, s.fields, path) {
				c.check(e.value, s.fields[e.key].shape, dotted(path, e.key))
			}
			fine = len(c.diagnostics) == before
		}
		if s.each != nil {
			for _, e := range n.entries {
				fine = c.checkKeyText(e, dotted(path, e.key)) && fine
				fine = c.check(e.value, s.each, dotted(path, e.key)) && fine
			}
		}
	case listKind:
		if s.filled && len(n.items) == 0 {
			c.fail(codeStructure, n.at, path, "the list is empty; it needs at least one item")
			fine = false
		}
		if s.items != nil {
			for i, item := range n.items {
				fine = c.check(item, s.items, indexed(path, i)) && fine
			}
		}
	}
	return fine
}

func (c *compiler) checkKeyText(e entry, path string) bool {
	if !e.text {
		c.fail(codeStructure, e.at, path, "the key %s is not a string; write it in quotes", e.key)
	}
	return e.text
}

// checkKeys reports keys that a map with fixed keys does not have, misses, or
// may not have in this version, and returns the others.
func (c *compiler) checkKeys(n *node, fields map[string]field, path string) []entry {
	known := make([]entry, 0, len(n.entries))
	for _, e := range n.entries {
		f, ok := fields[e.key]
		switch {
		case !ok:
			d := c.fail(codeStructure, e.at, dotted(path, e.key), "there is no %q here; known are %s", e.key, strings.Join(sortedKeys(fields), ", "))
			suggest(d, e.key, sortedKeys(fields))
		case f.since > c.version && c.validateVersion && e.value.kind != nullKind:
			d := c.fail(codeTooNew, e.at, dotted(path, e.key), "%q needs %s, and this blueprint is %s", e.key, f.since, c.version)
			d.Hint = "raise tosca_definitions_version to " + f.since.String()
			known = append(known, e)
		default:
			known = append(known, e)
		}
	}
	for _, name := range sortedKeys(fields) {
		if fields[name].required && n.get(name) == nil {
			c.fail(codeStructure, n.at, dotted(path, name), "%q is required here and missing", name)
		}
	}
	return known
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func kindList(kinds []kind) string {
	var names []string
	for _, k := range kinds {
		if k == boolKind && slices.Contains(kinds, intKind) {
			continue
		}
		names = append(names, k.String())
	}
	return strings.Join(names, " or ")
}

// fail reports an error; the returned finding may be given a hint.
func (c *compiler) fail(code int, at orchestrator.Range, path, format string, args ...any) *diag.Diagnostic {
	c.diagnostics = append(c.diagnostics, diag.Diagnostic{
		Severity: diag.Error, Code: code, Message: sprintf(format, args...), Range: at, Path: path, Imports: c.chains[at.File],
	})
	return &c.diagnostics[len(c.diagnostics)-1]
}
