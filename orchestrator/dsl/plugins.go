package dsl

import (
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// The executors of plugins and operations. auto is decided when a task is
// sent: the host's agent where there is a host, else the central one.
const (
	centralExecutor = "central_deployment_agent"
	hostExecutor    = "host_agent"
	autoExecutor    = "auto"
)

var executors = []string{centralExecutor, hostExecutor}

// compilePlugins reads the plugins in the order written.
func (c *compiler) compilePlugins() {
	for _, e := range c.root.get("plugins").each() {
		path := dotted("plugins", e.key)
		p := orchestrator.Plugin{
			Name: e.key, Executor: e.value.get("executor").text(), Install: e.value.get("install").boolean(true),
			Source: e.value.get("source").text(), PackageName: e.value.get("package_name").text(), PackageVersion: e.value.get("package_version").text(),
		}
		for _, key := range []string{"install_arguments", "supported_platform", "distribution", "distribution_version", "distribution_release", "properties_description"} {
			if n := e.value.get(key); n != nil {
				if p.Extra == nil {
					p.Extra = map[string]Value{}
				}
				p.Extra[key] = n.value()
			}
		}
		p.Properties = e.value.get("properties").values()
		c.plugins[e.key] = p
		c.pluginOrder = append(c.pluginOrder, e.key)
		if c.broken[path] {
			continue
		}
		if !slices.Contains(executors, p.Executor) {
			d := c.fail(codePluginExecutor, e.value.get("executor").place(e.at), path+".executor", "plugin %s has the executor %q; it is central_deployment_agent or host_agent", e.key, p.Executor)
			suggest(d, p.Executor, slices.Values(executors))
		}
		if p.Install && p.Source == "" && p.PackageName == "" {
			d := c.fail(codePluginSource, e.at, path, "plugin %s is to be installed and has neither source nor package_name", e.key)
			d.Hint = "name the package, or set install: false"
		}
	}
}

// scriptPlugin returns the plugin that runs scripts: the first whose name ends
// in "script".
func (c *compiler) scriptPlugin() (string, bool) {
	for _, name := range c.pluginOrder {
		if strings.HasSuffix(name, "script") {
			return name, true
		}
	}
	return "", false
}

// withPluginProperties gives the plugins of an import the values that the
// import statement carries.
func (c *compiler) withPluginProperties(root *node, s statement) *node {
	section, ok := root.find("plugins")
	if !ok {
		return root
	}
	plugins := make([]entry, 0, len(section.value.entries))
	for _, plugin := range section.value.entries {
		plugin.value = c.withPropertyValues(plugin, s)
		plugins = append(plugins, plugin)
	}
	entries := slices.Clone(root.entries)
	for i := range entries {
		if entries[i].key == "plugins" {
			entries[i].value = newMap(section.value.at, plugins)
		}
	}
	return newMap(root.at, entries)
}

func (c *compiler) withPropertyValues(plugin entry, s statement) *node {
	declared := plugin.value.get("properties")
	for _, given := range s.properties.entries {
		if _, ok := declared.find(given.key); !ok {
			d := c.fail(codeImportValues, given.at, s.path, "plugin %s has no property %s", plugin.key, given.key)
			suggest(d, given.key, slices.Values(keys(declared)))
		}
	}
	if declared == nil {
		return plugin.value
	}
	properties := make([]entry, 0, len(declared.entries))
	for _, property := range declared.entries {
		if given, ok := s.properties.find(property.key); ok {
			kind := property.value.get("type").text()
			if !fitsPluginProperty(given.value.value(), kind) {
				c.fail(codeImportValues, given.at, s.path, "property %s of plugin %s must be of type %s, not %s", given.key, plugin.key, kind, eval.Kind(given.value.value()))
			}
			fields := make([]entry, 0, len(property.value.entries)+1)
			for _, field := range property.value.entries {
				if field.key != "value" {
					fields = append(fields, field)
				}
			}
			fields = append(fields, entry{key: "value", text: true, at: given.at, value: given.value})
			property.value = newMap(property.value.at, fields)
		}
		properties = append(properties, property)
	}
	entries := slices.Clone(plugin.value.entries)
	for i := range entries {
		if entries[i].key == "properties" {
			entries[i].value = newMap(declared.at, properties)
		}
	}
	return newMap(plugin.value.at, entries)
}

func keys(n *node) []string {
	var out []string
	for _, e := range n.each() {
		out = append(out, e.key)
	}
	return out
}

// fitsPluginProperty checks more kinds than property types do: a string takes
// integers too, an integer booleans.
func fitsPluginProperty(v Value, typeName string) bool {
	if isCall(v) {
		return true
	}
	switch typeName {
	case "string", "textarea":
		switch v.(type) {
		case string, int64:
			return true
		}
		return false
	case "integer":
		if _, ok := v.(bool); ok {
			return true
		}
	}
	return fitsPrimitive(v, typeName)
}
