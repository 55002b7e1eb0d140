package dsl

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
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
	checker := &shapeChecker{c: c}
	for _, e := range checker.keys(root, blueprintFields) {
		f := blueprintFields[e.key]
		checker.under(e.key, func() {
			if e.value.kind == mapKind && f.each != nil {
				checker.section(e, f.each)
			} else if !checker.check(e.value, f.shape) {
				c.broken[e.key] = true
			}
		})
	}
}

// blueprintFields are the sections; the table is built once and never changed.
var blueprintFields = blueprintShape().fields

// shapeChecker walks a tree along a shape.
type shapeChecker struct {
	c    *compiler
	path []string // to the node at hand
}

// under runs step with the path one key longer.
func (s *shapeChecker) under(key string, step func()) {
	s.path = append(s.path, key)
	step()
	s.path = s.path[:len(s.path)-1]
}

func (s *shapeChecker) fail(code int, at orchestrator.Range, format string, args ...any) *diag.Diagnostic {
	return s.c.fail(code, at, strings.Join(s.path, "."), format, args...)
}

// section checks the named entries of a section, each by itself.
func (s *shapeChecker) section(section entry, each *shape) {
	for _, named := range section.value.entries {
		if named.value.kind == nullKind && section.key == "node_templates" {
			named.value = newMap(named.at, nil) // not left out, but without its type
		}
		s.under(named.key, func() {
			if _, ok := blueprintFields[named.key]; ok && section.key == "node_templates" && named.value.get("type") == nil {
				s.fail(codeStructure, named.at, "the section %s is indented as a node", named.key).Hint = "begin its line where node_templates begins"
				s.c.broken[dotted(section.key, named.key)] = true
				return
			}
			text := s.keyText(named)
			if !s.check(named.value, each) || !text {
				s.c.broken[dotted(section.key, named.key)] = true
			}
		})
	}
}

// check reports what is wrong with n, and whether all is well.
func (s *shapeChecker) check(n *node, want *shape) bool {
	if n.kind == nullKind || len(want.kinds) == 0 {
		return true
	}
	if !slices.Contains(want.kinds, n.kind) {
		if len(s.path) == 1 && s.path[0] == "imports" {
			return false // told when they were read
		}
		s.fail(codeStructure, n.at, "%s is expected here, not %s", want.kindList(), n.kind).Hint = want.otherKind(n)
		return false
	}
	before := s.c.failed
	switch {
	case n.kind == mapKind && want.fields != nil:
		for _, e := range s.keys(n, want.fields) {
			s.under(e.key, func() { s.check(e.value, want.fields[e.key].shape) })
		}
	case n.kind == mapKind && want.each != nil:
		for _, e := range n.entries {
			s.under(e.key, func() {
				s.keyText(e)
				s.check(e.value, want.each)
			})
		}
	case n.kind == listKind:
		if want.filled && len(n.items) == 0 {
			s.fail(codeStructure, n.at, "the list is empty; it needs at least one item")
		}
		if want.items == nil {
			break
		}
		for i, item := range n.items {
			s.under(strconv.Itoa(i), func() { s.check(item, want.items) })
		}
	}
	return s.c.failed == before
}

// keyText reports a key that is not written as a string.
func (s *shapeChecker) keyText(e entry) bool {
	if !e.text {
		s.fail(codeStructure, e.at, "the key %s is not a string; write it in quotes", e.key)
	}
	return e.text
}

// keys reports keys that a map with fixed keys does not have, misses, or may
// not have in this version, and returns those that it has.
func (s *shapeChecker) keys(n *node, fields map[string]field) []entry {
	known := make([]entry, 0, len(n.entries))
	var unknown []entry
	for _, e := range n.entries {
		f, ok := fields[e.key]
		if ok {
			known = append(known, e)
		}
		switch {
		case !ok:
			unknown = append(unknown, e)
		case e.value.kind != nullKind && s.c.tooNew(f.since, e.at):
			s.under(e.key, func() { s.c.failTooNew(f.since, e.at, strings.Join(s.path, "."), strconv.Quote(e.key)) })
		}
	}
	s.unknown(n, unknown, fields)
	return known
}

