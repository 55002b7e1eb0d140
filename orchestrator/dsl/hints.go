package dsl

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/diag"
)

// suggest fills in the hint of a finding about a name that is not there.
func suggest(d *diag.Diagnostic, name string, candidates ...iter.Seq[string]) {
	if d.Message == "" {
		return // not kept: there are too many findings already
	}
	all := func(yield func(string) bool) {
		for _, names := range candidates {
			for candidate := range names {
				if !yield(candidate) {
					return
				}
			}
		}
	}
	if near := diag.NearestOf(name, all); near != "" {
		d.Hint = didYouMean(near)
		return
	}
	for candidate := range all {
		if strings.HasSuffix(candidate, namespaceMark+name) {
			d.Hint = didYouMean(candidate)
			return
		}
	}
}

func didYouMean(name string) string { return fmt.Sprintf("did you mean %q?", name) }

// builtinTypes is where every program that reads the DSL has the built-in types.
const builtinTypes = "cloudify/types/types.yaml"

// pluginPackages are the packages of plugins, by the word that their names of
// types and of operations have in them.
var pluginPackages = map[string]string{
	"aws": "cloudify-aws-plugin", "azure": "cloudify-azure-plugin", "kubernetes": "cloudify-kubernetes-plugin",
	"terraform": "cloudify-terraform-plugin", "tf": "cloudify-terraform-plugin", "fabric": "cloudify-fabric-plugin",
	"rest": "cloudify-utilities-plugin", "keys": "cloudify-utilities-plugin", "secrets": "cloudify-utilities-plugin",
	"CloudInit": "cloudify-utilities-plugin", "cfy_cloudinit": "cloudify-utilities-plugin",
}

// suggestType fills in the hint of a finding about a type that is not defined:
// the plugin that would define it where that is not imported, else the nearest
// name, else the built-in types where they are missing.
func (c *compiler) suggestType(d *diag.Diagnostic, name string, types iter.Seq[string]) {
	words := strings.Split(name, ".")
	if len(words) >= 3 && words[0] == "cloudify" {
		for _, word := range words[1:3] {
			if location := pluginPackages[word]; location != "" && !anyHas(types, "."+word+".") {
				d.Hint = "import " + pluginScheme + location
				return
			}
		}
	}
	suggest(d, name, types)
	if _, builtin := c.root.get("node_types").find(rootType); d.Hint == "" && words[0] == "cloudify" && !builtin {
		d.Hint = "import the built-in types: " + builtinTypes
	}
}

func anyHas(names iter.Seq[string], part string) bool {
	for name := range names {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// suggestPlugin fills in the hint of a finding about an operation whose plugin
// is not defined.
func (c *compiler) suggestPlugin(d *diag.Diagnostic, implementation string, plugins iter.Seq[string]) {
	word, _, isOperation := strings.Cut(implementation, ".")
	if !isOperation || strings.Contains(word, "/") {
		suggest(d, implementation, slices.Values(c.scripts()))
		return
	}
	if location := pluginPackages[word]; location != "" {
		d.Hint = "import " + pluginScheme + location
		return
	}
	suggest(d, word, plugins)
}
