package dsl

import (
	"maps"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/graph"
)

// The relationships that mean something to the DSL itself.
const (
	dependsOn          = "cloudify.relationships.depends_on"
	connectedTo        = "cloudify.relationships.connected_to"
	containedIn        = "cloudify.relationships.contained_in"
	dependsOnOperation = "cloudify.relationships.depends_on_lifecycle_operation"
	hostType           = "cloudify.nodes.Compute"
	lifecycleInterface = "cloudify.interfaces.lifecycle"
)

// compileNodes reads the node templates.
func (c *compiler) compileNodes() {
	entries := c.root.get("node_templates").all()
	for i, e := range entries {
		c.templates[e.key] = e
		c.nodeIndex[e.key] = i
	}
	c.plan.Nodes = make([]orchestrator.Node, 0, len(entries))
	for _, e := range entries {
		c.plan.Nodes = append(c.plan.Nodes, c.nodeOf(e))
	}
	c.checkCircles(entries)
	if c.circular["node_templates"] {
		return
	}
	c.assignHosts()
	c.assignPlugins()
}

func (c *compiler) nodeOf(e entry) orchestrator.Node {
	path := dotted("node_templates", e.key)
	n := orchestrator.Node{ID: e.key, Type: e.value.get("type").text(), At: e.at}
	n.Instances = c.nodeCounts(e, path)
	n.Relationships = c.relationshipsOf(e, path)
	t := c.nodeTypes[n.Type]
	if t == nil {
		if n.Type != "" {
			d := c.fail(codeUnknownNodeType, e.value.get("type").place(e.at), path+".type", "node %s has the type %s, which is not defined", e.key, n.Type)
			c.suggestType(d, n.Type, maps.Keys(c.nodeTypes))
		}
		c.brokenNodes[e.key] = true
		return n
	}
	n.TypeHierarchy, n.SensitiveAttributes = t.hierarchy, t.sensitive
	if t.broken {
		c.brokenNodes[e.key] = true
		return n
	}
	properties := e.value.get("properties")
	f := c.filler(e.at, properties, path+".properties", "node "+e.key)
	f.tolerant = c.broken[path] // what is missing may stand under a misspelt key
	n.Properties = f.fill(properties.values(), t.schema, nil)
	r := resolver{c: c, code: codeNodeOperation, path: path + ".interfaces", what: "node " + e.key}
	n.Operations, n.ShortNames = r.instance(e.value.get("interfaces"), t.interfaces)
	return n
}

func (c *compiler) relationshipsOf(e entry, path string) []orchestrator.Relationship {
	var out []orchestrator.Relationship
	contained := 0
	targets := map[string]bool{}
	for i, item := range e.value.get("relationships").list() {
		where := indexed(path+".relationships", i)
		r, ok := c.relationshipOf(e, item, where)
		if !ok {
			continue
		}
		if r.Is(containedIn) {
			if contained++; contained == 2 {
				c.fail(codeTwoContainers, item.at, where, "node %s is contained in two nodes", e.key)
			}
		}
		if targets[r.Target] {
			c.warn(item.at, where, "node %s has several relationships to %s; its instances only have the last one", e.key, r.Target)
		}
		targets[r.Target] = true
		out = append(out, r)
	}
	return out
}

func (c *compiler) relationshipOf(e entry, item *node, path string) (orchestrator.Relationship, bool) {
	r := orchestrator.Relationship{Type: item.get("type").text(), Target: item.get("target").text(), At: item.at}
	if r.Type == "" || r.Target == "" {
		return r, false
	}
	t := c.relationshipTypes[r.Type]
	if t == nil {
		d := c.fail(codeRelType, item.get("type").at, path+".type", "node %s has a relationship of type %s, which is not defined", e.key, r.Type)
		c.suggestType(d, r.Type, maps.Keys(c.relationshipTypes))
	}
	if r.Target == e.key {
		c.fail(codeRelToSelf, item.get("target").at, path+".target", "node %s has a relationship to itself", e.key)
		return r, false
	}
	target, ok := c.templates[r.Target]
	if !ok {
		d := c.fail(codeRelTarget, item.get("target").at, path+".target", "node %s has a relationship to %s, which is not defined", e.key, r.Target)
		suggest(d, r.Target, maps.Keys(c.templates))
		return r, false
	}
	if t == nil || t.broken {
		return r, false
	}
	r.TypeHierarchy = t.hierarchy
	what := "relationship of " + e.key + " to " + r.Target
	f := c.filler(item.at, item.get("properties"), path+".properties", what)
	r.Properties = f.fill(item.get("properties").values(), t.schema, nil)
	side := func(key string, ofType *interfaces) (map[string]orchestrator.Operation, map[string]string) {
		return resolver{c: c, code: codeRelOperation, path: dotted(path, key), what: what}.instance(item.get(key), ofType)
	}
	r.SourceOperations, r.SourceShortNames = side("source_interfaces", t.source)
	r.TargetOperations, r.TargetShortNames = side("target_interfaces", t.target)
	c.checkLifecycleDependency(r, target, item, path)
	return r, true
}