// unknown reports keys that a map does not have, and those that it misses. A
// missing key is not told where a misspelt one stands for it, and only that is
// told where the map is a value in the place of the one that has it.
func (s *shapeChecker) unknown(n *node, unknown []entry, fields map[string]field) {
	missing := map[string]bool{}
	for name, f := range fields {
		if f.required && n.get(name) == nil {
			missing[name] = true
		}
	}
	if hint := shortForm(n, fields); hint != "" && len(missing) > 0 && len(unknown) == len(n.entries) {
		s.fail(codeStructure, n.at, "%s required here and missing", quoted(orchestrator.SortedKeys(missing))).Hint = hint
		return
	}
	for _, e := range unknown {
		near := diag.NearestOf(e.key, maps.Keys(fields))
		delete(missing, near)
		s.under(e.key, func() {
			if near != "" {
				s.fail(codeStructure, e.at, "there is no %q here", e.key).Hint = didYouMean(near)
				return
			}
			if len(s.path) == 1 && (e.value.get("type") != nil || nodeKeys[e.key]) {
				s.fail(codeStructure, e.at, "there is no section %q", e.key).Hint = "indent it, if it belongs to the section or node above"
				return
			}
			s.fail(codeStructure, e.at, "there is no %q here; known are %s", e.key, strings.Join(orchestrator.SortedKeys(fields), ", "))
		})
	}
	for name := range missing {
		s.under(name, func() { s.fail(codeStructure, n.at, "%q is required here and missing", name) })
	}
}

// nodeKeys are keys of node templates that are easily taken for sections.
var nodeKeys = map[string]bool{"type": true, "properties": true, "interfaces": true}

// quoted lists keys as the subject of a sentence.
func quoted(keys []string) string {
	var names []string
	for _, key := range keys {
		names = append(names, strconv.Quote(key))
	}
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names, " and ") + " are"
}

// shortForm guesses what a map that has none of its keys is meant to say; empty
// where it cannot be guessed.
func shortForm(n *node, fields map[string]field) string {
	_, hasValue := fields["value"]
	_, hasTarget := fields["target"]
	switch {
	case hasValue && n.isCall():
		return fmt.Sprintf("write value: {%s: …}", n.entries[0].key)
	case hasTarget && len(n.entries) == 1 && n.entries[0].value.kind == stringKind:
		return fmt.Sprintf("write {type: %s, target: %s}", n.entries[0].key, n.entries[0].value.text())
	}
	return ""
}

// otherKind guesses how a value of the wrong kind is meant; empty where it
// cannot be guessed.
func (want *shape) otherKind(n *node) string {
	wants := func(k kind) bool { return slices.Contains(want.kinds, k) }
	_, hasType := want.fields["type"]
	_, hasValue := want.fields["value"]
	text := shorten(n.text())
	switch {
	case n.kind == stringKind && noSpaceColon.MatchString(text) && wants(mapKind):
		key, value, _ := strings.Cut(text, ":")
		return fmt.Sprintf("write a space after the colon: %s: %s", key, value)
	case n.kind == stringKind && hasType:
		return fmt.Sprintf("write {type: %s}", text)
	case hasValue && n.kind != mapKind:
		return "write it under the key value"
	case n.kind == listKind && wants(mapKind) && want.isStructured():
		return "its entries have names: write name: … in place of each dash"
	case wants(listKind) && n.kind == mapKind:
		return "begin each item with a dash and a space"
	case wants(listKind) && n.kind == stringKind:
		return fmt.Sprintf("write [%s]", text)
	case n.kind == listKind && wants(stringKind) && len(n.items) == 1 && n.items[0].kind == stringKind:
		return "write it without brackets: " + n.items[0].text()
	case n.kind == stringKind && wants(boolKind) && len(want.kinds) == 1:
		return "write true or false, without quotes"
	case wants(stringKind) && len(want.kinds) == 1 && n.kind != listKind && n.kind != mapKind:
		return "write it in quotes"
	case n.kind == stringKind && (wants(intKind) || wants(floatKind)) && isDigits(text):
		return "write it without quotes"
	}
	return ""
}

// isStructured reports whether a map is meant by mapKind, and not a call.
func (want *shape) isStructured() bool {
	return want.fields != nil || want.each != nil || len(want.kinds) == 1
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789.-") == ""
}

func (want *shape) kindList() string {
	var names []string
	for _, k := range want.kinds {
		switch {
		case k == boolKind && slices.Contains(want.kinds, intKind):
		case k == mapKind && !want.isStructured():
			names = append(names, "a function")
		default:
			names = append(names, k.String())
		}
	}
	return strings.Join(names, " or ")
}
