package dsl

import (
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// namespaced returns a document's tree with its namespace put before the names
// that it defines and those that it refers to. Names of the built-in types
// (cloudify.…) stay as they are.
func (c *compiler) namespaced(document *imported) *node {
	if document.namespace == "" {
		return document.root
	}
	ns := namespacer{prefix: document.namespace + namespaceMark}
	entries := make([]entry, len(document.root.entries))
	for i, e := range document.root.entries {
		entries[i] = e
		entries[i].value = ns.section(e.key, e.value)
	}
	return newMap(document.root.at, entries)
}

type namespacer struct{ prefix string }

func (ns namespacer) name(name string) string {
	if strings.HasPrefix(name, "cloudify.") {
		return name
	}
	return ns.prefix + name
}

// rename makes the renamed node of one.
type rename func(*node) *node

func (ns namespacer) section(name string, n *node) *node {
	switch name {
	case "inputs":
		return ns.names(n, fields(map[string]rename{"type": ns.typeName, "default": ns.calls}))
	case "data_types":
		return ns.names(n, fields(map[string]rename{"derived_from": ns.reference, "properties": ns.schemas}))
	case "node_types":
		return ns.names(n, fields(map[string]rename{"derived_from": ns.reference, "properties": ns.schemas, "interfaces": ns.typeInterfaces}))
	case "relationships":
		return ns.names(n, fields(map[string]rename{"derived_from": ns.reference, "properties": ns.schemas,
			"source_interfaces": ns.typeInterfaces, "target_interfaces": ns.typeInterfaces}))
	case "node_templates":
		return ns.names(n, fields(map[string]rename{"type": ns.reference, "properties": ns.calls, "interfaces": ns.interfaces,
			"capabilities": ns.calls, "instances": ns.calls,
			"relationships": items(fields(map[string]rename{"type": ns.reference, "target": ns.reference, "properties": ns.calls,
				"source_interfaces": ns.interfaces, "target_interfaces": ns.interfaces}))}))
	case "plugins":
		return ns.names(n, same)
	case "workflows":
		return ns.names(n, ns.workflow)
	case "outputs", "capabilities":
		return ns.names(n, fields(map[string]rename{"value": ns.calls}))
	case "groups":
		return ns.names(n, fields(map[string]rename{"members": items(ns.reference),
			"policies": each(fields(map[string]rename{"type": ns.reference, "properties": ns.calls,
				"triggers": each(fields(map[string]rename{"type": ns.reference, "parameters": ns.calls}))}))}))
	case "policies":
		return ns.names(n, fields(map[string]rename{"type": ns.reference, "targets": items(ns.reference), "properties": ns.calls}))
	case "policy_types", "policy_triggers", "blueprint_labels":
		return ns.names(n, same)
	case "labels", "resource_tags":
		return ns.names(n, ns.calls)
	case "deployment_settings":
		return ns.calls(n)
	default:
		return n
	}
}

func same(n *node) *node { return n }

// names puts the namespace before the keys of a map and changes its values.
func (ns namespacer) names(n *node, value rename) *node {
	if n.kind != mapKind {
		return n
	}
	entries := make([]entry, len(n.entries))
	for i, e := range n.entries {
		entries[i] = e
		entries[i].key = ns.name(e.key)
		entries[i].value = value(e.value)
	}
	return newMap(n.at, entries)
}

// each changes all values of a map.
func each(value rename) rename {
	return func(n *node) *node {
		if n.kind != mapKind {
			return n
		}
		entries := slices.Clone(n.entries)
		for i := range entries {
			entries[i].value = value(entries[i].value)
		}
		return newMap(n.at, entries)
	}
}

// items changes all items of a list.
func items(value rename) rename {
	return func(n *node) *node {
		if n.kind != listKind {
			return n
		}
		out := make([]*node, len(n.items))
		for i, item := range n.items {
			out[i] = value(item)
		}
		return newList(n.at, out)
	}
}

// fields changes the values under the given keys of a map.
func fields(changes map[string]rename) rename {
	return func(n *node) *node {
		if n.kind != mapKind {
			return n
		}
		entries := slices.Clone(n.entries)
		for i, e := range entries {
			if change, ok := changes[e.key]; ok {
				entries[i].value = change(e.value)
			}
		}
		return newMap(n.at, entries)
	}
}

func (ns namespacer) reference(n *node) *node {
	if n.kind != stringKind || n.text() == "" {
		return n
	}
	return newString(n.at, ns.name(n.text()))
}

func (ns namespacer) typeName(n *node) *node {
	if isPrimitive(n.text()) {
		return n
	}
	return ns.reference(n)
}

func (ns namespacer) schemas(n *node) *node {
	return each(fields(map[string]rename{"type": ns.typeName, "default": ns.calls}))(n)
}

// interfaces are those of templates, where inputs are values.
func (ns namespacer) interfaces(n *node) *node { return each(each(ns.operation(ns.calls)))(n) }

// typeInterfaces are those of types, where inputs are schemas.
func (ns namespacer) typeInterfaces(n *node) *node { return each(each(ns.operation(ns.schemas)))(n) }

func (ns namespacer) operation(inputs rename) rename {
	return func(n *node) *node {
		if n.kind == stringKind {
			return ns.implementation(n)
		}
		return fields(map[string]rename{"implementation": ns.implementation, "inputs": inputs})(n)
	}
}

func (ns namespacer) implementation(n *node) *node {
	if n.kind != stringKind || n.text() == "" {
		return n
	}
	return newString(n.at, ns.prefix+n.text())
}

func (ns namespacer) workflow(n *node) *node {
	if n.kind == stringKind {
		return ns.implementation(n)
	}
	return fields(map[string]rename{"mapping": ns.implementation,
		"parameters": each(fields(map[string]rename{"type": ns.typeName}))})(n)
}

// calls puts the namespace before the inputs and nodes that functions refer to,
// at any depth.
func (ns namespacer) calls(n *node) *node {
	switch n.kind {
	case listKind:
		return items(ns.calls)(n)
	case mapKind:
		entries := slices.Clone(n.entries)
		for i, e := range entries {
			value := ns.calls(e.value)
			if n.isCall() {
				switch e.key {
				case "get_input":
					value = firstOr(value, ns.reference)
				case "get_property", "get_attribute", "get_attributes_list", "get_attributes_dict":
					value = first(value, ns.nodeReference)
				}
			}
			entries[i].value = value
		}
		return newMap(n.at, entries)
	default:
		return n
	}
}

// firstOr changes a text, or the first item of a list.
func firstOr(n *node, change rename) *node {
	if n.kind == stringKind {
		return change(n)
	}
	return first(n, change)
}

func first(n *node, change rename) *node {
	if n.kind != listKind || len(n.items) == 0 {
		return n
	}
	out := slices.Clone(n.items)
	out[0] = change(out[0])
	return newList(n.at, out)
}

func (ns namespacer) nodeReference(n *node) *node {
	if slices.Contains([]string{eval.Self, eval.Source, eval.Target}, n.text()) {
		return n
	}
	return ns.reference(n)
}
