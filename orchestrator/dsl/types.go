package dsl

import (
	"maps"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/graph"
)

// dataType is a structured type with its ancestors merged in.
type dataType struct {
	name, derivedFrom, description, version string
	schema                                  *schema
}

// nodeType is a node type with its ancestors merged in.
type nodeType struct {
	name       string
	hierarchy  []string // base first, itself last
	schema     *schema
	interfaces *interfaces
	sensitive  []string
	broken     bool
}

// relationshipType is a relationship type with its ancestors merged in.
type relationshipType struct {
	name, derivedFrom string
	hierarchy         []string
	schema            *schema
	source, target    *interfaces
	broken            bool
}

// names lists what a section defines.
func (c *compiler) names(section string) []string {
	var names []string
	for _, e := range c.root.get(section).each() {
		names = append(names, e.key)
	}
	return names
}

// isDataType reports whether a data type of that name is defined.
func (c *compiler) isDataType(name string) bool {
	_, ok := c.root.get("data_types").find(name)
	return ok
}

// inherit orders the types of a section so that each comes after the one that
// it derives from (and others that it needs), and reports unknown parents and
// circles. Types on a circle come in some order, without parents.
func (c *compiler) inherit(section string, needs func(e entry) []string) []entry {
	var g graph.Graph[string]
	entries := map[string]entry{}
	types := c.root.get(section).all()
	for _, e := range types {
		entries[e.key] = e
	}
	for _, e := range types {
		g.Add(e.key)
		if parent := e.value.get("derived_from").text(); parent != "" {
			if _, ok := entries[parent]; ok {
				g.Add(e.key, parent)
			} else {
				at := e.value.get("derived_from").place(e.at)
				d := c.fail(codeUnknownType, at, section+"."+e.key+".derived_from", "%s derives from %s, which is not defined", e.key, parent)
				c.suggestType(d, parent, maps.Keys(entries))
			}
		}
		for _, need := range needs(e) {
			if _, ok := entries[need]; ok {
				g.Add(e.key, need)
			}
		}
	}
	order, err := g.Order()
	if err != nil {
		order = g.Keys()
		c.reportCircles(&g, section, entries, section+" refer to each other in a circle")
	}
	sorted := make([]entry, 0, len(order))
	for _, name := range order {
		sorted = append(sorted, entries[name])
	}
	return sorted
}

// reportCircles reports every circle of a graph of named entries.
func (c *compiler) reportCircles(g *graph.Graph[string], section string, entries map[string]entry, what string) {
	for _, circle := range g.Cycles() {
		e := entries[circle.Cycle[0]]
		c.fail(codeCircular, e.at, dotted(section, e.key), "%s: %s", what, strings.Join(append(circle.Cycle, e.key), " -> "))
		c.circular[section] = true
	}
}

func none(entry) []string { return nil }

// compileDataTypes reads all data types, ancestors and field types first.
func (c *compiler) compileDataTypes() {
	fieldTypes := func(e entry) []string {
		var types []string
		for _, p := range e.value.get("properties").each() {
			types = append(types, p.value.get("type").text())
		}
		return types
	}
	for _, e := range c.inherit("data_types", fieldTypes) {
		path := dotted("data_types", e.key)
		if isPrimitive(e.key) {
			c.fail(codePrimitiveRedefined, e.at, path, "%s is a built-in type and cannot be defined again", e.key)
			continue
		}
		t := &dataType{name: e.key, derivedFrom: e.value.get("derived_from").text(),
			description: e.value.get("description").text(), version: e.value.get("version").text()}
		own := c.schemaOf(e.value.get("properties"), path+".properties")
		var parent *schema
		if p := c.dataTypes[t.derivedFrom]; p != nil {
			parent = p.schema
		}
		t.schema = c.derive(own, parent, e.key)
		c.dataTypes[e.key] = t
	}
}

