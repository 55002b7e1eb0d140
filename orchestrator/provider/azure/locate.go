package azure

import (
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// place is where a resource is.
type place struct {
	id, name, group string
	parent          string // name of the parent resource; empty without one
	lock            string // id of what may change only once at a time; empty: nothing
}

// locate works out a resource's id from names.
func locate(call *provider.Call, k kind, subscription string) (place, error) {
	at := place{name: nameOf(call, k)}
	root := "/subscriptions/" + subscription + "/resourceGroups/"
	if k.name == resourceGroup {
		at.group, at.id = at.name, root+at.name
		return at, checkName(at.name, "name", call.Self)
	}
	if at.group = groupOf(call.Self); at.group == "" {
		return at, orchestrator.Errorf(orchestrator.Invalid,
			"node %s is in no resource group; give it resource_group_name, or a relationship contained_in_resource_group", call.Self.NodeID)
	}
	if k.parent != "" {
		if at.parent = parentOf(call.Self, k); at.parent == "" {
			return at, orchestrator.Errorf(orchestrator.Invalid,
				"node %s is in no %s; give it %s_name, or a relationship contained_in_%s", call.Self.NodeID, k.parent, k.parentName, k.parentName)
		}
	}
	for _, part := range []string{at.group, at.name, at.parent} {
		if err := checkName(part, "name", call.Self); err != nil {
			return at, err
		}
	}
	at.id = root + at.group + "/providers/" + k.arm + "/" + at.name
	if k.parent != "" {
		above, _ := findKind(k.parent)
		parentID := root + at.group + "/providers/" + above.arm + "/" + at.parent
		at.id = parentID + k.between + k.arm[strings.LastIndex(k.arm, "/"):] + "/" + at.name
		if k.locked {
			at.lock = parentID
		}
	}
	return at, nil
}

// checkName refuses what would change the id's shape.
func checkName(name, what string, self *provider.Instance) error {
	if strings.ContainsAny(name, "/?#%\\ ") {
		return orchestrator.Errorf(orchestrator.Invalid, "node %s has the %s %q, which Azure does not allow", self.NodeID, what, name)
	}
	return nil
}

// nameOf is the resource's name: as settled before, as given, or one of our own
// making, the same for every try of the step.
func nameOf(call *provider.Call, k kind) string {
	for _, given := range []orchestrator.Value{
		call.Self.Runtime["name"], call.Self.Properties["name"], call.Self.Properties["cluster_name"],
	} {
		if name := provider.Text(given); name != "" {
			return name
		}
	}
	if k.name == storageAccount {
		return "s" + call.ClientToken("name")[:20] // small letters and digits only
	}
	return "slipway-" + call.ClientToken("name")[:20]
}

// groupOf finds the resource group of an instance: named by itself, else by what
// it is contained in. "" when nothing says it.
func groupOf(self *provider.Instance) string { return climb(self, climbLimit) }

// climbLimit bounds how far up a parent is looked for.
const climbLimit = 10

func climb(self *provider.Instance, left int) string {
	for _, given := range []orchestrator.Value{
		self.Properties["resource_group_name"], self.Properties["resource_group"], self.Runtime["resource_group"],
	} {
		if name := provider.Text(given); name != "" {
			return name
		}
	}
	if isKind(self, resourceGroup) {
		return provider.Text(self.Get("name"))
	}
	if left == 0 {
		return ""
	}
	for _, related := range self.Relationships {
		if related.Target == nil || !contained(related) {
			continue
		}
		if name := climb(related.Target, left-1); name != "" {
			return name
		}
	}
	return ""
}

// contained reports whether a relationship says where the source lives. The
// azure relationship types carry it in their name too.
func contained(r provider.Related) bool {
	return r.Is("cloudify.relationships.contained_in") || strings.Contains(r.Type, "contained_in")
}

// parentOf finds the name of the resource that an instance of kind k lives in.
func parentOf(self *provider.Instance, k kind) string {
	for _, given := range []orchestrator.Value{self.Properties[k.parentName+"_name"], self.Runtime[k.parentName]} {
		if name := provider.Text(given); name != "" {
			return name
		}
	}
	for _, related := range self.Relationships {
		if related.Target != nil && isKind(related.Target, k.parent) {
			return provider.Text(related.Target.Get("name"))
		}
	}
	return ""
}

// locationOf finds the Azure location: the node's, else its resource group's.
func locationOf(self *provider.Instance, left int) string {
	if given := provider.Text(self.Properties["location"]); given != "" || left == 0 {
		return given
	}
	for _, related := range self.Relationships {
		if related.Target == nil || !contained(related) {
			continue
		}
		if given := locationOf(related.Target, left-1); given != "" {
			return given
		}
	}
	return ""
}
