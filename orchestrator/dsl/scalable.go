package dsl

import (
	"github.com/slipwayhq/slipway/orchestrator"
	"slices"
)

const unbounded = "UNBOUNDED"

// nodeCounts reads how many instances a node has.
func (c *compiler) nodeCounts(e entry, path string) orchestrator.InstanceCounts {
	scalable := e.value.get("capabilities")
	deploy := e.value.get("instances")
	if deploy == nil {
		return c.counts(scalable.get("scalable").get("properties"), path+".capabilities.scalable.properties")
	}
	if scalable != nil {
		c.fail(codeInstancesTwice, deploy.at, path+".instances", "instances.deploy and capabilities.scalable say the same thing; leave instances out")
	}
	counts := c.counts(nil, path)
	if n := deploy.get("deploy"); n != nil {
		if v, ok := n.scalar.(int64); ok && v < 0 {
			c.fail(codeStructure, n.at, path+".instances.deploy", "the number of instances is %d; it cannot be negative", v)
			return counts
		}
		value := c.count(n, path+".instances.deploy")
		counts.Default, counts.Current, counts.Planned = value, value, value
	}
	return counts
}

// counts reads the properties of a scalable capability or a scaling policy.
func (c *compiler) counts(n *node, path string) orchestrator.InstanceCounts {
	counts := orchestrator.InstanceCounts{Default: int64(1), Min: int64(0), Max: int64(-1)}
	at := n.place(orchestrator.Range{})
	if v := n.get("default_instances"); v != nil {
		counts.Default = c.count(v, path+".default_instances")
	}
	if v := n.get("min_instances"); v != nil {
		counts.Min = c.count(v, path+".min_instances")
	}
	if v := n.get("max_instances"); v != nil {
		counts.Max = c.maximum(v, path+".max_instances")
	}
	counts.Current, counts.Planned = counts.Default, counts.Default
	c.checkCounts(counts, at, path)
	return counts
}

// count reads an integer that is not negative, or a function.
func (c *compiler) count(n *node, path string) Value {
	switch v := n.value().(type) {
	case int64:
		if v < 0 {
			c.fail(codeInstanceNumbers, n.at, path, "the number of instances is %d; it cannot be negative", v)
			return int64(0)
		}
		return v
	case map[string]Value:
		if !isCall(v) {
			c.fail(codeInstanceMap, n.at, path, "the number of instances is a map; it may be a number or a function")
		}
		return v
	}
	return int64(1) // of another kind, which is reported as such
}

// maximum is like count, but takes the word UNBOUNDED, too, and -1 for it.
func (c *compiler) maximum(n *node, path string) Value {
	if n.kind == stringKind {
		if n.text() == unbounded {
			return int64(-1)
		}
		d := c.fail(codeInstanceWord, n.at, path, "max_instances is %q; the only word allowed is %s", n.text(), unbounded)
		suggest(d, n.text(), slices.Values([]string{unbounded}))
		return int64(-1)
	}
	if n.kind == intKind {
		v := n.scalar.(int64)
		switch {
		case v == -1:
			return v
		case v <= 0:
			c.fail(codeInstanceNumbers, n.at, path, "max_instances is %d; it must be positive, or %s", v, unbounded)
			return int64(-1)
		}
		return v
	}
	return c.count(n, path)
}

// checkCounts compares literal numbers with each other.
func (c *compiler) checkCounts(counts orchestrator.InstanceCounts, at orchestrator.Range, path string) {
	if problem := countProblem(counts); problem != "" {
		c.fail(codeInstanceNumbers, at, path, "%s", problem)
	}
}

// countProblem says how numbers contradict each other; empty when they do not.
// What is not known yet contradicts nothing.
func countProblem(counts orchestrator.InstanceCounts) string {
	def, hasDefault := counts.Default.(int64)
	low, hasMin := counts.Min.(int64)
	high, hasMax := counts.Max.(int64)
	hasMax = hasMax && high != -1
	switch {
	case hasMin && hasDefault && low > def:
		return sprintf("min_instances is %d and thus more than the default of %d", low, def)
	case hasMax && hasDefault && def > high:
		return sprintf("the default of %d instances is more than max_instances, which is %d", def, high)
	case hasMin && hasMax && low > high:
		return sprintf("min_instances is %d and thus more than max_instances, which is %d", low, high)
	}
	return ""
}
