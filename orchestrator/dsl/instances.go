package dsl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

const (
	allToAll = "all_to_all"
	allToOne = "all_to_one"
)

// What one deployment may multiply to.
const (
	maxInstances = 200_000
	maxLinks     = 2_000_000
)

// Instances multiplies the nodes of a prepared plan into node instances.
// newID returns a fresh id for an instance of a node or of a scaling group:
// <name>_<6 of a-z0-9>. Instances come in the order of their nodes.
func Instances(plan *orchestrator.Plan, newID func(name string) string) ([]orchestrator.NodeInstance, error) {
	m, err := newMultiplier(plan, newID)
	if err != nil {
		return nil, err
	}
	return m.run()
}

// run grows the tree from its roots and links what is in it.
func (m *multiplier) run() ([]orchestrator.NodeInstance, error) {
	for _, name := range m.roots {
		if err := m.multiply(name, nil); err != nil {
			return nil, err
		}
	}
	return m.link()
}

// member is one instance in the containment tree: of a node or of a group.
type member struct {
	id, name  string
	isGroup   bool
	container *member
	index     int // among the instances of its name, from 1
}

// multiplier grows the containment tree of a plan.
type multiplier struct {
	plan     *orchestrator.Plan
	newID    func(string) string
	nodes    map[string]*orchestrator.Node
	children map[string][]string // what is contained in a node or group
	roots    []string
	members  map[string][]*member // instances by name
	total    int
	// before is what there is already, when a running deployment is modified.
	before *history
}

func newMultiplier(plan *orchestrator.Plan, newID func(string) string) (*multiplier, error) {
	m := &multiplier{plan: plan, newID: newID, nodes: map[string]*orchestrator.Node{}, children: map[string][]string{}, members: map[string][]*member{}}
	groupOf := map[string]string{}
	for _, name := range orchestrator.SortedKeys(plan.ScalingGroups) {
		for _, item := range plan.ScalingGroups[name].Members {
			groupOf[item] = name
		}
	}
	container := map[string]string{}
	for i := range plan.Nodes {
		n := &plan.Nodes[i]
		m.nodes[n.ID] = n
		for j := range n.Relationships {
			if err := checkRelationship(n, &n.Relationships[j]); err != nil {
				return nil, err
			}
			if n.Relationships[j].Is(containedIn) {
				container[n.ID] = n.Relationships[j].Target
			}
		}
	}
	seen := map[string]bool{}
	var place func(name string)
	place = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		parent := groupOf[name]
		if parent == "" {
			parent = m.realContainer(name, container)
		}
		if parent == "" {
			m.roots = append(m.roots, name)
			return
		}
		m.children[parent] = append(m.children[parent], name)
		place(parent)
	}
	for _, n := range plan.Nodes {
		place(n.ID)
	}
	return m, nil
}

// realContainer is the node that a node, or the nodes of a group, are
// contained in.
func (m *multiplier) realContainer(name string, container map[string]string) string {
	group, isGroup := m.plan.ScalingGroups[name]
	if !isGroup {
		return container[name]
	}
	for _, item := range group.Members {
		if found := m.realContainer(item, container); found != "" {
			return found
		}
	}
	return ""
}

// checkRelationship refuses relationships that cannot be multiplied.
func checkRelationship(n *orchestrator.Node, r *orchestrator.Relationship) error {
	if !r.Is(dependsOn) && !r.Is(connectedTo) && !r.Is(containedIn) {
		return orchestrator.Errorf(orchestrator.Invalid, "node %s: the relationship %s derives from none of %s, %s and %s", n.ID, r.Type, dependsOn, connectedTo, containedIn)
	}
	if r.Is(containedIn) {
		return nil
	}
	if kind := r.Properties["connection_type"]; kind != Value(allToAll) && kind != Value(allToOne) {
		return orchestrator.Errorf(orchestrator.Invalid, "node %s: the relationship %s to %s needs the property connection_type, which is %s or %s", n.ID, r.Type, r.Target, allToAll, allToOne)
	}
	return nil
}

// multiply makes the instances of a node or group in one container, and of what
// is contained in them.
func (m *multiplier) multiply(name string, container *member) error {
	group, isGroup := m.plan.ScalingGroups[name]
	counts := group.Properties
	if node, ok := m.nodes[name]; ok {
		counts, isGroup = node.Instances, false
	}
	count, ok := counts.Current.(int64)
	if !ok {
		return orchestrator.Errorf(orchestrator.Invalid, "%s: the number of instances is not known when the deployment is created", name)
	}
	kept, count := m.before.keep(name, container, count)
	for i := range count {
		if m.total++; m.total > maxInstances {
			return orchestrator.Errorf(orchestrator.TooLarge, "the deployment would have more than %d node instances", maxInstances)
		}
		one := &member{name: name, isGroup: isGroup, container: container, index: m.before.lastIndex(name) + len(m.members[name]) + 1}
		if i < int64(len(kept)) {
			one.id = kept[i]
		} else {
			one.id = m.newID(name)
		}
		m.members[name] = append(m.members[name], one)
		for _, child := range m.children[name] {
			if err := m.multiply(child, one); err != nil {
				return err
			}
		}
	}
	return nil
}