// checkLifecycleDependency checks a relationship that waits for one lifecycle
// operation of its target.
func (c *compiler) checkLifecycleDependency(r orchestrator.Relationship, target entry, item *node, path string) {
	if !r.Is(dependsOnOperation) {
		return
	}
	operation, _ := r.Properties["operation"].(string)
	if operation == "" {
		c.fail(codeLifecycleProperty, item.at, path+".properties", "a relationship of type %s needs the property operation", r.Type)
		return
	}
	written := target.value.get("interfaces").get(lifecycleInterface)
	if _, ok := written.find(operation); !ok {
		d := c.fail(codeLifecycleOperation, item.get("properties").locate(item.at, "operation"), path+".properties", "node %s does not write the lifecycle operation %q that the relationship waits for", r.Target, operation)
		suggest(d, operation, slices.Values(keys(written)))
	}
}

// checkCircles reports relationships that lead back to where they start.
func (c *compiler) checkCircles(entries []entry) {
	var g graph.Graph[string]
	for _, e := range entries {
		g.Add(e.key)
		for _, item := range e.value.get("relationships").list() {
			target := item.get("target").text()
			if _, ok := c.templates[target]; ok && target != e.key {
				g.Add(e.key, target)
			}
		}
	}
	c.reportCircles(&g, "node_templates", c.templates, "relationships lead back to where they start")
}

// isHost reports whether a node is a machine. The name need only be contained
// in a type's name, so types behind a namespace count.
func isHost(n *orchestrator.Node) bool {
	return slices.ContainsFunc(n.TypeHierarchy, func(t string) bool { return strings.Contains(t, hostType) })
}

// assignHosts gives each node the host it runs on: itself, or the host of what
// contains it.
func (c *compiler) assignHosts() {
	known := map[string]bool{}
	var hostOf func(i int) string
	hostOf = func(i int) string {
		n := &c.plan.Nodes[i]
		if known[n.ID] {
			return n.HostID
		}
		known[n.ID] = true // circles were refused
		if isHost(n) {
			n.HostID = n.ID
			return n.HostID
		}
		for _, r := range n.Relationships {
			if r.Is(containedIn) {
				n.HostID = hostOf(c.nodeIndex[r.Target])
				break
			}
		}
		return n.HostID
	}
	for i := range c.plan.Nodes {
		hostOf(i)
	}
}

// assignPlugins lists for each node the plugins that its operations use, those
// that must be installed centrally, and for each host those of its agent. The
// source operations of a relationship count for its source, the target
// operations for its target.
func (c *compiler) assignPlugins() {
	uses := make([][]orchestrator.PluginUse, len(c.plan.Nodes))
	collect := func(i int, operations map[string]orchestrator.Operation) {
		for _, name := range orchestrator.SortedKeys(operations) {
			o := operations[name]
			use := orchestrator.PluginUse{Name: o.Plugin, Executor: o.Executor}
			if o.Plugin != "" && !slices.Contains(uses[i], use) {
				uses[i] = append(uses[i], use)
			}
		}
	}
	for i := range c.plan.Nodes {
		n := &c.plan.Nodes[i]
		collect(i, n.Operations)
		for _, r := range n.Relationships {
			collect(i, r.SourceOperations)
			if target, ok := c.nodeIndex[r.Target]; ok {
				collect(target, r.TargetOperations)
			}
		}
	}
	for i := range c.plan.Nodes {
		n := &c.plan.Nodes[i]
		n.Plugins = uses[i]
		slices.SortFunc(n.Plugins, func(a, b orchestrator.PluginUse) int {
			return strings.Compare(a.Name+"/"+a.Executor, b.Name+"/"+b.Executor)
		})
		for _, use := range n.Plugins {
			switch use.Executor {
			case centralExecutor:
				addOnce(&n.DeploymentPluginsToInstall, use.Name)
			case hostExecutor:
				c.needAgent(n, use.Name)
			}
		}
	}
	for i := range c.plan.Nodes {
		n := &c.plan.Nodes[i]
		slices.Sort(n.PluginsToInstall)
		for _, name := range n.DeploymentPluginsToInstall {
			addOnce(&c.plan.DeploymentPluginsToInstall, name)
		}
		for _, name := range n.PluginsToInstall {
			addOnce(&c.plan.HostAgentPluginsToInstall, name)
		}
	}
	slices.Sort(c.plan.DeploymentPluginsToInstall)
	slices.Sort(c.plan.HostAgentPluginsToInstall)
}

func (c *compiler) needAgent(n *orchestrator.Node, plugin string) {
	if n.HostID == "" {
		if !c.brokenNodes[n.ID] {
			d := c.fail(codeNoHost, n.At, dotted("node_templates", n.ID), "node %s uses the plugin %s on a host's agent, but is not contained in a host", n.ID, plugin)
			d.Hint = "add a relationship " + containedIn + " to a host, or use the executor " + centralExecutor
		}
		return
	}
	addOnce(&c.plan.Nodes[c.nodeIndex[n.HostID]].PluginsToInstall, plugin)
}

func addOnce(list *[]string, item string) {
	if !slices.Contains(*list, item) {
		*list = append(*list, item)
	}
}
