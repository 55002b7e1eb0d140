package dsl

import (
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Scale asks for another number of instances of a node or scaling group, in
// each of its containers.
type Scale struct {
	Instances int64
	// RemoveFirst and KeepLongest are ids that go first, or last, when there are
	// too many. Of a scaling group, the id of any of its node instances stands
	// for the group instance.
	RemoveFirst, KeepLongest []string
}

// Modification is what becomes of an instance.
type Modification string

// The modifications. Neighbours of what changes have none.
const (
	Added    Modification = "added"
	Removed  Modification = "removed"
	Extended Modification = "extended" // has new relationships
	Reduced  Modification = "reduced"  // has lost relationships
)

// ModifiedInstance is an instance that changes, with the relationships
// concerned, or the neighbour of one.
type ModifiedInstance struct {
	orchestrator.NodeInstance
	Modification Modification
}

// Changes is what a modification does to the instances of a deployment. Each
// list holds what changes and its neighbours.
type Changes struct {
	Added, Removed, Extended, Reduced []ModifiedInstance
	// Instances are all instances afterwards; those that stay keep their ids,
	// states and runtime properties.
	Instances []orchestrator.NodeInstance
}

// Modify works out how the instances of a running deployment change when its
// plan does, or the number of its instances. plan and previous are prepared
// plans; both are the same where only numbers change.
func Modify(plan, previous *orchestrator.Plan, instances []orchestrator.NodeInstance, scale map[string]Scale, newID func(string) string) (*Changes, error) {
	for _, name := range orchestrator.SortedKeys(scale) {
		if scale[name].Instances < 0 {
			return nil, orchestrator.Errorf(orchestrator.Invalid, "%s cannot have %d instances; the least is 0", name, scale[name].Instances)
		}
	}
	m, err := newMultiplier(plan, newID)
	if err != nil {
		return nil, err
	}
	m.before = newHistory(previous, instances, scale)
	after, err := m.run()
	if err != nil {
		return nil, err
	}
	for i := range after {
		if old, ok := m.before.instances[after[i].ID]; ok {
			after[i].DeploymentUID, after[i].State, after[i].Version, after[i].Runtime, after[i].Index = old.DeploymentUID, old.State, old.Version, old.Runtime, old.Index
		}
	}
	c := &Changes{Instances: after}
	c.Added = difference(after, instances, Added)
	c.Removed = difference(instances, after, Removed)
	c.Extended = linkDifference(after, instances, Extended)
	c.Reduced = linkDifference(instances, after, Reduced)
	return c, nil
}

// history is what a deployment has before it is modified.
type history struct {
	scale     map[string]Scale
	instances map[string]orchestrator.NodeInstance
	// children lists instance ids by their container's id and their name.
	children map[[2]string][]string
	// inGroup lists the node instances of each group instance.
	inGroup map[string][]string
	last    map[string]int  // highest index by node
	links   map[string]bool // "source node\x00target id"
}

func newHistory(previous *orchestrator.Plan, instances []orchestrator.NodeInstance, scale map[string]Scale) *history {
	h := &history{scale: scale, instances: map[string]orchestrator.NodeInstance{}, children: map[[2]string][]string{},
		inGroup: map[string][]string{}, last: map[string]int{}, links: map[string]bool{}}
	containers := map[string]string{} // node to the node that contains it
	for i := range previous.Nodes {
		for _, r := range previous.Nodes[i].Relationships {
			if r.Is(containedIn) {
				containers[previous.Nodes[i].ID] = r.Target
			}
		}
	}
	placed := map[string]bool{}
	for _, instance := range instances {
		h.instances[instance.ID] = instance
		h.last[instance.NodeID] = max(h.last[instance.NodeID], instance.Index)
		real := ""
		for _, r := range instance.Relationships {
			h.links[instance.NodeID+"\x00"+r.TargetID] = true
			if target, ok := containers[instance.NodeID]; ok && r.TargetNode == target {
				real = r.TargetID
			}
		}
		// Upwards: the instance, its groups from the innermost, the container.
		id, name := instance.ID, instance.NodeID
		for _, group := range instance.ScalingGroups {
			h.place(placed, id, name, group.ID)
			h.inGroup[group.ID] = append(h.inGroup[group.ID], instance.ID)
			id, name = group.ID, group.Name
		}
		h.place(placed, id, name, real)
	}
	return h
}

func (h *history) place(placed map[string]bool, id, name, container string) {
	if placed[id] {
		return
	}
	placed[id] = true
	key := [2]string{container, name}
	h.children[key] = append(h.children[key], id)
}

// keep says which instances of a node or group stay in a container, and how
// many there shall be. Without history there are none to keep.
func (h *history) keep(name string, container *member, planned int64) ([]string, int64) {
	if h == nil {
		return nil, planned
	}
	id := ""
	if container != nil {
		id = container.id
	}
	there := h.children[[2]string{id, name}]
	count := planned
	if len(there) > 0 {
		count = int64(len(there))
	}
	scale, scaled := h.scale[name]
	if scaled {
		count = scale.Instances
	}
	if int64(len(there)) <= count {
		return there, count
	}
	// Those that go first come last.
	there = slices.Clone(there)
	slices.SortStableFunc(there, func(a, b string) int { return h.rank(scale, a) - h.rank(scale, b) })
	return there[:count], count
}

// rank is the lower the longer an instance stays.
func (h *history) rank(scale Scale, id string) int {
	named := func(hints []string) bool {
		return slices.ContainsFunc(hints, func(hint string) bool {
			return hint == id || slices.Contains(h.inGroup[id], hint)
		})
	}
	switch {
	case named(scale.KeepLongest):
		return 0
	case named(scale.RemoveFirst):
		return 2
	default:
		return 1
	}
}

// lastIndex is the highest index that instances of a node have had.
func (h *history) lastIndex(name string) int {
	if h == nil {
		return 0
	}
	return h.last[name]
}

// linked reports whether an instance of the source node is linked to the target.
func (h *history) linked(source, targetID string) bool {
	return h != nil && h.links[source+"\x00"+targetID]
}

// difference lists the instances that only all has, and their neighbours with
// nothing but the links between the two.
func difference(all, others []orchestrator.NodeInstance, mark Modification) []ModifiedInstance {
	exists := map[string]bool{}
	for _, instance := range others {
		exists[instance.ID] = true
	}
	near := map[string]bool{} // neighbours by a link from what changes
	for _, instance := range all {
		if !exists[instance.ID] {
			for _, r := range instance.Relationships {
				near[r.TargetID] = true
			}
		}
	}
	var out []ModifiedInstance
	for _, instance := range all {
		if !exists[instance.ID] {
			out = append(out, ModifiedInstance{NodeInstance: instance, Modification: mark})
			continue
		}
		links := slices.DeleteFunc(slices.Clone(instance.Relationships), func(r orchestrator.InstanceRelationship) bool { return exists[r.TargetID] })
		if len(links) == 0 && !near[instance.ID] {
			continue
		}
		instance.Relationships = links
		out = append(out, ModifiedInstance{NodeInstance: instance})
	}
	return out
}

// linkDifference lists the instances that exist in both, with the links that
// only all has, and the targets of these that exist in both.
func linkDifference(all, others []orchestrator.NodeInstance, mark Modification) []ModifiedInstance {
	had := map[string]map[string]bool{}
	for _, instance := range others {
		targets := map[string]bool{}
		for _, r := range instance.Relationships {
			targets[r.TargetID] = true
		}
		had[instance.ID] = targets
	}
	links := map[string][]orchestrator.InstanceRelationship{}
	near := map[string]bool{}
	for _, instance := range all {
		targets, exists := had[instance.ID]
		if !exists {
			continue
		}
		for _, r := range instance.Relationships {
			if !targets[r.TargetID] {
				links[instance.ID] = append(links[instance.ID], r)
				_, targetExists := had[r.TargetID]
				near[r.TargetID] = targetExists
			}
		}
	}
	var out []ModifiedInstance
	for _, instance := range all {
		changed := links[instance.ID]
		switch {
		case len(changed) > 0:
			instance.Relationships = changed
			out = append(out, ModifiedInstance{NodeInstance: instance, Modification: mark})
		case near[instance.ID]:
			instance.Relationships = nil
			out = append(out, ModifiedInstance{NodeInstance: instance})
		}
	}
	return out
}