// link turns the tree into node instances with their relationships.
func (m *multiplier) link() ([]orchestrator.NodeInstance, error) {
	var out []orchestrator.NodeInstance
	links := 0
	for i := range m.plan.Nodes {
		n := &m.plan.Nodes[i]
		pairs, err := m.pairs(n)
		if err != nil {
			return nil, err
		}
		for _, one := range m.members[n.ID] {
			instance := orchestrator.NodeInstance{ID: one.id, NodeID: n.ID, HostID: m.host(one), Index: one.index, State: orchestrator.Uninitialized,
				ScalingGroups: groupsOf(one)}
			for _, pair := range pairs {
				targets := pair.targets(one)
				if links += len(targets); links > maxLinks {
					return nil, orchestrator.Errorf(orchestrator.TooLarge, "the deployment would have more than %d relationships between instances", maxLinks)
				}
				for _, target := range targets {
					instance.Relationships = append(instance.Relationships, orchestrator.InstanceRelationship{
						Type: pair.relationship.Type, TargetNode: pair.relationship.Target, TargetID: target.id, Index: pair.index})
				}
			}
			out = append(out, instance)
		}
	}
	return out, nil
}

// host is the instance of the outermost host that contains a member.
func (m *multiplier) host(one *member) string {
	host := ""
	for at := one; at != nil; at = at.container {
		if node := m.nodes[at.name]; node != nil && !at.isGroup && isHost(node) {
			host = at.id
		}
	}
	return host
}

// groupsOf lists the group instances that a member itself belongs to, innermost
// first; those that its container belongs to are not among them.
func groupsOf(one *member) []orchestrator.ScalingGroupInstance {
	var groups []orchestrator.ScalingGroupInstance
	for at := one.container; at != nil && at.isGroup; at = at.container {
		groups = append(groups, orchestrator.ScalingGroupInstance{Name: at.name, ID: at.id})
	}
	return groups
}

// pair is a relationship of a node with how its instances are linked.
type pair struct {
	relationship *orchestrator.Relationship
	index        int
	targets      func(source *member) []*member
}

// pairs decides how the instances of a node are linked. Of several
// relationships to the same target the last one counts, at the place of the
// first.
func (m *multiplier) pairs(n *orchestrator.Node) ([]pair, error) {
	var out []pair
	place := map[string]int{}
	for i := range n.Relationships {
		r := &n.Relationships[i]
		targets, err := m.targets(n, r)
		if err != nil {
			return nil, err
		}
		p := pair{relationship: r, index: i, targets: targets}
		if at, ok := place[r.Target]; ok {
			out[at] = p
			continue
		}
		place[r.Target] = len(out)
		out = append(out, p)
	}
	return out, nil
}

func (m *multiplier) targets(n *orchestrator.Node, r *orchestrator.Relationship) (func(*member) []*member, error) {
	if r.Is(containedIn) {
		return func(source *member) []*member {
			for at := source.container; at != nil; at = at.container {
				if at.name == r.Target {
					return []*member{at}
				}
			}
			return nil
		}, nil
	}
	candidates := m.members[r.Target]
	group := m.commonGroup(n.ID, r.Target)
	if r.Properties["connection_type"] == Value(allToOne) {
		if group != "" {
			return nil, orchestrator.Errorf(orchestrator.Invalid, "node %s: %s to %s cannot be %s, because both are in the scaling group %s", n.ID, r.Type, r.Target, allToOne, group)
		}
		if len(candidates) > 1 {
			candidates = []*member{m.theOne(n.ID, candidates)}
		}
		return func(*member) []*member { return candidates }, nil
	}
	if group == "" {
		return func(*member) []*member { return candidates }, nil
	}
	within := map[string][]*member{}
	for _, candidate := range candidates {
		within[groupID(candidate, group)] = append(within[groupID(candidate, group)], candidate)
	}
	return func(source *member) []*member { return within[groupID(source, group)] }, nil
}

// theOne picks the target of all_to_one: the one that there is, else the one
// with the smallest id.
func (m *multiplier) theOne(source string, candidates []*member) *member {
	for _, candidate := range candidates {
		if m.before.linked(source, candidate.id) {
			return candidate
		}
	}
	return slices.MinFunc(candidates, func(a, b *member) int { return strings.Compare(a.id, b.id) })
}

// commonGroup is the innermost scaling group that two nodes share, directly or
// through what contains them.
func (m *multiplier) commonGroup(a, b string) string {
	of := func(name string) []string {
		if len(m.members[name]) == 0 {
			return nil
		}
		var names []string
		for at := m.members[name][0].container; at != nil; at = at.container {
			if at.isGroup {
				names = append(names, at.name)
			}
		}
		return names
	}
	theirs := of(b)
	for _, name := range of(a) {
		if slices.Contains(theirs, name) {
			return name
		}
	}
	return ""
}

func groupID(one *member, group string) string {
	for at := one.container; at != nil; at = at.container {
		if at.isGroup && at.name == group {
			return at.id
		}
	}
	return ""
}

// InstanceID returns the id of an instance: the node's name and six characters
// of the random bytes (at least 6) that the caller brings.
func InstanceID(name string, random []byte) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	suffix := make([]byte, 6)
	for i := range suffix {
		suffix[i] = letters[int(random[i])%len(letters)]
	}
	return fmt.Sprintf("%s_%s", name, suffix)
}
