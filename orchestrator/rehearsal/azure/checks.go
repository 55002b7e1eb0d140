package azure

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// check refuses what ARM and the type's own service would refuse.
func (a *act) check(before stored, exists bool, start time.Time) error {
	t := a.target
	if t.row.names != nil && !t.row.names.MatchString(t.name) {
		code := "InvalidResourceName"
		if t.row.name == accountType {
			code = "AccountNameInvalid"
		}
		return rehearsal.Refuse(http.StatusBadRequest, code, "%s is not a valid name for %s.", t.name, t.row.name)
	}
	for _, step := range []func() error{
		func() error { return a.checkPlace(start) },
		func() error { return a.checkLocation(before, exists) },
		func() error { return a.checkTurn(before, exists) },
		func() error { return a.checkUnique(exists) },
		func() error { return a.checkReferences() },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if t.row.check == nil {
		return nil
	}
	properties, _ := a.body["properties"].(document)
	if properties == nil {
		properties = document{}
	}
	return t.row.check(a, properties)
}

// checkPlace makes sure that group and parent are there. A parent that a
// template makes first is there in time.
func (a *act) checkPlace(start time.Time) error {
	t := a.target
	if t.row.name == groupType {
		return nil
	}
	group, ok, err := a.load(mustParse(t.group))
	switch {
	case err != nil:
		return err
	case !ok:
		return rehearsal.Refuse(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", lastSegment(t.group))
	case group.state() == deleting:
		return rehearsal.Refuse(http.StatusConflict, "ResourceGroupBeingDeleted", "The resource group '%s' is in deprovisioning state and cannot perform this operation.", lastSegment(t.group))
	case t.parent == "":
		return nil
	}
	parent, ok, err := a.load(mustParse(t.parent))
	switch {
	case err != nil:
		return err
	case !ok || parent.state() == deleting:
		return rehearsal.Refuse(http.StatusNotFound, "ParentResourceNotFound", "Can not perform requested operation on nested resource. Parent resource '%s' not found.", lastSegment(t.parent))
	case parent.state() != succeeded && parent.ReadyAt.After(start):
		return rehearsal.Refuse(http.StatusConflict, "ReferencedResourceNotProvisioned", "Cannot proceed with operation because resource %s is not in Succeeded state.", t.parent)
	}
	return nil
}

// mustParse reads an id that parse itself made.
func mustParse(id string) target {
	t, _ := parse(id)
	return t
}

func lastSegment(id string) string { return id[strings.LastIndex(id, "/")+1:] }

func (a *act) checkLocation(before stored, exists bool) error {
	if !a.target.row.tracked {
		return nil
	}
	location := plainLocation(text(a.body, "location"))
	switch {
	case location == "":
		return rehearsal.Refuse(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
	case !slices.Contains(locations, location):
		return rehearsal.Refuse(http.StatusBadRequest, "LocationNotAvailableForResourceType",
			"The provided location '%s' is not available for resource type '%s'. List of available regions is '%s'.", location, a.target.row.name, strings.Join(locations, ","))
	case exists && plainLocation(text(before.Resource, "location")) != location:
		return rehearsal.Refuse(http.StatusConflict, "InvalidResourceLocation", "The resource '%s' already exists in location '%s'.", a.target.name, text(before.Resource, "location"))
	}
	a.body["location"] = location
	return nil
}

// checkTurn refuses a change while another is under way: of the resource itself,
// or of a sibling where the parent takes one at a time.
func (a *act) checkTurn(before stored, exists bool) error {
	busy := rehearsal.Refuse(http.StatusTooManyRequests, "AnotherOperationInProgress", "Another operation on this or dependent resource is in progress.")
	if exists && before.state() != succeeded {
		return busy
	}
	if !a.target.row.oneAtATime {
		return nil
	}
	objects, siblings, err := a.children(a.target.parent, a.target.row.name)
	if err != nil {
		return err
	}
	for i, sibling := range siblings {
		under := sibling.state() != succeeded && !a.world.Due(sibling.ReadyAt)
		if !sibling.GoneAt.IsZero() {
			under = !a.world.Due(sibling.GoneAt)
		}
		if under && objects[i].ID != a.target.id {
			return busy
		}
	}
	return nil
}

func (a *act) checkUnique(exists bool) error {
	if a.target.row.unique == "" || exists {
		return nil
	}
	found, err := a.List(rehearsal.Query{Cloud: cloudName, Kind: a.target.row.name, Name: a.target.name})
	if err != nil {
		return err
	}
	for _, other := range found {
		if other.ID != a.target.id {
			return rehearsal.Refuse(http.StatusConflict, a.target.row.unique, "The name %s is already taken.", a.target.name)
		}
	}
	return nil
}

func (a *act) checkReferences() error {
	references := referencesIn(a.target.id, a.body)
	for _, id := range orchestrator.SortedKeys(references) {
		t, err := parse(id)
		if err != nil {
			return err
		}
		s, ok, err := a.load(t)
		if err != nil {
			return err
		}
		if !ok || s.state() == deleting {
			return rehearsal.Refuse(http.StatusBadRequest, "InvalidResourceReference",
				"Resource %s referenced by resource %s was not found.", id, a.target.id)
		}
	}
	return nil
}

// checkRemove refuses to delete what others use. A group goes with all that is
// in it.
func (a *act) checkRemove(s stored) error {
	if a.target.row.name == groupType {
		return nil
	}
	if err := a.checkTurn(s, true); err != nil {
		return err
	}
	if err := a.checkUnused(a.target); err != nil {
		return err
	}
	inside, err := a.List(rehearsal.Query{Cloud: cloudName, Scope: a.target.id})
	if err != nil {
		return err
	}
	for _, object := range inside {
		if object.Kind == referenceKind {
			continue
		}
		if err := a.checkUnused(mustParse(object.ID)); err != nil {
			return err
		}
	}
	return nil
}

func (a *act) checkUnused(t target) error {
	if t.row.inUse == "" {
		return nil
	}
	users, err := a.users(t.id)
	if err != nil || len(users) == 0 {
		return err
	}
	return rehearsal.Refuse(http.StatusBadRequest, t.row.inUse, "%s %s is in use by %s and cannot be deleted.",
		lastSegment(t.row.name), t.name, strings.Join(users, ", "))
}
