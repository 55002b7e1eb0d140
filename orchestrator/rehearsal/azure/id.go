package azure

import (
	"net/http"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// target is what a path names: a resource of a row, and perhaps an action on it.
type target struct {
	row          row
	id           string // as ARM spells it
	subscription string
	group        string // id of the resource group
	name         string
	parent       string // id of the parent resource; empty: in a group, or a group
	action       string // "listClusterAdminCredential", "operations"; usually empty
}

// parse reads a resource id.
func parse(path string) (target, error) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	if len(segments) < 4 || !strings.EqualFold(segments[0], "subscriptions") || !strings.EqualFold(segments[2], "resourceGroups") {
		return target{}, rehearsal.Refuse(http.StatusNotFound, "InvalidResourceType", "the rehearsal of Azure does not serve %s", path)
	}
	t := target{subscription: segments[1], name: segments[3]}
	t.group = "/subscriptions/" + t.subscription + "/resourceGroups/" + t.name
	if len(segments) == 4 {
		t.id, t.row = t.group, rowOf(groupType)
		return t, nil
	}
	if len(segments) < 8 || !strings.EqualFold(segments[4], "providers") {
		return target{}, rehearsal.Refuse(http.StatusNotFound, "InvalidResourceType", "the rehearsal of Azure does not serve %s", path)
	}
	rest := segments[6:]
	if len(rest)%2 == 1 {
		t.action, rest = rest[len(rest)-1], rest[:len(rest)-1]
	}
	return t, t.resolve(segments[5], rest)
}

// resolve finds the row of namespace and pairs of type and name.
func (t *target) resolve(namespace string, pairs []string) error {
	armType := namespace
	for i := 0; i < len(pairs); i += 2 {
		armType += "/" + pairs[i]
	}
	t.row = rowOf(armType)
	if t.row.name == "" {
		return rehearsal.Refuse(http.StatusNotFound, "InvalidResourceType", "the rehearsal of Azure has no resource type %s", armType)
	}
	names := strings.Split(t.row.name, "/")
	t.id = t.group + "/providers/" + names[0]
	parentDepth := strings.Count(t.row.parent, "/")
	for i := 0; i < len(pairs); i += 2 {
		if t.row.parent != "" && i/2 == parentDepth {
			t.parent = t.id
		}
		t.id += "/" + names[1+i/2] + "/" + pairs[i+1]
	}
	t.name = pairs[len(pairs)-1]
	return nil
}

// scope is what the resource lives in.
func (t target) scope() string {
	switch {
	case t.row.name == groupType:
		return "/subscriptions/" + t.subscription
	case t.parent != "":
		return t.parent
	}
	return t.group
}
