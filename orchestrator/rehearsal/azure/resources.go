package azure

import (
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

func (a *act) get() (answer, error) {
	s, ok, err := a.load(a.target)
	if err != nil {
		return answer{}, err
	}
	if !ok || !a.world.Due(s.VisibleAt) {
		return a.absent(), nil
	}
	a.Deployment = text(s.Resource, "tags", rehearsal.TagDeployment)
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
		a.Deployment = text(before.Resource, "tags", rehearsal.TagDeployment)
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
	s := stored{Resource: rehearsal.CloneDocument(a.body), Wish: rehearsal.CloneDocument(a.body), CreatedAt: now}
	s.ReadyAt = start.Add(a.world.Speed.Scale(a.target.row.create))
	s.VisibleAt = a.visibleAt()
	state := creating
	if exists {
		s.CreatedAt, s.VisibleAt, state = before.CreatedAt, before.VisibleAt, updating
		if err := a.forgetReferences(a.target.id, before); err != nil {
			return stored{}, err
		}
		keepFilled(s.Resource, before.Resource)
	}
	if a.world.Due(s.ReadyAt) {
		state = succeeded
	}
	s.Resource["id"], s.Resource["name"], s.Resource["type"] = a.target.id, a.target.name, a.target.row.name
	rehearsal.Part(s.Resource, "properties")["provisioningState"] = state
	if a.target.row.fill != nil {
		if err := a.target.row.fill(a, &s); err != nil {
			return stored{}, err
		}
	}
	a.Effective = true
	a.Deployment = text(s.Resource, "tags", rehearsal.TagDeployment)
	if err := a.keepReferences(a.target.id, s); err != nil {
		return stored{}, err
	}
	return s, a.save(a.target, s)
}

// visibleAt is when reads show what is made now.
func (a *act) visibleAt() time.Time {
	if !a.Late {
		return time.Time{}
	}
	return a.world.After(rehearsal.LateEffect)
}

// keepFilled keeps what Azure added to a resource when it is put again.
func keepFilled(after, before document) {
	properties, old := rehearsal.Part(after, "properties"), rehearsal.Part(before, "properties")
	for key, value := range old {
		if _, ok := properties[key]; !ok {
			properties[key] = orchestrator.CloneValue(value)
		}
	}
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
	a.Deployment = text(s.Resource, "tags", rehearsal.TagDeployment)
	if s.state() == deleting {
		return answer{status: http.StatusAccepted, under: underDelete}, nil
	}
	if err := a.checkRemove(s); err != nil {
		return answer{}, err
	}
	a.Effective = true
	lasts := a.target.row.remove
	if a.Late {
		lasts = max(lasts, rehearsal.LateEffect)
	}
	s.GoneAt = a.world.After(lasts)
	if a.world.Due(s.GoneAt) {
		return answer{status: http.StatusOK}, a.erase(a.target, s)
	}
	rehearsal.Part(s.Resource, "properties")["provisioningState"] = deleting
	return answer{status: http.StatusAccepted, under: underDelete}, a.save(a.target, s)
}