// derive lays a type's own schema over its parent's: a property declared again
// replaces the parent's, but its default is filled in from there when both have
// the same data type.
func (c *compiler) derive(own, parent *schema, owner string) *schema {
	merged := newSchema()
	if parent != nil {
		for _, name := range parent.names {
			merged.put(parent.byName[name])
		}
	}
	for _, name := range own.names {
		p := own.byName[name]
		c.completeDefault(p, merged.byName[name], owner)
		merged.put(p)
	}
	return merged
}

func (c *compiler) compileNodeTypes() {
	for _, e := range c.inherit("node_types", none) {
		path := dotted("node_types", e.key)
		t := &nodeType{name: e.key, broken: c.broken[path] || c.circular["node_types"]}
		own := c.schemaOf(e.value.get("properties"), path+".properties")
		ownInterfaces := c.interfacesOf(e.value.get("interfaces"), path+".interfaces", true)
		for _, p := range e.value.get("runtime_properties").each() {
			if p.value.get("sensitive").boolean(false) {
				t.sensitive = append(t.sensitive, p.key)
			}
		}
		var schema *schema
		if derived := e.value.get("derived_from").text(); derived != "" {
			if parent := c.nodeTypes[derived]; parent != nil {
				schema = parent.schema
				t.hierarchy = slices.Clone(parent.hierarchy)
				ownInterfaces = ownInterfaces.over(parent.interfaces, typeOverType)
				t.sensitive = append(slices.Clone(parent.sensitive), t.sensitive...)
				t.broken = t.broken || parent.broken
			} else {
				t.broken = true
			}
		}
		t.hierarchy = append(t.hierarchy, e.key)
		t.schema = c.derive(own, schema, e.key)
		t.interfaces = ownInterfaces
		slices.Sort(t.sensitive)
		t.sensitive = slices.Compact(t.sensitive)
		c.nodeTypes[e.key] = t
	}
}

func (c *compiler) compileRelationshipTypes() {
	for _, e := range c.inherit("relationships", none) {
		path := dotted("relationships", e.key)
		t := &relationshipType{name: e.key, derivedFrom: e.value.get("derived_from").text(), broken: c.broken[path] || c.circular["relationships"]}
		own := c.schemaOf(e.value.get("properties"), path+".properties")
		t.source = c.interfacesOf(e.value.get("source_interfaces"), path+".source_interfaces", true)
		t.target = c.interfacesOf(e.value.get("target_interfaces"), path+".target_interfaces", true)
		var schema *schema
		if parent := c.relationshipTypes[t.derivedFrom]; parent != nil {
			schema = parent.schema
			t.hierarchy = slices.Clone(parent.hierarchy)
			t.source = t.source.over(parent.source, typeOverType)
			t.target = t.target.over(parent.target, typeOverType)
			t.broken = t.broken || parent.broken
		} else if t.derivedFrom != "" {
			t.broken = true
		}
		t.hierarchy = append(t.hierarchy, e.key)
		t.schema = c.derive(own, schema, e.key)
		c.relationshipTypes[e.key] = t
		c.relationshipOrder = append(c.relationshipOrder, e.key)
	}
}

// planRelationshipTypes puts the relationship types into the plan; their
// operations are resolved even where no node uses them.
func (c *compiler) planRelationshipTypes() {
	for _, name := range c.relationshipOrder {
		t := c.relationshipTypes[name]
		if t.broken {
			continue
		}
		path := dotted("relationships", name)
		c.plan.Relationships[name] = orchestrator.RelationshipType{
			Name: name, DerivedFrom: t.derivedFrom, TypeHierarchy: t.hierarchy, Properties: t.schema.inputs(),
			SourceOperations: c.typeOperations(t.source, path+".source_interfaces"),
			TargetOperations: c.typeOperations(t.target, path+".target_interfaces"),
		}
	}
}

func (c *compiler) planDataTypes() {
	for name, t := range c.dataTypes {
		c.plan.DataTypes[name] = orchestrator.DataType{Name: name, DerivedFrom: t.derivedFrom, Description: t.description,
			Version: t.version, Properties: t.schema.inputs()}
	}
}
