package dsl

import "strings"

// mergeRule says what becomes of a section that several files have.
type mergeRule int

const (
	keepFirst     mergeRule = iota // the first file's stays whole
	byName                         // by name, a clash is an error
	byNameSince13                  // so from 1_3 on; before, an error
	firstName                      // by name, the first one stays; before 1_3 an error
	fillIn                         // by name, on a clash missing keys are filled in
	templates                      // as byNameSince13, but relationships may be added
	onlyOnce                       // an error
)

var mergeRules = map[string]mergeRule{
	"tosca_definitions_version": keepFirst, "imports": keepFirst, "dsl_definitions": keepFirst,
	"description": keepFirst, "metadata": keepFirst,
	"node_types": byName, "relationships": byName, "plugins": byName, "data_types": byName,
	"policy_types": byName, "policy_triggers": byName, "groups": byName,
	"workflows": fillIn,
	"inputs":    byNameSince13, "outputs": byNameSince13, "capabilities": byNameSince13,
	"node_templates": templates,
	"labels":         firstName, "blueprint_labels": firstName, "resource_tags": firstName,
	"policies": onlyOnce, "deployment_settings": onlyOnce,
}

// mergeAll folds the documents, the main file first, into one tree.
func (c *compiler) mergeAll(documents []*imported) *node {
	main := documents[0].root
	sections := append([]entry(nil), main.entries...)
	place := map[string]int{}
	for i, e := range sections {
		place[e.key] = i
	}
	names := map[string]*sectionMerger{}
	for _, document := range documents[1:] {
		for _, e := range c.namespaced(document).entries {
			if e.value.kind == nullKind {
				continue
			}
			i, ok := place[e.key]
			switch {
			case e.key == "tosca_definitions_version" || e.key == "imports" || e.key == "dsl_definitions":
			case !ok || sections[i].value.kind == nullKind:
				if !ok {
					i = len(sections)
					place[e.key] = i
					sections = append(sections, e)
				}
				sections[i] = e
			default:
				merger := names[e.key]
				if merger == nil {
					merger = newSectionMerger(c, sections[i])
					names[e.key] = merger
				}
				merger.add(e)
			}
		}
	}
	for name, merger := range names {
		sections[place[name]].value = merger.section()
	}
	return newMap(main.at, sections)
}

// sectionMerger folds one section of several files, each name in constant time.
type sectionMerger struct {
	c       *compiler
	name    string
	rule    mergeRule
	first   *node
	entries []entry
	place   map[string]int
}

func newSectionMerger(c *compiler, section entry) *sectionMerger {
	m := &sectionMerger{c: c, name: section.key, first: section.value, place: map[string]int{}}
	m.rule = mergeRules[section.key]
	if section.value.kind == mapKind {
		m.entries = append(m.entries, section.value.entries...)
		for i, e := range m.entries {
			m.place[e.key] = i
		}
	}
	return m
}

func (m *sectionMerger) section() *node {
	if m.first.kind != mapKind {
		return m.first
	}
	return newMap(m.first.at, m.entries)
}

func (m *sectionMerger) add(section entry) {
	if m.rule == keepFirst {
		return
	}
	old := m.c.validateVersion && m.c.version < v1_3
	if m.rule == onlyOnce || old && (m.rule == byNameSince13 || m.rule == firstName || m.rule == templates) {
		m.c.fail(codeSectionTwice, section.at, m.name, "the section %s is in several files (also in %s), which %s does not allow", m.name, m.first.at, m.c.version)
		return
	}
	if section.value.kind != mapKind || m.first.kind != mapKind {
		if section.value.kind != mapKind {
			m.c.fail(codeStructure, section.at, m.name, "the section %s is a map, not %s", m.name, section.value.kind)
		}
		return
	}
	for _, e := range section.value.entries {
		i, clash := m.place[e.key]
		if !clash {
			m.place[e.key] = len(m.entries)
			m.entries = append(m.entries, e)
			continue
		}
		m.entries[i] = m.clash(m.entries[i], e)
	}
}

// clash decides between two entries of the same name.
func (m *sectionMerger) clash(first, later entry) entry {
	switch {
	case m.rule == firstName:
		return first
	case m.rule == fillIn:
		return filledIn(first, later)
	case strings.HasPrefix(first.key, "cloudify."):
		return later
	case m.rule == templates:
		if merged, ok := withRelationships(first, later); ok {
			return merged
		}
	}
	d := m.c.fail(codeNameClash, later.at, dotted(m.name, later.key), "%s is defined twice in %s, first at %s", later.key, m.name, first.at)
	if m.name == "node_templates" {
		d.Hint = "a second definition may only add relationships"
	} else {
		d.Hint = "rename one of them, or import the file into a namespace"
	}
	return first
}

// filledIn gives a workflow the keys that only the later definition has.
func filledIn(first, later entry) entry {
	if first.value.kind != mapKind || later.value.kind != mapKind {
		return first
	}
	entries := append([]entry(nil), first.value.entries...)
	for _, e := range later.value.entries {
		if _, ok := first.value.find(e.key); !ok {
			entries = append(entries, e)
		}
	}
	first.value = newMap(first.value.at, entries)
	return first
}

// withRelationships joins two definitions of a node template of which one has
// nothing but relationships; their lists are concatenated.
func withRelationships(first, later entry) (entry, bool) {
	if first.value.kind != mapKind || later.value.kind != mapKind {
		return first, false
	}
	only := func(n *node) bool { return len(n.entries) == 1 && n.entries[0].key == "relationships" }
	_, laterType := later.value.find("type")
	_, firstHas := first.value.find("relationships")
	switch {
	case only(first.value) && (laterType || only(later.value)):
	case only(later.value) && firstHas:
	default:
		return first, false
	}
	base := first
	if only(first.value) {
		base.value, base.at = later.value, later.at
	}
	items := append(append([]*node(nil), first.value.get("relationships").list()...), later.value.get("relationships").list()...)
	entries := make([]entry, 0, len(base.value.entries)+1)
	for _, e := range base.value.entries {
		if e.key != "relationships" {
			entries = append(entries, e)
		}
	}
	at := base.value.at
	if e, ok := first.value.find("relationships"); ok {
		at = e.at
	}
	entries = append(entries, entry{key: "relationships", text: true, at: at, value: newList(at, items)})
	base.value = newMap(base.value.at, entries)
	return base, true
}
