package azure

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

func (a *act) get() (answer, error) {
	s, ok, err := a.load(a.target)
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return a.absent(), nil
	}
	a.Deployment = text(s.Resource, "tags", deploymentTag)
	return answer{status: http.StatusOK, body: s.Resource}, nil
}

// absent answers that there is no such resource. It is no refusal: looking may
// have removed what was due to go, and that stays done.
func (a *act) absent() answer {
	code, message := "ResourceNotFound", fmt.Sprintf("The Resource '%s' was not found.", a.target.id)
	if a.target.row.name == groupType {
		code, message = "ResourceGroupNotFound", fmt.Sprintf("Resource group '%s' could not be found.", a.target.name)
	}
	a.Error = code + ": " + message
	return answer{status: http.StatusNotFound, body: failure(code, message)}
}

// put makes a resource or changes it. Putting what is there already changes
// nothing.
func (a *act) put() (answer, error) {
	if location := text(a.body, "location"); location != "" {
		a.body["location"] = plainLocation(location)
	}
	before, exists, err := a.load(a.target)
	if err != nil {
		return answer{}, err
	}
	if exists && before.state() != deleting && reflect.DeepEqual(before.Wish, a.body) {
		a.Deployment = text(before.Resource, "tags", deploymentTag)
		return changed(http.StatusOK, before), nil
	}
	s, err := a.make(before, exists, a.world.Now())
	if err != nil {
		return answer{}, err
	}
	if exists {
		return changed(http.StatusOK, s), nil
	}
	return changed(http.StatusCreated, s), nil
}

func changed(status int, s stored) answer {
	out := answer{status: status, body: s.Resource}
	if s.state() != succeeded {
		out.under = underPut
	}
	return out
}

// make checks and keeps the wanted state of a.target. The change begins at start,
// which is later than now for what a template makes after something else.
func (a *act) make(before stored, exists bool, start time.Time) (stored, error) {
	if err := a.check(before, exists, start); err != nil {
		return stored{}, err
	}
	now := a.world.Now()
	s := stored{Resource: cloneDocument(a.body), Wish: cloneDocument(a.body), CreatedAt: now}
	s.ReadyAt = start.Add(a.world.Speed.Scale(a.target.row.create))
	state := creating
	if exists {
		s.CreatedAt, state = before.CreatedAt, updating
		if err := a.forgetReferences(a.target.id, before); err != nil {
			return stored{}, err
		}
		keepFilled(s.Resource, before.Resource)
	}
	if a.world.Due(s.ReadyAt) {
		state = succeeded
	}
	s.Resource["id"], s.Resource["name"], s.Resource["type"] = a.target.id, a.target.name, a.target.row.name
	part(s.Resource, "properties")["provisioningState"] = state
	if a.target.row.fill != nil {
		if err := a.target.row.fill(a, &s); err != nil {
			return stored{}, err
		}
	}
	a.Effective = true
	a.Deployment = text(s.Resource, "tags", deploymentTag)
	if err := a.keepReferences(a.target.id, s); err != nil {
		return stored{}, err
	}
	return s, a.save(a.target, s)
}

// keepFilled keeps what Azure added to a resource when it is put again.
func keepFilled(after, before document) {
	properties, old := part(after, "properties"), part(before, "properties")
	for key, value := range old {
		if _, ok := properties[key]; !ok {
			properties[key] = clone(value)
		}
	}
}

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

// remove deletes a resource, at once or in a while.
func (a *act) remove() (answer, error) {
	s, exists, err := a.load(a.target)
	if err != nil {
		return answer{}, err
	}
	if !exists {
		if a.target.row.name == groupType {
			return a.absent(), nil
		}
		return answer{status: http.StatusNoContent}, nil
	}
	a.Deployment = text(s.Resource, "tags", deploymentTag)
	if s.state() == deleting {
		return answer{status: http.StatusAccepted, under: underDelete}, nil
	}
	if err := a.checkRemove(s); err != nil {
		return answer{}, err
	}
	a.Effective = true
	s.GoneAt = a.world.After(a.target.row.remove)
	if a.world.Due(s.GoneAt) {
		return answer{status: http.StatusOK}, a.erase(a.target, s)
	}
	part(s.Resource, "properties")["provisioningState"] = deleting
	return answer{status: http.StatusAccepted, under: underDelete}, a.save(a.target, s)
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
