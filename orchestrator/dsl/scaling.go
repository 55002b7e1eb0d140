package dsl

import (
	"errors"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/graph"
)

// checkScalingGroups checks that the groups can be multiplied: no circle, no
// member in two groups, members all inside one container or all outside.
func (c *compiler) checkScalingGroups() {
	if c.circular["node_templates"] {
		return
	}
	var g graph.Graph[string]
	groupOf := map[string]string{}
	section := c.root.get("groups")
	for _, name := range orchestrator.SortedKeys(c.plan.ScalingGroups) {
		at := section.locate(orchestrator.Range{}, name)
		g.Add(name)
		for _, member := range c.plan.ScalingGroups[name].Members {
			if _, nested := c.plan.ScalingGroups[member]; nested {
				g.Add(name, member)
			}
			if other, taken := groupOf[member]; taken {
				c.fail(codeTwoGroups, at, dotted("groups", name), "%s is a member of the scaling groups %s and %s", member, other, name)
			}
			groupOf[member] = name
		}
	}
	order, err := g.Order()
	if cycle, ok := errors.AsType[*graph.CycleError[string]](err); ok {
		c.fail(codeGroupCycle, section.locate(orchestrator.Range{}, cycle.Cycle[0]), dotted("groups", cycle.Cycle[0]), "scaling groups contain each other: %s", strings.Join(append(cycle.Cycle, cycle.Cycle[0]), " -> "))
		return
	}
	for _, name := range order {
		c.checkContainment(name)
	}
	c.dropContainedMembers(order)
}

// nodesOf lists the nodes of a scaling group, those of nested groups included.
func (c *compiler) nodesOf(group string) []string {
	var nodes []string
	for _, member := range c.plan.ScalingGroups[group].Members {
		if _, nested := c.plan.ScalingGroups[member]; nested {
			nodes = append(nodes, c.nodesOf(member)...)
		} else if _, isNode := c.templates[member]; isNode {
			nodes = append(nodes, member)
		}
	}
	return nodes
}

// containers lists what a node is contained in, the nearest first. Circles have
// been refused before.
func (c *compiler) containers(name string) []string {
	var out []string
	for {
		i, ok := c.nodeIndex[name]
		if !ok {
			return out
		}
		next := ""
		for _, r := range c.plan.Nodes[i].Relationships {
			if r.Is(containedIn) {
				next = r.Target
			}
		}
		if next == "" {
			return out
		}
		out = append(out, next)
		name = next
	}
}

// checkContainment refuses a group of which some nodes are contained in a node
// and others are not. A node that is contained in another one of the group
// counts as that one.
func (c *compiler) checkContainment(group string) {
	nodes := c.nodesOf(group)
	inGroup := setOf(nodes)
	isInGroup := func(name string) bool { return inGroup[name] }
	var common []string // containers that all outer nodes share
	outer, contained := 0, false
	for _, name := range nodes {
		containers := c.containers(name)
		if slices.ContainsFunc(containers, isInGroup) {
			continue
		}
		contained = contained || len(containers) > 0
		if outer++; outer == 1 {
			common = containers
			continue
		}
		theirs := setOf(containers)
		common = slices.DeleteFunc(slices.Clone(common), func(container string) bool { return !theirs[container] })
	}
	if outer > 1 && contained && len(common) == 0 {
		c.fail(codeMixedContainment, c.root.get("groups").locate(orchestrator.Range{}, group), dotted("groups", group), "some members of the scaling group %s are contained in a node that does not contain the others", group)
	}
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// dropContainedMembers takes a member out of a group, outer groups first, when
// its nodes are contained in another member: it scales with its container.
func (c *compiler) dropContainedMembers(innerFirst []string) {
	for i := len(innerFirst) - 1; i >= 0; i-- {
		g, ok := c.plan.ScalingGroups[innerFirst[i]]
		if !ok {
			continue
		}
		all := setOf(c.nodesOf(innerFirst[i]))
		g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(member string) bool {
			leaves := c.leavesOf(member)
			own := setOf(leaves)
			return slices.ContainsFunc(leaves, func(name string) bool {
				return slices.ContainsFunc(c.containers(name), func(container string) bool { return all[container] && !own[container] })
			})
		})
		c.plan.ScalingGroups[innerFirst[i]] = g
	}
}

// leavesOf lists the nodes of a scaling group, or the node itself.
func (c *compiler) leavesOf(member string) []string {
	if _, isGroup := c.plan.ScalingGroups[member]; isGroup {
		return c.nodesOf(member)
	}
	return []string{member}
}
