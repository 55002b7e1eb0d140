package dsl

import "github.com/slipwayhq/slipway/orchestrator"

// withRecord replaces the labels and tags in a plugin's text by those stored
// with the plugin.
func (c *compiler) withRecord(root *node, record *PluginRecord) *node {
	if record == nil {
		return root
	}
	labels := func(stored map[string][]Value) *node {
		var entries []entry
		for _, key := range orchestrator.SortedKeys(stored) {
			values := newMap(root.at, []entry{{key: "values", text: true, at: root.at, value: nodeOf(root.at, stored[key])}})
			entries = append(entries, entry{key: key, text: true, at: root.at, value: values})
		}
		return newMap(root.at, entries)
	}
	sections := map[string]*node{
		"labels":           labels(record.Labels),
		"blueprint_labels": labels(record.BlueprintLabels),
		"resource_tags":    nodeOf(root.at, record.ResourceTags),
	}
	var entries []entry
	for _, e := range root.entries {
		if _, replaced := sections[e.key]; !replaced {
			entries = append(entries, e)
		}
	}
	for _, name := range orchestrator.SortedKeys(sections) {
		if len(sections[name].entries) > 0 {
			entries = append(entries, entry{key: name, text: true, at: root.at, value: sections[name]})
		}
	}
	return newMap(root.at, entries)
}
